// SPDX-License-Identifier: Apache-2.0
import Glibc

/// State that several threads share, and wait on for each other's changes.
final class Monitor<State>: @unchecked Sendable {
  // `state` is touched under `mutex` alone; pthread_mutex_lock(3p) gives the memory ordering.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var state: State

  init(_ state: State) {
    self.state = state
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Waits until `isReady`, then changes the state, which wakes everyone who waits.
  func change<R, E: Error>(
    when isReady: (borrowing State) -> Bool = { _ in true }, _ body: (inout State) throws(E) -> R
  ) throws(E) -> R {
    if let scheduler = StageSchedulers.current {
      scheduler.wait { isReady(state) }
      return try body(&state)
    }
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !isReady(state) { pthread_cond_wait(changed, mutex) }
    defer { pthread_cond_broadcast(changed) }
    return try body(&state)
  }
}
