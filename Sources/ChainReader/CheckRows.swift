// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
internal import Postgres

/// Checks some of a table's rows in the session's own transaction, on this thread.
///
/// - Parameter clause: what stands behind the table's name in the SELECT.
public func checkRows(
  _ source: SourceSession, _ table: ChainTable, _ work: RowWork, _ clause: String,
  _ body: (RowFacts, UnsafeRawBufferPointer) -> Void
) throws {
  let batch = RowBatch()
  try checkRows(source, table, work, clause, into: batch)
  for (index, row) in batch.rows.enumerated() { unsafe body(row, batch.line(index)) }
}

/// As the other one; the rows are added to a batch.
func checkRows(
  _ source: SourceSession, _ table: ChainTable, _ work: RowWork, _ clause: String, into batch: RowBatch
) throws {
  var checker = RowChecker(work)
  let sql = "COPY (SELECT \(table.selectList) FROM \(table.description.sql)\(clause)) TO STDOUT (FORMAT binary)"
  try unsafe source.session.copyOut(sql) { tuple in try checker.add(tuple: tuple, to: batch) }
  try checker.settle(batch)
}
