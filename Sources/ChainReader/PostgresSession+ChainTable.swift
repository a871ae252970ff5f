// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Pipeline
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
}

extension SourceSession {
  /// Rows that the server's statistics expect in a table; 0 where it has none.
  public func estimatedRows(_ table: ChainTable) throws -> Int {
    let rows = try session.execute(
      "SELECT greatest(0, reltuples)::bigint::text FROM pg_class WHERE oid = to_regclass($1)", [table.description.sql])
    return rows.first?[0].flatMap { Int($0) } ?? 0
  }
}

extension Cancellation {
  public static var failure: Failure {
    Failure(.tryLater, "stopped by a signal", remedy: "run it again: nothing is lost")
  }
}
