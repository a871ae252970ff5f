// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
internal import CanonicalJSON
public import Cryptography
public import Postgres
public import RowCodec
public import Signing

/// An event as it was appended.
public struct AppendedEvent: Sendable {
  public let id: String
  public let hash: Digest
  public let previous: Digest?
  public let createdAt: String
}

/// Appends one signed event to a chain, safely beside the Memory Layer's own writer.
///
/// That writer reads the newest row with FOR UPDATE and then inserts. A lock on the row would not keep two writers from
/// chaining to the same predecessor: the second waits for the row, and then goes on with the head that it had read
/// before. So the whole table is locked against writers and against FOR UPDATE; the other writer then waits before it
/// reads, and finds our row. It stamps its own with its transaction's beginning, so ours must be older than that of any
/// transaction under way, or the next writer would take ours for the newest once more.
public struct EventAppender: Sendable {
  let conninfo: String
  let table: TableName
  let signer: any Signer
  /// Names of the chain's columns.
  public var columns = ChainColumns()
  /// How long to wait for writers under way, in seconds.
  public var lockSeconds = 30

  public init(conninfo: String, table: TableName, signer: any Signer) {
    self.conninfo = conninfo
    self.table = table
    self.signer = signer
  }

  /// - Parameters:
  ///   - type: the event's type, not empty.
  ///   - payload: one JSON value.
  public func append(type: String, payload: [UInt8]) throws -> AppendedEvent {
    try append(type: type, payload: payload) { _ in }
  }

  /// - Parameter check: looks at the table while nobody else appends, and throws where nothing is to be.
  func append(
    type: String, payload: [UInt8], check: (borrowing PostgresSession) throws -> Void
  ) throws -> AppendedEvent {
    let session = try PostgresSession(conninfo)
    guard let description = try session.describe(table) else {
      throw Failure(
        .configuration, "there is no such table", on: "\(table.schema).\(table.name)",
        remedy: "check --table and --database")
    }
    let hasSignerID = description.columns.contains { $0.name == columns.signerID }
    let event = NewEvent(type: type, payload: try jsonbText(payload, session), hasSignerID: hasSignerID)
    // Most of the way along the chain is gone before anyone has to wait for us.
    var head = try head(session, from: nil)
    // A service may take seconds for a signature, for which nobody else should have to wait.
    guard signer is any ServiceSigner else {
      head = try lock(session, near: head)
      try check(session)
      return try insert(event, try link(event, behind: head), session)
    }
    for _ in 0..<Self.unlockedAttempts {
      let link = try link(event, behind: head)
      head = try lock(session, near: head)
      try check(session)
      if head == link.previous { return try insert(event, link, session) }
      try session.executeScript("ROLLBACK")
    }
    throw othersAppended
  }

  var othersAppended: Failure {
    Failure(
      .tryLater, "others appended each time while the signature was made", on: "\(table.schema).\(table.name)",
      remedy: "run it again: nothing was appended")
  }

  /// Attempts to sign for a head that may be another's predecessor by then.
  static let unlockedAttempts = 20

  private struct NewEvent {
    let type: String
    /// As Postgres prints it.
    let payload: String
    let hasSignerID: Bool
  }

  /// What makes an event a part of the chain.
  private struct Link {
    let previous: Digest?
    let hash: Digest
    let signature: [UInt8]
  }

  private func link(_ event: NewEvent, behind head: Digest?) throws -> Link {
    let hash = try digest(event.payload, head)
    return Link(previous: head, hash: hash, signature: try signer.sign(hash))
  }

  /// Begins a transaction in which nobody else appends; a session that ends within it rolls it back.
  ///
  /// - Returns: the head.
  private func lock(_ session: borrowing PostgresSession, near: Digest?) throws -> Digest? {
    try session.executeScript("\(Self.patience(lockSeconds)); BEGIN; LOCK TABLE \(table.sql) IN EXCLUSIVE MODE")
    return try head(session, from: near)
  }

  /// The payload as Postgres will print it, which is what verifiers read.
  private func jsonbText(_ payload: [UInt8], _ session: borrowing PostgresSession) throws -> String {
    do throws(PostgresError) {
      let text = String(decoding: payload, as: UTF8.self)
      return try session.execute("SELECT ($1::jsonb)::text", [text])[0][0] ?? ""
    } catch {
      guard error.sqlState.hasPrefix("22") else { throw error }
      throw Failure(
        .usage, "the payload is no JSON that Postgres takes: \(error.message)", on: "--payload", remedy: "correct it")
    }
  }

