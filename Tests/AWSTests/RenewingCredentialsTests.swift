// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Glibc
import Pipeline
import Synchronization
import Testing

@testable import AWS

/// A source of credentials in a test's hand: each load has the next number for its key, and lives for some seconds.
private final class Source: Sendable {
  private struct State {
    var loads = 0
    var failure: Failure?
    var life: Int64?
  }

  private let state: Mutex<State>
  private let time: FakeTime

  init(_ time: FakeTime, life: Int64?) {
    self.time = time
    state = Mutex(State(life: life))
  }

  var loads: Int { state.withLock { $0.loads } }
  func fail(_ failure: Failure?) { state.withLock { $0.failure = failure } }
  func live(_ seconds: Int64) { state.withLock { $0.life = seconds } }

  func load() throws(Failure) -> Credentials {
    let now = time.now
    let (number, failure, life) = state.withLock { state in
      state.loads += 1
      return (state.loads, state.failure, state.life)
    }
    if let failure { throw failure }
    return Credentials(
      accessKeyID: "K\(number)", secretAccessKey: "S", expiration: life.map { now.advanced(bySeconds: $0) },
      source: "a test")
  }
}

@Suite("Credentials that end")
struct RenewingCredentialsTests {
  private let time = FakeTime()
  private let failure = Failure(.unavailable, "the source is down")

  private func credentials(_ source: Source) -> RenewingCredentials {
    RenewingCredentials(clock: ServiceClock { [time] in time.now }) { () throws(Failure) in try source.load() }
  }

  @Test("long-lived ones are loaded once")
  func longLived() throws {
    let source = Source(time, life: nil)
    let held = credentials(source)
    for _ in 0..<3 {
      #expect(try held.current().accessKeyID.text == "K1")
      time.advance(1_000_000)
    }
    #expect(source.loads == 1)
  }

  static let windows: [(name: String, life: Int64, quiet: Int64, early: Int64)] = [
    ("an hour", 3600, 2700, 2701), ("six hours", 21_600, 20_700, 20_701), ("a quarter of an hour", 900, 675, 676),
    ("a minute", 60, 45, 46),
  ]

  @Test("they are renewed before they end, not much earlier", arguments: windows)
  func renews(row: (name: String, life: Int64, quiet: Int64, early: Int64)) throws {
    let source = Source(time, life: row.life)
    let held = credentials(source)
    _ = try held.current()
    time.advance(row.quiet)
    #expect(try held.current().accessKeyID.text == "K1")
    time.advance(row.early - row.quiet)
    #expect(try held.current().accessKeyID.text == "K2")
    #expect(source.loads == 2)
  }

  @Test("a renewal that fails leaves the old ones in use until they end, and is tried again after a while")
  func failedRenewal() throws {
    let source = Source(time, life: 3600)
    let held = credentials(source)
    _ = try held.current()
    source.fail(failure)
    time.advance(3000)  // early
    #expect(try held.current().accessKeyID.text == "K1")
    #expect(try held.current().accessKeyID.text == "K1")
    #expect(source.loads == 2)
    time.advance(RenewingCredentials.pauseSeconds)
    #expect(try held.current().accessKeyID.text == "K1")
    #expect(source.loads == 3)
    time.advance(500)  // late
    #expect(try held.current().accessKeyID.text == "K1")
    #expect(source.loads == 4)
    time.advance(40)  // ended
    let thrown = #expect(throws: Failure.self) { try held.current() }
    #expect(thrown?.problem == failure.problem)
    source.fail(nil)
    #expect(try held.current().accessKeyID.text == "K6")
  }

  @Test("nothing at first is a failure, and is tried again")
  func nothing() throws {
    let source = Source(time, life: nil)
    source.fail(failure)
    let held = credentials(source)
    #expect(throws: Failure.self) { try held.current() }
    source.fail(nil)
    #expect(try held.current().accessKeyID.text == "K2")
  }

