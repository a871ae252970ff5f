// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Postgres

/// A table like the archived one, in a schema of its own in a staging database.
public struct StagingTable: Sendable {
  public let name: TableName
  let source: Manifest.Source

  /// Columns that rows are copied into. Generated ones are ordinary here: what is restored is what was archived.
  var columnList: String {
    source.columns.map { quoteIdentifier($0.name) }.joined(separator: ", ")
  }

  /// Refuses a database that is where the archive came from.
  static func refuseSource(_ source: Manifest.Source, _ session: borrowing PostgresSession) throws {
    let identity = try session.identity()
    guard identity.systemIdentifier == source.systemIdentifier, identity.database == source.database else { return }
    throw Failure(
      .refused, "this database is the archive's own source", on: source.database,
      remedy: "give another database by --staging or STAGING_DATABASE_URL")
  }

  /// Creates the schema and the bare table.
  ///
  /// - Parameter isLogged: a table that is dropped again needs no log.
  static func create(
    _ source: Manifest.Source, schema: String, isLogged: Bool, _ session: borrowing PostgresSession
  ) throws -> StagingTable {
    let tableName = TableName(source.table)?.name ?? "audit_events"
    let table = StagingTable(name: TableName(schema: schema, name: tableName), source: source)
    let columns = try source.columns.map { column in
      "\(quoteIdentifier(column.name)) \(try typeText(column.type))\(column.isNotNull ? " NOT NULL" : "")"
    }
    do throws(PostgresError) {
      try session.executeScript("CREATE SCHEMA \(quoteIdentifier(schema))")
      try session.executeScript(
        "CREATE \(isLogged ? "" : "UNLOGGED ")TABLE \(table.name.sql) (\(columns.joined(separator: ", ")))")
    } catch {
      if error.sqlState == "42P06" {
        throw Failure(
          .refused, "the schema exists already", on: schema, remedy: "give another one by --schema, or drop it",
          cause: error)
      }
      throw error
    }
    return table
  }

  /// A type's name from a manifest, which goes into SQL text and so must be nothing else than that.
  static func typeText(_ type: String) throws(Failure) -> String {
    var isQuoted = false
    for byte in type.utf8 {
      if byte == 0x22 { isQuoted.toggle() }
      let isWord = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
      let isMark = [0x20, 0x22, 0x28, 0x29, 0x2c, 0x2e, 0x5b, 0x5d, 0x5f].contains(byte)
      guard isQuoted || isWord || isMark || byte >= 0x80 else {
        throw Failure(
          .integrity, "\"\(type)\" is no type's name", on: "manifest.source.columns", remedy: "look at who wrote it")
      }
    }
    guard !isQuoted, !type.isEmpty else {
      throw Failure(
        .integrity, "\"\(type)\" is no type's name", on: "manifest.source.columns", remedy: "look at who wrote it")
    }
    return type
  }

  /// Statements that make the archived table's indexes; where the archive does not know them, those of the chain.
  func indexStatements() -> [String] {
    let names = Set(source.columns.map(\.name))
    var indexes = source.indexes ?? []
    if source.indexes == nil {
      if names.contains("id") {
        indexes.append(Manifest.Index(columns: ["id"], method: "btree", isUnique: true, isPrimary: true))
      }
      if names.contains("hash") {
        indexes.append(Manifest.Index(columns: ["hash"], method: "btree", isUnique: true, isPrimary: false))
      }
    }
    return indexes.compactMap { index in
      guard index.columns.allSatisfy(names.contains) else { return nil }
      let columns = index.columns.map { quoteIdentifier($0) }.joined(separator: ", ")
      if index.isPrimary { return "ALTER TABLE \(name.sql) ADD PRIMARY KEY (\(columns))" }
      let unique = index.isUnique ? "UNIQUE " : ""
      return "CREATE \(unique)INDEX ON \(name.sql) USING \(quoteIdentifier(index.method)) (\(columns))"
    }
  }
}
