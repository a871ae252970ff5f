// SPDX-License-Identifier: Apache-2.0

/// Thrown by a stage that was told to stop because another stage failed first.
public struct PipelineStopped: Error {
  public init() {}
}

/// A first-in first-out queue between two stages on their own threads.
///
/// `push` waits while the queue is full, `pop` while it is empty: a slow stage slows the reader. `stop` wakes
/// both sides, which then throw ``PipelineStopped``.
public final class BoundedQueue<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element?]
    var first = 0
    var filled = 0
    var producers: Int
    var isStopped = false

    var isFull: Bool { filled == elements.count }

    mutating func append(_ element: Element) {
      elements[(first + filled) % elements.count] = element
      filled += 1
    }

    mutating func takeFirst() -> Element? {
      guard filled > 0 else { return nil }
      let element = elements[first].take()
      first = (first + 1) % elements.count
      filled -= 1
      return element
    }
  }

  private let monitor: Monitor<State>

  /// - Parameters:
  ///   - capacity: elements held at most, at least 1.
  ///   - producers: how many calls of ``finish()`` end the queue.
  public init(capacity: Int, producers: Int = 1) {
    precondition(capacity >= 1 && producers >= 1)
    monitor = Monitor(State(elements: Array(repeating: nil, count: capacity), producers: producers))
  }

  /// Appends an element, waiting for room.
  public func push(_ element: Element) throws(PipelineStopped) {
    try monitor.change(when: { !$0.isFull || $0.isStopped }) { state throws(PipelineStopped) in
      guard !state.isStopped else { throw PipelineStopped() }
      state.append(element)
    }
  }

  /// Takes the oldest element, waiting for one.
  ///
  /// - Returns: nil once every producer has finished and the queue is empty.
  public func pop() throws(PipelineStopped) -> Element? {
    try monitor.change(when: { $0.filled > 0 || $0.producers <= 0 || $0.isStopped }) {
      state throws(PipelineStopped) in
      guard !state.isStopped else { throw PipelineStopped() }
      return state.takeFirst()
    }
  }

  /// Takes the oldest element if there is one, without waiting.
  public func popIfAny() -> Element? { monitor.change { $0.isStopped ? nil : $0.takeFirst() } }

  /// Appends an element if there is room for it, without waiting.
  public func pushIfRoom(_ element: Element) {
    monitor.change { if !$0.isFull && !$0.isStopped { $0.append(element) } }
  }

  /// Says that one producer has pushed its last element.
  public func finish() { monitor.change { $0.producers -= 1 } }

  /// Ends the queue at once; both sides throw from now on.
  public func stop() {
    monitor.change { state in
      state.isStopped = true
      while state.takeFirst() != nil {}
    }
  }
}
