// SPDX-License-Identifier: Apache-2.0
internal import CPostgres

/// Cancels a session's running statement, from any thread and also after the session has ended.
// PQcancel(3): "thread-safe"; a PGcancel is never changed once made.
public final class PostgresCanceller: @unchecked Sendable {
  private let token: OpaquePointer?

  init(_ connection: OpaquePointer) { token = PQgetCancel(connection) }

  deinit { PQfreeCancel(token) }

  /// Asks the server to cancel; the statement itself then fails with ``PostgresError/Kind/cancelled``.
  public func cancel() {
    guard let token else { return }
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { words in
      _ = PQcancel(token, words.baseAddress, Int32(words.count))
    }
  }
}
