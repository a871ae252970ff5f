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
  var checker = RowChecker(work)
  let batch = RowBatch()
  let sql = "COPY (SELECT \(table.selectList) FROM \(table.description.sql)\(clause)) TO STDOUT (FORMAT binary)"
  try unsafe source.session.copyOut(sql) { tuple in
    try checker.add(tuple: tuple, to: batch)
    checker.settle(batch)
    unsafe body(batch.rows[0], batch.line(0))
    batch.removeAll()
  }
}
