// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import ChainReader
import Cryptography
import Postgres
import RowCodec

@testable import SimulatedWorld

/// A simulated database and a real one, to which the same things happen.
final class MirroredDatabase: WorldDatabase {
  private let simulated: SimulatedDatabase
  let url: String
  private var sessions: [Int: Connection] = [:]

  private final class Connection {
    let session: PostgresSession
    init(_ url: String) throws {
      session = try PostgresSession(url)
      try session.executeScript("BEGIN")
    }
  }

  init(_ simulated: SimulatedDatabase, _ url: String) throws {
    (self.simulated, self.url) = (simulated, url)
    try PostgresSession(url).executeScript(
      """
      CREATE TABLE public.audit_events (
        id uuid PRIMARY KEY, event_type varchar NOT NULL, memory_node_id uuid, artifact_id uuid, payload jsonb NOT NULL,
        hash text NOT NULL UNIQUE, prev_hash text, signature text, manifest_signature_id varchar,
        created_at timestamptz NOT NULL, cost numeric)
      """)
  }

  var now: Timestamp { simulated.now }
  func start(of transaction: Int) -> Timestamp { simulated.start(of: transaction) }
  var openTransactions: [Int] { simulated.openTransactions }

  func begin() throws -> Int {
    let number = simulated.begin()
    sessions[number] = try Connection(url)
    return number
  }

  func insert(_ row: WorldRow, in transaction: Int) throws {
    simulated.insert(row, in: transaction)
    try sessions[transaction]?.session.execute(Self.insertion, Self.values(row))
  }

  private static let insertion = """
    INSERT INTO public.audit_events
    VALUES ($1::uuid, $2, $3::uuid, NULL, $4::jsonb, $5, $6, $7, NULL, $8::timestamptz, $9::numeric)
    """

  private static func values(_ row: WorldRow) -> [String?] {
    [
      row.idText, row.eventType, row.nodeID.map(WorldRow.uuid), row.payload.text, row.hash.hex, row.previous?.hex,
      row.signature, WorldRow.iso(row.createdAt), row.cost,
    ]
  }

  func commit(_ transaction: Int) throws {
    simulated.commit(transaction)
    try sessions.removeValue(forKey: transaction)?.session.executeScript("COMMIT")
  }

  func rollBack(_ transaction: Int) throws {
    simulated.rollBack(transaction)
    sessions[transaction] = nil
  }

  func delete(_ id: UInt128) throws {
    simulated.delete(id)
    try PostgresSession(url).execute("DELETE FROM public.audit_events WHERE id = $1::uuid", [WorldRow.uuid(id)])
  }

  func replace(_ row: WorldRow) throws {
    simulated.replace(row)
    try PostgresSession(url).execute(
      "UPDATE public.audit_events SET event_type = $2, payload = $3::jsonb WHERE id = $1::uuid",
      [row.idText, row.eventType, row.payload.text])
  }

  func restore(_ rows: [WorldRow]) throws {
    let there = Set(simulated.visible)
    simulated.restore(rows)
    sessions = [:]
    let session = try PostgresSession(url)
    for row in there where !rows.contains(row) {
      try session.execute("DELETE FROM public.audit_events WHERE id = $1::uuid", [row.idText])
    }
    for row in rows where !there.contains(row) { try session.execute(Self.insertion, Self.values(row)) }
  }
}

/// Sessions with the real server, with the simulated one's clock and transactions: those of a real one cannot be set.
struct MirroredSource: ChainSource {
  let url: String
  let simulated: SimulatedDatabase

  func open() throws -> any ChainSession { MirroredSession(try PostgresSession(url), simulated) }
}

final class MirroredSession: ChainSession {
  private let real: PostgresChainSession
  private let simulated: SimulatedDatabase

  init(_ session: consuming PostgresSession, _ simulated: SimulatedDatabase) {
    real = PostgresChainSession(session)
    self.simulated = simulated
  }

  func beginSnapshot() throws -> SourceSnapshot {
    let (seen, told) = (try real.beginSnapshot(), try simulated.takeSnapshot {})
    return SourceSnapshot(
      systemIdentifier: told.systemIdentifier, database: told.database, timeline: told.timeline, lsn: told.lsn,
      isInRecovery: false, identifier: seen.identifier, oldestTransaction: told.oldestTransaction, now: told.now)
  }

  func tryLock(_ name: String) throws -> Bool { try real.tryLock(name) }
  func table(_ name: TableName, _ columns: ChainColumns) throws -> ChainTable { try real.table(name, columns) }
  func joinSnapshot(_ identifier: String) throws { try real.joinSnapshot(identifier) }
  func expectedRows(_ table: ChainTable, _ window: ScanWindow) throws -> Int { try real.expectedRows(table, window) }
  func copy(
    _ table: ChainTable, _ rows: RowSelection, into batch: TupleBatch, _ pass: (TupleBatch) throws -> TupleBatch
  ) throws { try real.copy(table, rows, into: batch, pass) }
  var canceller: @Sendable () -> Void { real.canceller }
  func times(of hashes: [Digest], in table: ChainTable) throws -> [Digest: Timestamp] {
    try real.times(of: hashes, in: table)
  }
  func copied(_ hashes: [Digest], in table: ChainTable) throws -> Set<Digest> { try real.copied(hashes, in: table) }
  func successors(of hashes: [Digest], in table: ChainTable) throws -> [Digest: Int] {
    try real.successors(of: hashes, in: table)
  }
}
