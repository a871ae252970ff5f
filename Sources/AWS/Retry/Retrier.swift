// SPDX-License-Identifier: Apache-2.0
public import Pipeline

/// Makes attempts until one succeeds or another is of no use: the standard mode of the SDKs.
///
/// The pause before attempt n + 1 is random between 0 and min(2^(n-1), 20) seconds; at least what the service asked
/// for, which is heeded up to 20 seconds.
public final class Retrier: Sendable {
  public let maxAttempts: Int
  public let cancellation: Cancellation
  let quota: RetryQuota
  private let random: @Sendable () -> Double
  private let sleep: @Sendable (Double) -> Void

  static let longestPause = 20.0
  /// A verdict that always has something to mend must not keep us here.
  static let mostMended = 4

  /// - Parameters:
  ///   - random: gives numbers from 0 to 1.
  ///   - sleep: waits for some seconds, or until the run is cancelled.
  public init(
    maxAttempts: Int = 3, quota: RetryQuota = RetryQuota(), cancellation: Cancellation = Cancellation(),
    random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    sleep: (@Sendable (Double) -> Void)? = nil
  ) {
    precondition(maxAttempts >= 1)
    self.maxAttempts = maxAttempts
    self.quota = quota
    self.cancellation = cancellation
    self.random = random
    self.sleep = sleep ?? { cancellation.sleep(seconds: $0) }
  }

  /// One with a quota of its own, for what is no service of AWS; the rest stays.
  func again(maxAttempts: Int) -> Retrier {
    Retrier(maxAttempts: maxAttempts, cancellation: cancellation, random: random, sleep: sleep)
  }

  /// Runs `attempt`, which is passed its number from 1 on.
  ///
  /// - Parameter verdict: what to do about a failure. ``RetryVerdict/now`` is heeded four times.
  /// - Throws: the last attempt's error.
  public func run<Reply, E: Error>(
    _ attempt: (Int) throws(E) -> Reply, verdict: (E) -> RetryVerdict
  ) throws(E) -> Reply {
    var number = 1
    var cost = 0
    var mended = 0
    while true {
      do throws(E) {
        let reply = try attempt(number)
        quota.giveBack(max(cost, 1))
        return reply
      } catch {
        if cancellation.isCancelled { throw error }
        switch verdict(error) {
        case .stop: throw error
        case .now:
          mended += 1
          guard mended <= Self.mostMended else { throw error }
        case .later(let reason, let seconds):
          guard number < maxAttempts, quota.take(reason.cost) else { throw error }
          cost = reason.cost
          sleep(pause(after: number, asked: seconds))
          if cancellation.isCancelled { throw error }
          number += 1
        }
      }
    }
  }

  private func pause(after number: Int, asked: Double?) -> Double {
    let ceiling = number < 6 ? Double(1 << (number - 1)) : Self.longestPause
    return max(random() * min(ceiling, Self.longestPause), min(asked ?? 0, Self.longestPause))
  }
}
