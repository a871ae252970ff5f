// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography
internal import Postgres
internal import RowCodec

/// Asks the table itself, in the session that holds the snapshot.
public final class TableLookup: ChainLookup {
  private let source: SourceSession
  private let table: ChainTable
  private let window: ScanWindow
  private let work: RowWork
  private var fetches = 0

  /// - Parameters:
  ///   - window: what the walk reads.
  ///   - work: how its rows are checked.
  public init(_ table: ChainTable, in source: SourceSession, window: ScanWindow, work: RowWork) {
    self.table = table
    self.source = source
    self.window = window
    self.work = work
  }

  private var hash: String { quoteIdentifier(table.names.hash) }
  private var previous: String { quoteIdentifier(table.names.previousHash) }

  public func rows(withHash hashes: [Digest]) throws -> [Digest: Timestamp] {
    var found: [Digest: Timestamp] = [:]
    let time = quoteIdentifier(table.names.createdAt)
    let sql = """
      SELECT \(hash), CASE WHEN bool_and(isfinite(\(time)))
        THEN (extract(epoch FROM min(\(time)) - '2000-01-01 00:00:00+00') * 1000000)::bigint::text END
      FROM \(table.description.sql) WHERE \(hash) = ANY (string_to_array($1, ',')) GROUP BY 1
      """
    try ask(sql, hashes) { digest, row in
      found[digest] = row[1].flatMap { Int64($0) }.map { Timestamp(microseconds: $0) } ?? .distantPast
    }
    return found
  }

  public func copied(_ hashes: [Digest]) throws -> Set<Digest> {
    var found: Set<Digest> = []
    let sql = """
      SELECT \(hash) FROM \(table.description.sql) WHERE \(hash) = ANY (string_to_array($1, ','))
      GROUP BY 1 HAVING count(*) > 1
      """
    try ask(sql, hashes) { digest, _ in found.insert(digest) }
    return found
  }

  public func successors(of hashes: [Digest]) throws -> [Digest: Int] {
    var found: [Digest: Int] = [:]
    let sql = """
      SELECT \(previous), count(DISTINCT \(hash))::text FROM \(table.description.sql)
      WHERE \(previous) = ANY (string_to_array($1, ',')) GROUP BY 1
      """
    try ask(sql, hashes) { digest, row in found[digest] = row[1].flatMap { Int($0) } }
    return found
  }

  /// Asks about many digests, a thousand at a time.
  private func ask(_ sql: String, _ hashes: [Digest], _ body: (Digest, [String?]) -> Void) throws {
    for start in stride(from: 0, to: hashes.count, by: 1000) {
      let list = hashes[start..<min(start + 1000, hashes.count)].map(\.hex).joined(separator: ",")
      for row in try source.session.execute(sql, [list]) {
        if let digest = row[0].flatMap({ Digest(hex: $0) }) { body(digest, row) }
      }
    }
  }

  public func unreadSuccessors(of hash: Digest) throws -> RowBatch? {
    guard let from = window.from else { return nil }
    let time = quoteIdentifier(table.names.createdAt)
    let condition = "\(previous) = \(quoteLiteral(hash.hex)) AND \(time) < \(quoteLiteral(from.iso))::timestamptz"
    let batch = RowBatch()
    batch.sequence = WaitingRows.fetchedBit | fetches
    fetches += 1
    try checkRows(
      source, table, work, " WHERE \(condition) AND isfinite(\(time)) AND \(self.hash) ~ '^[0-9a-f]{64}$'", into: batch)
    return batch.rows.isEmpty ? nil : batch
  }
}
