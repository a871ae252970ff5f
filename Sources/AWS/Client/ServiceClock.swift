// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Synchronization

/// The time by AWS's clock, as far as it is known: ours, corrected once a service has said that ours is wrong.
///
/// One serves all clients of a run. Services refuse signatures that are more than five minutes off, S3 fifteen.
public final class ServiceClock: Sendable {
  private let local: @Sendable () -> Timestamp
  private let offset = Mutex<Int64>(0)

  /// A refused signature is put down to the clock from here on, in seconds; less than the least tolerance there is.
  static let suspiciousSkew: Int64 = 240

  public init(local: @escaping @Sendable () -> Timestamp = { Timestamp.now() }) { self.local = local }

  public var now: Timestamp { local().advanced(bySeconds: offsetSeconds) }

  /// Seconds that our clock is behind.
  public var offsetSeconds: Int64 { offset.withLock { $0 } }

  func correct(to time: Timestamp) {
    let seconds = time.unixSeconds - local().unixSeconds
    offset.withLock { $0 = seconds }
  }

  /// Seconds between a service's time and what we take for it.
  func skew(from time: Timestamp) -> Int64 { abs(time.unixSeconds - now.unixSeconds) }
}
