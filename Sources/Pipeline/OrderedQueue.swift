// SPDX-License-Identifier: Apache-2.0

/// A queue that puts what several threads push back in order, and holds few elements however unlike their speeds are.
///
/// Who is too far ahead of the consumer waits; the element that the consumer needs next never does, so it cannot lock up
/// as long as elements are begun in their order.
final class OrderedQueue<Element: Sequenced>: Sendable {
  private struct State {
    var early: [Int: Element] = [:]
    var next = 0
    var producers: Int
    var isStopped = false
  }

  private let monitor: Monitor<State>
  private let window: Int

  /// - Parameters:
  ///   - window: elements held at most, at least 1.
  ///   - producers: how many calls of ``finish()`` end the queue.
  init(window: Int, producers: Int) {
    precondition(window >= 1 && producers >= 1)
    self.window = window
    monitor = Monitor(State(producers: producers))
  }

  /// Adds an element, waiting until it is among the next `window` ones.
  func push(_ element: Element) throws(PipelineStopped) {
    let sequence = element.sequence
    try monitor.change(when: { [window] in sequence < $0.next + window || $0.isStopped }) {
      state throws(PipelineStopped) in
      guard !state.isStopped else { throw PipelineStopped() }
      state.early[sequence] = element
    }
  }

  /// Takes the next element in order, waiting for it; nil at the end.
  func pop() throws(PipelineStopped) -> Element? {
    try monitor.change(when: { $0.early[$0.next] != nil || $0.producers <= 0 || $0.isStopped }) {
      state throws(PipelineStopped) in
      guard !state.isStopped else { throw PipelineStopped() }
      guard let element = state.early.removeValue(forKey: state.next) else { return nil }
      state.next += 1
      return element
    }
  }

  /// Says that one producer has pushed its last element.
  func finish() { monitor.change { $0.producers -= 1 } }

  /// Ends the queue at once; both sides throw from now on.
  func stop() {
    monitor.change { state in
      state.isStopped = true
      state.early.removeAll()
    }
  }
}
