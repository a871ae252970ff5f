// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Testing

@testable import AWS

private struct Mishap: Error, Equatable {
  let number: Int
}

@Suite("Retries")
struct RetrierTests {
  /// Attempts that fail until the `successAt`th.
  private func run(
    _ retrier: Retrier, successAt: Int = .max, verdict: RetryVerdict = .later(.transient, after: nil)
  ) -> (attempts: Int, isSuccess: Bool) {
    var attempts = 0
    do {
      try retrier.run { (number: Int) throws(Mishap) in
        attempts += 1
        if attempts < successAt { throw Mishap(number: number) }
      } verdict: { _ in
        verdict
      }
      return (attempts, true)
    } catch { return (attempts, false) }
  }

  static let rows: [(name: String, max: Int, successAt: Int, verdict: RetryVerdict, attempts: Int, isSuccess: Bool)] = [
    ("at once", 3, 1, .stop, 1, true), ("no second", 3, 2, .stop, 1, false),
    ("the second", 3, 2, .later(.transient, after: nil), 2, true),
    ("the last", 3, 3, .later(.throttling, after: nil), 3, true),
    ("none", 3, 4, .later(.timeout, after: nil), 3, false),
    ("one alone", 1, 2, .later(.transient, after: nil), 1, false),
    ("beside the count", 1, 5, .now, 5, true),
    ("not for ever", 9, .max, .now, 5, false),
  ]

  @Test("how often", arguments: rows)
  func attempts(
    row: (name: String, max: Int, successAt: Int, verdict: RetryVerdict, attempts: Int, isSuccess: Bool)
  ) {
    let result = run(.immediate(maxAttempts: row.max), successAt: row.successAt, verdict: row.verdict)
    #expect(result == (row.attempts, row.isSuccess))
  }

  @Test("the last attempt's error is thrown")
  func lastError() {
    #expect(throws: Mishap(number: 3)) {
      try Retrier.immediate().run { (number: Int) throws(Mishap) in
        throw Mishap(number: number)
      } verdict: { _ in
        .later(.transient, after: nil)
      }
    }
  }

  static let pauses: [(name: String, draw: Double, asked: Double?, seconds: [Double])] = [
    ("the ceiling doubles up to 20 s", 1, nil, [1, 2, 4, 8, 16, 20, 20]),
    ("jitter goes down to nothing", 0, nil, [0, 0, 0, 0, 0, 0, 0]), ("half", 0.5, nil, [0.5, 1, 2, 4, 8, 10, 10]),
    ("the service asks for more", 0.5, 3, [3, 3, 3, 4, 8, 10, 10]),
    ("the service asks for too much", 0.5, 3600, [20, 20, 20, 20, 20, 20, 20]),
  ]

  @Test("pauses", arguments: pauses)
  func pausing(row: (name: String, draw: Double, asked: Double?, seconds: [Double])) {
    let pauses = Pauses()
    _ = run(.immediate(pauses, maxAttempts: 8, draw: row.draw), verdict: .later(.transient, after: row.asked))
    #expect(pauses.seconds == row.seconds)
  }

  @Test("what is mended needs no pause and no quota")
  func now() {
    let (pauses, quota) = (Pauses(), RetryQuota())
    _ = run(.immediate(pauses, quota: quota), successAt: 5, verdict: .now)
    #expect(pauses.seconds.isEmpty && quota.left == RetryQuota.capacity)
  }

  static let costs: [(name: String, reason: RetryVerdict.Reason, failures: Int, left: Int)] = [
    ("transient", .transient, 1, 495), ("throttling", .throttling, 2, 490), ("timeout", .timeout, 3, 470),
  ]

  @Test("a retry costs, and a success gives the last one's cost back", arguments: costs)
  func quota(row: (name: String, reason: RetryVerdict.Reason, failures: Int, left: Int)) {
    let quota = RetryQuota()
    let retrier = Retrier.immediate(maxAttempts: row.failures + 1, quota: quota)
    #expect(run(retrier, verdict: .later(row.reason, after: nil)).attempts == row.failures + 1)
    #expect(quota.left == row.left)
    #expect(run(retrier, successAt: 2, verdict: .later(row.reason, after: nil)).isSuccess)
    #expect(quota.left == row.left)
    #expect(run(retrier, successAt: 1).isSuccess)
    #expect(quota.left == row.left + 1)
  }

  @Test("an empty quota ends retries, of every client that shares it")
  func emptyQuota() {
    let quota = RetryQuota()
    #expect(run(.immediate(maxAttempts: 1000, quota: quota)).attempts == 101)
    #expect(quota.left == 0)
    #expect(run(.immediate(quota: quota)).attempts == 1)
    for _ in 0..<5 { _ = run(.immediate(quota: quota), successAt: 1) }
    #expect(run(.immediate(quota: quota)).attempts == 2)
    for _ in 0..<1000 { _ = run(.immediate(quota: quota), successAt: 1) }
    #expect(quota.left == RetryQuota.capacity)
  }

  @Test("a request to stop ends retries, whether before the pause or in it")
  func cancelled() {
    let before = Cancellation()
    before.cancel()
    let pauses = Pauses()
    #expect(run(.immediate(pauses, cancellation: before)).attempts == 1)
    #expect(pauses.seconds.isEmpty)

    let during = Cancellation()
    let retrier = Retrier(cancellation: during, random: { 1 }, sleep: { _ in during.cancel() })
    #expect(run(retrier).attempts == 1)
  }

  @Test("a cancelled sleep ends at once")
  func sleep() {
    let cancellation = Cancellation()
    cancellation.cancel()
    cancellation.sleep(seconds: 1e9)  // would outlast every test run
    #expect(cancellation.isCancelled)
  }
}
