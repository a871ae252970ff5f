// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A group of threads that work together: the first failure stops all of them.
///
/// Threads, not tasks: stages block in libpq, in files and in queues, which the cooperative pool must not.
public final class Stages: Sendable {
  private struct State {
    var threads: [pthread_t] = []
    /// Whether each stage has ended that a scheduler runs.
    var ends: [@Sendable () -> Bool] = []
    var failure: (any Error)?
    var stoppers: [@Sendable () -> Void] = []
    var isStopped = false

    /// - Returns: what to call now.
    mutating func stop() -> [@Sendable () -> Void] {
      defer { isStopped = true }
      return isStopped ? [] : stoppers
    }
  }

  private let state = Mutex(State())

  public init() {}

  /// Adds a queue that is stopped when a stage fails.
  @discardableResult
  public func queue<Element>(_ queue: BoundedQueue<Element>) -> BoundedQueue<Element> {
    onFailure { queue.stop() }
    return queue
  }

  /// Adds what else to do when a stage fails, such as cancelling a query. It may run on any thread.
  public func onFailure(_ body: @escaping @Sendable () -> Void) {
    let failed = state.withLock { state in
      state.stoppers.append(body)
      return state.isStopped
    }
    if failed { body() }
  }

  /// Starts a thread. What it throws, but for ``PipelineStopped``, fails the group.
  public func start(_ name: String, stackBytes: Int = 1 << 20, _ body: @escaping @Sendable () throws -> Void) {
    let work: @Sendable () -> Void = { [self] in
      do { try body() } catch { fail(error) }
    }
    if let scheduler = StageSchedulers.current {
      let end = scheduler.start(work)
      return state.withLock { $0.ends.append(end) }
    }
    let start = ThreadStart(name: name, body: work)
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackBytes)
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let opaque = Unmanaged.passRetained(start).toOpaque()
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        let start = Unmanaged<ThreadStart>.fromOpaque(argument!).takeRetainedValue()
        start.body()
        return nil
      }, opaque)
    precondition(code == 0, "pthread_create failed")
    let started = thread
    state.withLock { $0.threads.append(started) }
  }

  /// Records a failure, unless one is recorded, and stops every stage.
  public func fail(_ error: any Error) {
    if error is PipelineStopped { return }
    let stoppers = state.withLock { state -> [@Sendable () -> Void] in
      guard state.failure == nil else { return [] }
      state.failure = error
      return state.stop()
    }
    for stop in stoppers { stop() }
  }

  /// Stops every stage, as the caller cannot go on, and waits for them. The caller's error may be that another group, to
  /// which it hands results, has stopped: that is no failure of this one, and ends it all the same.
  ///
  /// - Throws: the first failure of this group, or else `error`.
  public func abandon(_ error: any Error) throws -> Never {
    fail(error)
    for stop in state.withLock({ $0.stop() }) { stop() }
    try join()
    throw error
  }

  /// Waits for every thread, those that were started meanwhile too.
  ///
  /// - Throws: the first failure.
  public func join() throws {
    while let end = state.withLock({ $0.ends.popLast() }) { StageSchedulers.current?.wait(until: end) }
    while let thread = state.withLock({ $0.threads.popLast() }) { pthread_join(thread, nil) }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }
}

private final class ThreadStart: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}
