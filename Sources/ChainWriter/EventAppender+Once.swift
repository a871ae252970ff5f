// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
internal import Postgres
internal import RowCodec
public import Signing

extension EventAppender {
  /// Appends an event unless the table has it: a run that was cut off is completed by the next one.
  ///
  /// It is there where a row on the chain is signed by a key at hand, whatever became of that key since; what somebody put
  /// there who may write and not sign is none.
  ///
  /// - Parameters:
  ///   - since: no earlier row can be it.
  ///   - keys: by which rows' signatures are verified, beside the signer's own.
  /// - Returns: nil where it was there.
  public func appendOnce(type: String, payload: JSONValue, since: Timestamp, keys: KeyRing) throws -> AppendedEvent? {
    let event = KnownEvent(type: type, payload: payload.compactText, since: since, keys: keys.adding(signer))
    for _ in 0..<Self.unlockedAttempts {
      let rows = try rows(like: event, try PostgresSession(conninfo))
      for row in rows where try isSigned(row, event) { return nil }
      do {
        return try append(type: type, payload: Array(event.payload.utf8)) { session in
          // Another run may have come first. Signatures are looked at before the table is locked.
          if try self.rows(like: event, session) != rows { throw OthersAppended() }
        }
      } catch is OthersAppended {}
    }
    throw othersAppended
  }

  /// Whether the table has a row of this hash.
  public func holds(_ hash: String) throws -> Bool {
    let session = try PostgresSession(conninfo)
    return try !session.execute(
      "SELECT 1 FROM \(table.sql) WHERE \(quoteIdentifier(columns.hash)) = $1 LIMIT 1", [hash]
    ).isEmpty
  }

  private struct OthersAppended: Error {}

  /// An event that may be there already.
  private struct KnownEvent {
    let type: String
    let payload: String
    let since: Timestamp
    let keys: KeyRing
  }

  /// What makes a row of the same payload the same event.
  private struct LikeRow: Equatable {
    let hash: String
    let previous: String?
    let signature: String
  }

  private func rows(like event: KnownEvent, _ session: borrowing PostgresSession) throws -> [LikeRow] {
    let (hash, previous) = (quoteIdentifier(columns.hash), quoteIdentifier(columns.previousHash))
    let signature = quoteIdentifier(columns.signature)
    // Rows are stamped by another clock, and by their transactions' beginnings.
    let from = event.since.advanced(bySeconds: -86_400)
    return try session.execute(
      """
      SELECT r.\(hash), r.\(previous), r.\(signature) FROM \(table.sql) r WHERE r.event_type = $1
        AND r.\(quoteIdentifier(columns.payload)) = $2::jsonb AND r.\(quoteIdentifier(columns.createdAt)) >= $3::timestamptz
        AND r.\(signature) IS NOT NULL
        AND (r.\(previous) IS NULL OR EXISTS (SELECT 1 FROM \(table.sql) p WHERE p.\(hash) = r.\(previous)))
      ORDER BY r.\(hash)
      """, [event.type, event.payload, from.iso]
    ).map { LikeRow(hash: $0[0] ?? "", previous: $0[1], signature: $0[2] ?? "") }
  }

  private func isSigned(_ row: LikeRow, _ event: KnownEvent) throws -> Bool {
    guard let signature = Base64.decode(row.signature), let hash = Digest(hex: row.hash) else { return false }
    guard try digest(event.payload, row.previous.flatMap { Digest(hex: $0) }) == hash else { return false }
    return try event.keys.hasSigned(signature, over: hash, for: .events)
  }
}
