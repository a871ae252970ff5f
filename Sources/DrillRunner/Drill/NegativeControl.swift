// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
internal import ChainReader
internal import Pipeline
internal import Postgres
internal import RowCodec
internal import Signing

/// Proves that the check can fail: alters one staged row in a transaction that is rolled back, and looks whether the
/// same checks that found nothing before find just that row now.
struct NegativeControl {
  let settings: VerifySettings
  let conninfo: String
  let table: TableName

  struct Outcome {
    let id: String
    let isFound: Bool
    let detail: String
  }

  func run() throws -> Outcome {
    let session = try PostgresSession(conninfo)
    let table = try session.chainTable(self.table, settings.columns)
    try session.executeScript("BEGIN")
    defer { try? session.executeScript("ROLLBACK") }
    let sample = try self.sample(session, table)
    let before = try faults(session, table, sample)
    let id = try alter(session, table, sample)
    let after = try faults(session, table, sample)
    let isFound = !before.contains(id) && Set(after) == Set(before + [id])
    let detail =
      isFound
      ? "the altered row was found by its hash, and no other"
      : "before the change \(before.count) rows were at fault, behind it \(after.count)"
    return Outcome(id: id, isFound: isFound, detail: detail)
  }

  /// A condition that picks a thousand rows, by their hashes.
  private func sample(_ session: borrowing PostgresSession, _ table: ChainTable) throws -> String {
    let hash = quoteIdentifier(table.names.hash)
    let rows = try session.execute("SELECT \(hash) FROM \(table.description.sql) LIMIT 1000")
    return "\(hash) IN (\(rows.compactMap { $0[0].map { quoteLiteral($0) } }.joined(separator: ", ")))"
  }

  /// Alters the payload of one row among those that are looked at.
  private func alter(_ session: borrowing PostgresSession, _ table: ChainTable, _ sample: String) throws -> String {
    let payload = quoteIdentifier(table.names.payload)
    let id = quoteIdentifier(table.names.id)
    let rows = try session.execute(
      """
      UPDATE \(table.description.sql) SET \(payload) = jsonb_build_object('altered by the drill', \(payload))
      WHERE ctid = (SELECT ctid FROM \(table.description.sql) WHERE \(sample) ORDER BY random() LIMIT 1)
      RETURNING \(id)::text
      """)
    guard let altered = rows.first?[0] else {
      throw Failure(.nothingToCheck, "the staged table has no rows", on: table.description.displayName)
    }
    return altered
  }

  /// Ids of the rows at fault in the sample, read in this session's own transaction.
  private func faults(_ session: borrowing PostgresSession, _ table: ChainTable, _ sample: String) throws -> [String] {
    var work = RowWork(
      columns: table.columns, indexes: table.indexes, keys: settings.keys, signatures: settings.signatures)
    work.makesLeaves = false
    let identifier = RowIdentifier(table.columns, table.indexes)
    var ids: [String] = []
    try unsafe session.checkRows(table, work, " WHERE \(sample)") { row, line in
      if !row.hashMatches { ids.append(unsafe identifier.id(line)) }
    }
    return ids
  }
}
