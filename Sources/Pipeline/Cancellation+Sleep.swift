// SPDX-License-Identifier: Apache-2.0
import Glibc

extension Cancellation {
  /// Sleeps, but not much longer than until the request to stop is made.
  ///
  /// In steps: nothing that may be done while a signal is handled wakes a thread that waits for a condition.
  public func sleep(seconds: Double) {
    var rest = seconds
    while rest > 0, !isCancelled {
      let step = min(rest, 0.05)
      usleep(UInt32(step * 1_000_000))
      rest -= step
    }
  }
}
