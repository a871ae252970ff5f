// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Pipeline

/// Runs what is asynchronous to its end; the thread waits.
func blocking(_ body: @escaping @Sendable () async throws(Failure) -> Void) throws {
  let done = BoundedQueue<Result<Void, Failure>>(capacity: 1)
  Task.detached {
    let result: Result<Void, Failure>
    do throws(Failure) {
      try await body()
      result = .success(())
    } catch { result = .failure(error) }
    done.pushIfRoom(result)
  }
  try done.pop()?.get()
}
