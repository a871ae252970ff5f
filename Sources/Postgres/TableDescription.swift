// SPDX-License-Identifier: Apache-2.0

/// A table as the catalog describes it.
public struct TableDescription: Sendable {
  public struct Column: Sendable {
    public let name: String
    /// `format_type`'s text, with the modifier.
    public let type: String
    /// SQL for the value's text as its type's output function gives it; a cast to text may give another.
    public let textExpression: String
    public let isNotNull: Bool
    public let isGenerated: Bool

    public init(name: String, type: String, textExpression: String, isNotNull: Bool, isGenerated: Bool) {
      self.name = name
      self.type = type
      self.textExpression = textExpression
      self.isNotNull = isNotNull
      self.isGenerated = isGenerated
    }
  }

  public struct Index: Sendable, Equatable {
    public let columns: [String]
    public let method: String
    public let isUnique: Bool
    public let isPrimary: Bool

    public init(columns: [String], method: String, isUnique: Bool, isPrimary: Bool) {
      self.columns = columns
      self.method = method
      self.isUnique = isUnique
      self.isPrimary = isPrimary
    }
  }

  public let schema: String
  public let name: String
  /// True for tables and materialised views; a view has no physical order.
  public let hasPhysicalRows: Bool
  public let columns: [Column]
  /// Indexes over plain columns; those over expressions or a part of the rows are left out.
  public let indexes: [Index]

  public init(schema: String, name: String, hasPhysicalRows: Bool, columns: [Column], indexes: [Index]) {
    self.schema = schema
    self.name = name
    self.hasPhysicalRows = hasPhysicalRows
    self.columns = columns
    self.indexes = indexes
  }

  /// Qualified and quoted.
  public var sql: String { "\(quoteIdentifier(schema)).\(quoteIdentifier(name))" }
  /// `schema.name` as people write it.
  public var displayName: String { "\(schema).\(name)" }
}

/// A table's name as users write it: `name`, `schema.name`, or either part in double quotes.
public struct TableName: Equatable, Sendable {
  public let schema: String
  public let name: String

  public init(schema: String, name: String) {
    self.schema = schema
    self.name = name
  }

  /// - Returns: nil for what is no table name. Unquoted parts are taken as they stand, capitals included.
  public init?(_ text: String) {
    var parts: [String] = []
    var rest = Array(text)[...]
    while true {
      guard let part = Self.takePart(&rest) else { return nil }
      parts.append(part)
      if rest.isEmpty { break }
      guard rest.first == "." else { return nil }
      rest = rest.dropFirst()
    }
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && !$0.contains("\0") }) else { return nil }
    self.init(schema: parts.count == 2 ? parts[0] : "public", name: parts[parts.count - 1])
  }

  private static func takePart(_ rest: inout ArraySlice<Character>) -> String? {
    var part = ""
    guard rest.first == "\"" else {
      while let character = rest.first, character != "." {
        part.append(character)
        rest = rest.dropFirst()
      }
      return part
    }
    rest = rest.dropFirst()
    while let character = rest.first {
      rest = rest.dropFirst()
      if character != "\"" {
        part.append(character)
      } else if rest.first == "\"" {
        part.append("\"")
        rest = rest.dropFirst()
      } else {
        return part
      }
    }
    return nil
  }

  public var sql: String { "\(quoteIdentifier(schema)).\(quoteIdentifier(name))" }
}

extension PostgresSession {
  /// Looks a table up.
  ///
  /// - Returns: nil when it does not exist or this role may not see its schema.
  public func describe(_ table: TableName) throws(PostgresError) -> TableDescription? {
    let found = try execute(
      """
      SELECT c.oid::text, (c.relkind IN ('r', 'p', 'm'))::text
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
      """, [table.schema, table.name])
    guard let row = found.first, let oid = row[0] else { return nil }
    return TableDescription(
      schema: table.schema, name: table.name, hasPhysicalRows: row[1] == "true", columns: try columns(of: oid),
      indexes: try indexes(of: oid))
  }

  private func columns(of oid: String) throws(PostgresError) -> [TableDescription.Column] {
    try execute(
      """
      WITH RECURSIVE bases AS (
        SELECT DISTINCT atttypid AS type, atttypid AS base FROM pg_attribute WHERE attrelid = $1::oid
        UNION ALL SELECT type, typbasetype FROM bases JOIN pg_type ON pg_type.oid = base WHERE typtype = 'd')
      SELECT a.attname, format_type(a.atttypid, a.atttypmod),
        format('%I.%I(%I%s)::text', n.nspname, p.proname, a.attname,
          CASE WHEN argument.oid = a.atttypid THEN '' WHEN argument.typtype <> 'p' THEN '::' || format_type(argument.oid, NULL)
            WHEN t.oid <> a.atttypid THEN '::' || format_type(t.oid, NULL) ELSE '' END),
        a.attnotnull::text, (a.attgenerated <> '')::text
      FROM pg_attribute a JOIN bases ON type = a.atttypid
        JOIN pg_type t ON t.oid = base AND t.typtype <> 'd' JOIN pg_proc p ON p.oid = t.typoutput
        JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_type argument ON argument.oid = p.proargtypes[0]
      WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
      """, [oid]
    ).map { row in
      TableDescription.Column(
        name: row[0] ?? "", type: row[1] ?? "", textExpression: row[2] ?? "", isNotNull: row[3] == "true",
        isGenerated: row[4] == "true")
    }
  }

  private func indexes(of oid: String) throws(PostgresError) -> [TableDescription.Index] {
    let rows = try execute(
      """
      SELECT i.indexrelid::text, m.amname, i.indisunique::text, i.indisprimary::text, a.attname
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
        CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = $1::oid AND i.indexprs IS NULL AND i.indpred IS NULL AND i.indisvalid
        AND k.position <= i.indnkeyatts
      ORDER BY i.indexrelid, k.position
      """, [oid])
    var indexes: [TableDescription.Index] = []
    var last: String?
    for row in rows {
      let columns = row[0] == last ? indexes.removeLast().columns : []
      last = row[0]
      indexes.append(
        TableDescription.Index(
          columns: columns + [row[4] ?? ""], method: row[1] ?? "btree", isUnique: row[2] == "true",
          isPrimary: row[3] == "true"))
    }
    return indexes
  }

  /// Names in a database that look like one that was not found.
  public func tables(like name: String) throws(PostgresError) -> [String] {
    try execute(
      """
      SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND (c.relname ILIKE '%' || $1 || '%' OR $1 ILIKE '%' || c.relname || '%' OR c.relname ILIKE '%audit%')
      ORDER BY 1 LIMIT 5
      """, [name]
    ).compactMap { $0[0] }
  }
}
