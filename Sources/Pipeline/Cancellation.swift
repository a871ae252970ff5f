// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A request to stop, made once from a signal's thread and heard by whoever has work under way.
public final class Cancellation: Sendable {
  private struct State {
    var isCancelled = false
    var next = 0
    var actions: [Int: @Sendable () -> Void] = [:]
  }

  private let state = Mutex(State())

  public init() {}

  public var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// Adds what stops some work; runs it at once when the request was made before.
  public func register(_ action: @escaping @Sendable () -> Void) -> Int {
    let (token, isLate) = state.withLock { state in
      state.next += 1
      state.actions[state.next] = action
      return (state.next, state.isCancelled)
    }
    if isLate { action() }
    return token
  }

  public func unregister(_ token: Int) {
    _ = state.withLock { $0.actions.removeValue(forKey: token) }
  }

  public func cancel() {
    let actions = state.withLock { state in
      state.isCancelled = true
      return Array(state.actions.values)
    }
    for action in actions { action() }
  }
}
