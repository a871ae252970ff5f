// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Bytes
public import Postgres
public import Signing

/// Writes generated chains into tables and files.
public enum ChainLoader {
  /// Fills a table, which is made where it does not exist and must be empty where it does.
  ///
  /// - Returns: rows written.
  public static func load(
    _ shape: ChainShape, signer: (any Signer)?, into table: TableName, conninfo: String
  ) throws -> Int {
    let session = try PostgresSession(conninfo)
    try create(table, session)
    guard try session.execute("SELECT 1 FROM \(table.sql) LIMIT 1").isEmpty else {
      throw Failure(
        .refused, "the table has rows already", on: "\(table.schema).\(table.name)",
        remedy: "name another table by --table")
    }
    var generator = ChainGenerator(shape, signer: signer)
    let sql = "COPY \(table.sql) (\(columns)) FROM STDIN"
    let rows = try session.copyIn(sql, isBinary: false) { copy in
      var text = ByteBuffer(capacity: 1 << 20)
      while let row = try generator.next() {
        append(row, to: &text)
        if text.count >= 1 << 20 {
          try copy.put(text)
          text.clear()
        }
      }
      try copy.put(text)
    }
    try session.executeScript("ANALYZE \(table.sql)")
    return rows
  }

  /// Passes the chain on as text for `COPY audit_events FROM`, a megabyte at a time.
  public static func write(_ shape: ChainShape, signer: (any Signer)?, _ body: (borrowing ByteBuffer) throws -> Void)
    throws
  {
    var generator = ChainGenerator(shape, signer: signer)
    var text = ByteBuffer(capacity: 1 << 20)
    while let row = try generator.next() {
      append(row, to: &text)
      if text.count >= 1 << 20 {
        try body(text)
        text.clear()
      }
    }
    try body(text)
  }

  private static let columns =
    "id, event_type, memory_node_id, artifact_id, payload, hash, prev_hash, signature, manifest_signature_id, created_at"

  private static func create(_ table: TableName, _ session: borrowing PostgresSession) throws {
    let exists = try session.describe(table) != nil
    if exists { return }
    try session.executeScript("CREATE SCHEMA IF NOT EXISTS \(quoteIdentifier(table.schema))")
    try session.executeScript(
      """
      CREATE TABLE \(table.sql) (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type varchar NOT NULL, memory_node_id uuid,
        artifact_id uuid, payload jsonb NOT NULL, hash text NOT NULL UNIQUE, prev_hash text, signature text,
        manifest_signature_id varchar, created_at timestamptz NOT NULL DEFAULT now())
      """)
  }

  private static func append(_ row: GeneratedRow, to text: inout ByteBuffer) {
    text.append(utf8: "\(uuid(row.id))\t\(row.eventType)\t\(uuid(row.nodeID))\t\\N\t")
    for byte in row.payload {
      if byte == 0x5c { text.append(byte) }
      text.append(byte)
    }
    let time = row.createdAt.iso.dropLast() + "+00"
    text.append(utf8: "\t\(row.hash)\t\(row.previous ?? "\\N")\t\(row.signature ?? "\\N")\t\\N\t\(time)\n")
  }

  private static func uuid(_ value: UInt128) -> String {
    let hex = Array(String(repeating: "0", count: 32 - String(value, radix: 16).utf8.count) + String(value, radix: 16))
    return [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]].map { String($0) }.joined(separator: "-")
  }
}
