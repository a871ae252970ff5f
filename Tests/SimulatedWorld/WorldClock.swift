// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Synchronization

/// The world's time, which passes when the world says so.
final class WorldClock: Sendable {
  private let time: Mutex<Timestamp>
  private let stopped = Mutex(false)

  /// Moments do not count any more.
  func stopTicking() { stopped.withLock { $0 = true } }

  init(_ start: Timestamp) { time = Mutex(start) }

  var now: Timestamp { time.withLock { $0 } }

  func advance(seconds: Int) { time.withLock { $0 = $0.advanced(bySeconds: Int64(seconds)) } }

  /// A moment: no two things happen at the very same microsecond unless they are meant to.
  func tick() {
    if stopped.withLock({ $0 }) { return }
    time.withLock { $0 = Timestamp(microseconds: $0.microseconds + 137) }
  }
}
