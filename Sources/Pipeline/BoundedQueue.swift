// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Thrown by a stage that was told to stop because another stage failed first.
public struct PipelineStopped: Error {
  public init() {}
}

/// A first-in first-out queue between two stages on their own threads.
///
/// `push` waits while the queue is full, `pop` while it is empty: a slow stage slows the reader. `stop` wakes
/// both sides, which then throw ``PipelineStopped``.
public final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
  // All state below is guarded by `mutex`; pthread_mutex_lock(3p) gives the memory ordering.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let notEmpty: UnsafeMutablePointer<pthread_cond_t>
  private let notFull: UnsafeMutablePointer<pthread_cond_t>
  private var elements: [Element?]
  private var first = 0
  private var filled = 0
  private var producers: Int
  private var stopped = false

  /// - Parameters:
  ///   - capacity: elements held at most, at least 1.
  ///   - producers: how many calls of ``finish()`` end the queue.
  public init(capacity: Int, producers: Int = 1) {
    precondition(capacity >= 1 && producers >= 1)
    elements = Array(repeating: nil, count: capacity)
    self.producers = producers
    mutex = .allocate(capacity: 1)
    notEmpty = .allocate(capacity: 1)
    notFull = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(notEmpty, nil)
    pthread_cond_init(notFull, nil)
  }

  deinit {
    pthread_cond_destroy(notFull)
    pthread_cond_destroy(notEmpty)
    pthread_mutex_destroy(mutex)
    notFull.deallocate()
    notEmpty.deallocate()
    mutex.deallocate()
  }

  /// Appends an element, waiting for room.
  public func push(_ element: Element) throws(PipelineStopped) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while filled == elements.count && !stopped { pthread_cond_wait(notFull, mutex) }
    guard !stopped else { throw PipelineStopped() }
    elements[(first + filled) % elements.count] = element
    filled += 1
    pthread_cond_signal(notEmpty)
  }

  /// Takes the oldest element, waiting for one.
  ///
  /// - Returns: nil once every producer has finished and the queue is empty.
  public func pop() throws(PipelineStopped) -> Element? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while filled == 0 && producers > 0 && !stopped { pthread_cond_wait(notEmpty, mutex) }
    guard !stopped else { throw PipelineStopped() }
    return takeFirst()
  }

  /// Takes the oldest element if there is one, without waiting.
  public func popIfAny() -> Element? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return stopped ? nil : takeFirst()
  }

  /// Appends an element if there is room for it, without waiting.
  public func pushIfRoom(_ element: Element) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    guard filled < elements.count, !stopped else { return }
    elements[(first + filled) % elements.count] = element
    filled += 1
    pthread_cond_signal(notEmpty)
  }

  private func takeFirst() -> Element? {
    guard filled > 0 else { return nil }
    let element = elements[first].take()
    first = (first + 1) % elements.count
    filled -= 1
    pthread_cond_signal(notFull)
    return element
  }

  /// Says that one producer has pushed its last element.
  public func finish() {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    producers -= 1
    if producers <= 0 { pthread_cond_broadcast(notEmpty) }
  }

  /// Ends the queue at once; both sides throw from now on.
  public func stop() {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    stopped = true
    for index in elements.indices { elements[index] = nil }
    filled = 0
    pthread_cond_broadcast(notEmpty)
    pthread_cond_broadcast(notFull)
  }
}
