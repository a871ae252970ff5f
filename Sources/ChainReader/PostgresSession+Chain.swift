// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Postgres
public import RowCodec

extension PostgresSession {
  /// Looks a chain's table up.
  public func chainTable(_ name: TableName, _ columns: ChainColumns) throws -> ChainTable {
    guard let description = try describe(name) else {
      let near = try tables(like: name.name)
      throw Failure(
        .configuration, "there is no such table, or this role may not see it", on: "\(name.schema).\(name.name)",
        remedy: near.isEmpty ? "check --table and --database" : "did you mean \(near.joined(separator: ", "))?")
    }
    return try ChainTable(description, columns)
  }

  /// Checks some of a table's rows in the session's own transaction, on this thread.
  ///
  /// - Parameter clause: what stands behind the table's name in the SELECT.
  public func checkRows(
    _ table: ChainTable, _ work: RowWork, _ clause: String, _ body: (RowFacts, UnsafeRawBufferPointer) -> Void
  ) throws {
    let batch = RowBatch()
    var checker = RowChecker(work)
    let sql = "COPY (SELECT \(table.selectList) FROM \(table.description.sql)\(clause)) TO STDOUT (FORMAT binary)"
    try unsafe copyOut(sql) { tuple in try checker.add(tuple: tuple, to: batch) }
    try checker.settle(batch)
    for (index, row) in batch.rows.enumerated() { unsafe body(row, batch.line(index)) }
  }
}
