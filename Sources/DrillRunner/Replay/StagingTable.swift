// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Postgres

/// A table like the archived one, in a schema of its own in a staging database.
public struct StagingTable: Sendable {
  public internal(set) var name: TableName
  let source: Manifest.Source

  /// The comment that tells our tables from what others put into the same schema.
  static let mark = "restored by memoryctl"

  /// Columns that rows are copied into. Generated ones are ordinary here: what is restored is what was archived.
  var columnList: String {
    source.columns.map { quoteIdentifier($0.name) }.joined(separator: ", ")
  }

  /// The archived table's own name.
  static func originalName(_ source: Manifest.Source) -> String { TableName(source.table)?.name ?? "audit_events" }

  static func createSchema(_ schema: String, _ session: borrowing PostgresSession) throws {
    do throws(PostgresError) { try session.executeScript("CREATE SCHEMA \(quoteIdentifier(schema))") } catch {
      guard error.sqlState == "42P06" else { throw error }
      throw Failure(
        .refused, "the schema exists already", on: schema, remedy: "give another one by --schema, or drop it",
        cause: error)
    }
  }

  /// Creates the bare table. NOT NULL comes behind the rows: a foreign table or a view does not enforce its own, and
  /// what was archived is to be restored whatever it violates.
  ///
  /// - Parameter isLogged: a table that is dropped again needs no log.
  static func create(
    _ source: Manifest.Source, as name: TableName, isLogged: Bool, _ session: borrowing PostgresSession
  ) throws -> StagingTable {
    var columns: [String] = []
    for column in source.columns {
      columns.append("\(quoteIdentifier(column.name)) \(try StagedType.sql(column, session))")
    }
    let kind = isLogged ? "TABLE" : "UNLOGGED TABLE"
    // One transaction: there is none of our tables without its mark.
    try session.executeScript(
      """
      CREATE \(kind) \(name.sql) (\(columns.joined(separator: ", ")));
      COMMENT ON TABLE \(name.sql) IS \(quoteLiteral(mark))
      """)
    return StagingTable(name: name, source: source)
  }

  /// Makes columns NOT NULL that are so in the source.
  ///
  /// - Returns: those that hold NULLs all the same, and stay as they are.
  func setNotNull(_ session: borrowing PostgresSession) throws(PostgresError) -> [String] {
    let wanted = source.columns.filter(\.isNotNull).map(\.name)
    guard !wanted.isEmpty, try !setNotNull(wanted, session) else { return [] }
    var left: [String] = []
    for column in wanted where try !setNotNull([column], session) { left.append(column) }
    return left
  }

  private func setNotNull(_ columns: [String], _ session: borrowing PostgresSession) throws(PostgresError) -> Bool {
    let actions = columns.map { "ALTER COLUMN \(quoteIdentifier($0)) SET NOT NULL" }.joined(separator: ", ")
    do throws(PostgresError) { try session.executeScript("ALTER TABLE \(name.sql) \(actions)") } catch {
      guard error.sqlState == "23502" else { throw error }
      return false
    }
    return true
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
