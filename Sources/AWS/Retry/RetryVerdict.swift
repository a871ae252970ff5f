// SPDX-License-Identifier: Apache-2.0

/// Whether a failed attempt is made again.
public enum RetryVerdict: Sendable, Equatable {
  public enum Reason: Sendable, Equatable {
    case transient
    case throttling
    case timeout

    /// Of the quota.
    var cost: Int { self == .timeout ? 10 : 5 }
  }

  case stop
  /// After a pause that grows, at least the seconds that the service asked for.
  case later(Reason, after: Double?)
  /// At once and beside the count: what made the attempt fail is mended.
  case now
}
