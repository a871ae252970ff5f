// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Postgres
internal import RowCodec

extension EventAppender {
  /// Appends an event unless the table has it: a run that was cut off is completed by the next one.
  ///
  /// - Parameter since: no earlier row can be it.
  /// - Returns: nil where it was there.
  public func appendOnce(type: String, payload: JSONValue, since: Timestamp) throws -> AppendedEvent? {
    let text = payload.compactText
    if try isThere(type, text, since) { return nil }
    return try append(type: type, payload: Array(text.utf8))
  }

  private func isThere(_ type: String, _ payload: String, _ since: Timestamp) throws -> Bool {
    let session = try PostgresSession(conninfo)
    // Rows are stamped by another clock, and by their transactions' beginnings.
    let from = since.advanced(bySeconds: -86_400)
    let found = try session.execute(
      """
      SELECT 1 FROM \(table.sql) WHERE event_type = $1 AND \(quoteIdentifier(columns.payload)) = $2::jsonb
        AND \(quoteIdentifier(columns.createdAt)) >= $3::timestamptz LIMIT 1
      """, [type, payload, from.iso])
    return !found.isEmpty
  }
}
