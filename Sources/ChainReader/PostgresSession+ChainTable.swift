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

extension Cancellation {
  public static var failure: Failure {
    Failure(.tryLater, "stopped by a signal", remedy: "run it again: nothing is lost")
  }
}
