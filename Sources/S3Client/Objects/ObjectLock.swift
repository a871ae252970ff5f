// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// Until when an object's version cannot be deleted.
public struct ObjectLock: Equatable, Sendable {
  public enum Mode: String, Sendable {
    /// Nobody can shorten it.
    case compliance = "COMPLIANCE"
    /// Whoever has `s3:BypassGovernanceRetention` can.
    case governance = "GOVERNANCE"
  }

  public let mode: Mode
  /// In whole seconds.
  public let until: Timestamp

  /// - Parameter until: rounded up, for S3 keeps whole seconds and a lock must not end early.
  public init(mode: Mode, until: Timestamp) {
    self.mode = mode
    let whole = until.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    self.until =
      whole.remainder > 0
      ? Timestamp(microseconds: (whole.quotient + 1) * 1_000_000) : Timestamp(microseconds: whole.quotient * 1_000_000)
  }

  /// Whether whatever the other forbids is forbidden by this one.
  public func isAtLeast(_ other: ObjectLock) -> Bool {
    until >= other.until && (mode == .compliance || other.mode == .governance)
  }
}
