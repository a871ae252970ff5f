// SPDX-License-Identifier: Apache-2.0
internal import NIOPosix

/// Threads of their own, so that one look that hangs holds up no other: as many as a server has looks.
private let probeThreads = {
  let pool = NIOThreadPool(numberOfThreads: 8)
  pool.start()
  return pool
}()

/// A look at something slow that many ask for: one look at a time, its result good for a while, and nobody waits long.
actor CachedProbe<Value: Sendable> {
  private let lifetime: @Sendable (Value) -> Duration
  private let limit: Duration
  private let look: @Sendable () -> Value
  private let clock = ContinuousClock()
  private var last: (value: Value, at: ContinuousClock.Instant)?
  private var running: Task<Value, Never>?

  /// - Parameters:
  ///   - lifetime: how long a result is given out again.
  ///   - limit: how long an asker waits.
  ///   - look: may block: it runs on a thread for that.
  init(lifetime: Duration, limit: Duration, look: @escaping @Sendable () -> Value) {
    (self.lifetime, self.limit, self.look) = ({ _ in lifetime }, limit, look)
  }

  /// - Parameter lifetime: how long a result is given out again, by what it is.
  init(
    lifetime: @escaping @Sendable (Value) -> Duration, limit: Duration, look: @escaping @Sendable () -> Value
  ) {
    (self.lifetime, self.limit, self.look) = (lifetime, limit, look)
  }

  /// The result that is still good.
  private var fresh: Value? {
    last.flatMap { $0.at.duration(to: clock.now) < lifetime($0.value) ? $0.value : nil }
  }

  /// Begins a look where it is time for one and none is under way; waits for none.
  func renew() {
    if fresh == nil, running == nil { _ = start() }
  }

  /// - Returns: what ``value()`` gives, and where that takes too long the last result, however old.
  func valueOrLast() async -> Value? {
    if let value = await value() { return value }
    return last?.value
  }

  /// - Returns: nil where it took too long; the look goes on, and a later asker gets its result.
  func value() async -> Value? {
    if let fresh { return fresh }
    let running = running ?? start()
    let limit = limit
    return await withCheckedContinuation { continuation in
      let once = Once { continuation.resume(returning: $0) }
      Task { await once.call(await running.value) }
      Task {
        try? await Task.sleep(for: limit)
        await once.call(nil)
      }
    }
  }

  private func start() -> Task<Value, Never> {
    let look = look
    let task = Task {
      // The pool runs for as long as the process does, and throws when it has ended.
      let value = (try? await probeThreads.runIfActive { look() }) ?? look()
      finish(value)
      return value
    }
    running = task
    return task
  }

  private func finish(_ value: Value) {
    last = (value, clock.now)
    running = nil
  }

  /// Passes on the first of several calls.
  private actor Once {
    private var body: ((Value?) -> Void)?

    init(_ body: @escaping @Sendable (Value?) -> Void) { self.body = body }

    func call(_ value: Value?) {
      body?(value)
      body = nil
    }
  }
}
