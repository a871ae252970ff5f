// SPDX-License-Identifier: Apache-2.0
import Postgres
import Synchronization
import TestSupport

/// One chain of three days, in as many databases as tests archive it from at once: a run locks its stream in its database.
enum SharedChain {
  private static let original = Result {
    let site = try Site()
    try site.makeChain(rows: 45, days: 3)
    let session = try PostgresSession(site.source)
    let days = try session.execute(
      "SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date::text AS day FROM public.audit_events ORDER BY day")
    return (source: site.source, days: days.compactMap { $0[0] })
  }
  private static let free = Mutex<[String]>([])
  /// Copies are made one at a time: Postgres copies no database that another session is copying from.
  private static let copying = Mutex<Void>(())

  /// Its days, as `2026-11-23`. Runs name the last one that they close: midnight may pass between two of them.
  static func days() throws -> [String] { try original.get().days }

  /// Lends a database that holds the chain, and that nobody may change.
  static func withSource<R>(_ body: (String) throws -> R) throws -> R {
    let source = try free.withLock { $0.popLast() } ?? copy()
    defer { free.withLock { $0.append(source) } }
    return try body(source)
  }

  private static func copy() throws -> String {
    try copying.withLock { _ in
      try TemporaryPostgres.shared().createDatabase("chain", copying: original.get().source)
    }
  }
}