  @Test("what has ended when it comes is refused")
  func expiredAtOnce() throws {
    let held = credentials(Source(time, life: 0))
    let thrown = #expect(throws: Failure.self) { try held.current() }
    #expect(thrown?.status == .permission && thrown?.object == "a test")
  }

  @Test("the service's clock counts, not ours")
  func skew() throws {
    let source = Source(time, life: 3600)
    let clock = ServiceClock { [time] in time.now }
    let held = RenewingCredentials(clock: clock) { () throws(Failure) in try source.load() }
    _ = try held.current()
    clock.correct(to: time.now.advanced(bySeconds: 3000))
    #expect(try held.current().accessKeyID.text == "K2")
  }

  @Test("after a service's word that they have ended: other ones, unless another thread has them already")
  func replaced() throws {
    let source = Source(time, life: 3600)
    let held = credentials(source)
    let first = try held.current()
    #expect(held.renew(replacing: first))
    #expect(try held.current().accessKeyID.text == "K2")
    #expect(held.renew(replacing: first))
    #expect(source.loads == 2)
    source.fail(failure)
    #expect(!held.renew(replacing: try held.current()))
    #expect(try held.current().accessKeyID.text == "K2")
  }

  /// A renewal, the second load, that is held up in a thread of its own.
  private final class HeldUp: Sendable {
    let loads = Mutex(0)
    /// How often somebody has asked what time it is, as each does who wonders whether to renew.
    let glances = Mutex(0)
    let results = BoundedQueue<String>(capacity: 3)
    private let entered = BoundedQueue<Int>(capacity: 1)
    private let leave = BoundedQueue<Int>(capacity: 1)

    func load(_ time: FakeTime) -> Credentials {
      let number = loads.withLock { loads in
        loads += 1
        return loads
      }
      if number == 2 {
        try? entered.push(0)
        _ = try? leave.pop()
      }
      return Credentials(
        accessKeyID: "K\(number)", secretAccessKey: "S", expiration: time.now.advanced(bySeconds: 3600), source: "x")
    }

    func waitUntilEntered() throws { _ = try entered.pop() }
    func goOn() throws { try leave.push(0) }
  }

  private func begin(_ heldUp: HeldUp, _ stages: Stages, after seconds: Int64) throws -> RenewingCredentials {
    let time = time
    let clock = ServiceClock {
      heldUp.glances.withLock { $0 += 1 }
      return time.now
    }
    let held = RenewingCredentials(clock: clock) { () throws(Failure) in heldUp.load(time) }
    _ = try held.current()
    time.advance(seconds)
    stages.start("renews") { try heldUp.results.push(try held.current().accessKeyID.text) }
    try heldUp.waitUntilEntered()
    return held
  }

  @Test("early, others go on with the old ones while one renews")
  func early() throws {
    let (heldUp, stages) = (HeldUp(), Stages())
    let held = try begin(heldUp, stages, after: 2701)
    // The renewing thread is held up, so this would hang if it waited.
    #expect(try held.current().accessKeyID.text == "K1")
    try heldUp.goOn()
    #expect(try heldUp.results.pop() == "K2")
    try stages.join()
    #expect(heldUp.loads.withLock { $0 } == 2)
  }

  @Test("late, others wait for the one that renews, and take what it got")
  func late() throws {
    let (heldUp, stages) = (HeldUp(), Stages())
    let held = try begin(heldUp, stages, after: 3001)
    let glances = heldUp.glances.withLock { $0 }
    stages.start("waits") { try heldUp.results.push(try held.current().accessKeyID.text) }
    // It has found the old ones too old by then, and can only wait.
    while heldUp.glances.withLock({ $0 }) == glances { usleep(100) }
    try heldUp.goOn()
    #expect(try heldUp.results.pop() == "K2")
    #expect(try heldUp.results.pop() == "K2")
    try stages.join()
    #expect(heldUp.loads.withLock { $0 } == 2)
  }
}