  /// The row that no row follows: from `start`, or else from the newest by time, along the chain.
  private func head(_ session: borrowing PostgresSession, from start: Digest?) throws -> Digest? {
    let hash = quoteIdentifier(columns.hash)
    let time = quoteIdentifier(columns.createdAt)
    let newest =
      try start.map { [[$0.hex]] }
      ?? session.execute("SELECT \(hash) FROM \(table.sql) ORDER BY \(time) DESC NULLS LAST, ctid DESC LIMIT 1")
    guard var head = newest.first?[0] else { return nil }
    let follower = "SELECT \(hash) FROM \(table.sql) WHERE \(quoteIdentifier(columns.previousHash)) = $1 LIMIT 1"
    var passed: Set<String> = []
    while let next = try session.execute(follower, [head]).first?[0] {
      guard passed.insert(head).inserted else { throw unsoundHead("the rows behind it go round in a circle", head) }
      head = next
    }
    guard let digest = Digest(hex: head) else { throw unsoundHead("the head's hash is no SHA-256", head) }
    return digest
  }

  private func unsoundHead(_ problem: String, _ hash: String) -> Failure {
    Failure(.integrity, problem, on: hash, remedy: "run audit verify --database; nothing was appended")
  }

  func digest(_ text: String, _ previous: Digest?) throws -> Digest {
    var canonicalizer = Canonicalizer()
    var canonical = ByteBuffer(capacity: text.utf8.count)
    let bytes = Array(text.utf8)
    do throws(CanonicalizationError) { try canonicalizer.canonicalize(bytes.span, into: &canonical) } catch {
      throw Failure(
        .usage, "the payload has no canonical form: \(error)", on: "--payload", remedy: "correct it", cause: error)
    }
    var sha = SHA256()
    canonical.withSpan { sha.update($0) }
    if let previous { sha.update(previous) }
    return sha.finalize()
  }

  private func insert(_ event: NewEvent, _ link: Link, _ session: borrowing PostgresSession) throws -> AppendedEvent {
    var names = [columns.id, "event_type", columns.payload, columns.hash, columns.previousHash, columns.signature]
    var values = ["gen_random_uuid()", "$1", "$2::jsonb", "$3", "$4", "$5"]
    var parameters = [event.type, event.payload, link.hash.hex, link.previous?.hex, Base64.encode(link.signature)]
    if event.hasSignerID {
      names.append(columns.signerID)
      values.append("$6")
      parameters.append(signer.description.kid)
    }
    let time = quoteIdentifier(columns.createdAt)
    let row = try session.execute(
      """
      INSERT INTO \(table.sql) (\(names.map(quoteIdentifier).joined(separator: ", ")), \(time))
      VALUES (\(values.joined(separator: ", ")), greatest(\(Self.stamp),
        (SELECT max(\(time)) + interval '1 microsecond' FROM \(table.sql) WHERE isfinite(\(time)))))
      RETURNING \(quoteIdentifier(columns.id))::text, to_char(\(time) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
      """, parameters)[0]
    try session.executeScript("COMMIT")
    return AppendedEvent(id: row[0] ?? "", hash: link.hash, previous: link.previous, createdAt: row[1] ?? "")
  }

  /// A process that stands still, or a host that is lost, keeps nobody waiting for longer.
  private static func patience(_ lockSeconds: Int) -> String {
    "SET lock_timeout = '\(lockSeconds)s'; SET idle_in_transaction_session_timeout = '\(lockSeconds)s'"
  }

  /// Just before the oldest transaction that runs and may be a writer's: that one finds our row, its own gets the stamp
  /// of its beginning, and whoever then looks for the newest stamp must find its row and not ours.
  ///
  /// A transaction shows a moment after it began, and a busy machine makes that moment long: hence the tenth of a second.
  /// Of other roles' sessions only `pg_read_all_stats` shows when they began: without it as long ago as is looked for.
  private static let stamp = """
    least(now() - interval '100 milliseconds', (SELECT min(CASE query WHEN '<insufficient privilege>' THEN now() - interval '30 seconds'
        ELSE xact_start END) - interval '1 microsecond' FROM pg_stat_activity
      WHERE pid <> pg_backend_pid() AND datname = current_database()
        AND (xact_start > now() - interval '30 seconds' OR query = '<insufficient privilege>')))
    """
}
