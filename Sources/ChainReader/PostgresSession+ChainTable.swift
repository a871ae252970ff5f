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
}

extension SourceSession {
  /// Rows that the server's planner expects in a window; 0 where it does not say.
  public func estimatedRows(_ table: ChainTable, _ window: ScanWindow = ScanWindow()) throws -> Int {
    let plan = try session.execute("EXPLAIN SELECT 1 \(table.rows(window))").first?[0] ?? ""
    guard let mark = plan.firstRange(of: "rows=") else { return 0 }
    return Int(plan[mark.upperBound...].prefix { $0.isNumber }) ?? 0
  }
}
