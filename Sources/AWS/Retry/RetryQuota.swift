// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// What the retries of a run may cost together, so that a service in distress is not asked ever more.
///
/// - SeeAlso: AWS SDKs and Tools Reference Guide, "Retry behavior", standard mode.
public final class RetryQuota: Sendable {
  public static let capacity = 500

  private let available: Mutex<Int>

  public init() { available = Mutex(Self.capacity) }

  /// Takes what a retry costs; false when there is not enough left.
  func take(_ cost: Int) -> Bool {
    available.withLock { available in
      guard cost <= available else { return false }
      available -= cost
      return true
    }
  }

  func giveBack(_ cost: Int) {
    available.withLock { $0 = min(Self.capacity, $0 + cost) }
  }

  var left: Int { available.withLock { $0 } }
}
