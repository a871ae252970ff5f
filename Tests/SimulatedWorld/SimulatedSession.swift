// SPDX-License-Identifier: Apache-2.0
import AuditCore
import ChainReader
import Cryptography
import Pipeline
import Postgres
import RowCodec

struct SimulatedSource: ChainSource {
  let database: SimulatedDatabase
  let faults: Faults

  func open() throws -> any ChainSession {
    Turns.pass()
    if faults.strikes(.database, "connect") {
      faults.note(.unavailable, "connection refused")
      throw PostgresError(kind: .connection, message: "connection refused")
    }
    return SimulatedSession(database, faults)
  }
}

/// A session with the simulated database, which breaks when the world wants it to.
final class SimulatedSession: ChainSession {
  private let database: SimulatedDatabase
  private let faults: Faults
  private let number: Int
  private var rows: [WorldRow] = []
  private var isLost = false

  init(_ database: SimulatedDatabase, _ faults: Faults) {
    (self.database, self.faults) = (database, faults)
    number = database.newSession()
  }

  deinit { if !isLost { database.end(number, lingers: false) } }

  /// What happens before a statement does its work.
  private func statement(_ name: String) throws {
    Turns.pass()
    database.clock.tick()
    database.meanwhile?()
    if isLost { throw lost() }
    guard faults.strikes(.database, name) else { return }
    switch faults.pick([0, 0, 1, 2, 3]) {
    case 0: throw lose()
    // The server has ended the session, and the run finds out only by its next statement.
    case 1: _ = lose()
    case 2:
      faults.note(.tryLater, "the server shuts down")
      throw PostgresError(kind: .busy, sqlState: "57P01", message: "terminating connection")
    default:
      faults.note(.tryLater, "the statement was cancelled")
      throw PostgresError(kind: .cancelled, sqlState: "57014", message: "canceling statement")
    }
  }

  private func lose() -> PostgresError {
    isLost = true
    database.end(number, lingers: faults.chance(30))
    return lost()
  }

  private func lost() -> PostgresError {
    faults.note(.unavailable, "the connection is lost")
    return PostgresError(kind: .connection, message: "server closed the connection unexpectedly")
  }

  // MARK: ChainSession

  func tryLock(_ name: String) throws -> Bool {
    try statement("lock")
    let isTaken = database.tryLock(name, number)
    if isLost { database.end(number, lingers: false) }
    return isTaken
  }

  func table(_ name: TableName, _ columns: ChainColumns) throws -> ChainTable {
    try statement("describe")
    return try ChainTable(SimulatedDatabase.description, columns)
  }

  func beginSnapshot() throws -> SourceSnapshot {
    try statement("oldest transaction")
    let snapshot = try database.takeSnapshot { try statement("begin") }
    rows = database.rows(snapshot.identifier)
    return snapshot
  }

  func joinSnapshot(_ identifier: String) throws {
    try statement("join snapshot")
    rows = database.rows(identifier)
  }

  func expectedRows(_ table: ChainTable, _ window: ScanWindow) throws -> Int {
    try statement("explain")
    return rows.count
  }

  func copy(
    _ table: ChainTable, _ selection: RowSelection, into batch: TupleBatch, _ pass: (TupleBatch) throws -> TupleBatch
  ) throws {
    try statement("copy")
    var batch = batch
    for row in select(selection) {
      row.append(to: batch)
      // Small batches, as if rows were large.
      if faults.chance(20) {
        batch = try pass(batch)
        try statement("copy data")
      }
    }
    batch = try pass(batch)
    try statement("copy end")
  }

  private func select(_ selection: RowSelection) -> [WorldRow] {
    switch selection {
    case .window(let window):
      let found = rows.filter { row in
        (window.from.map { row.createdAt >= $0 } ?? true) && (window.until.map { row.createdAt < $0 } ?? true)
      }
      guard window.isSorted else { return found }
      return found.enumerated().sorted { ($0.element.createdAt, $0.offset) < ($1.element.createdAt, $1.offset) }
        .map(\.element)
    case .successors(let hash, let before): return rows.filter { $0.previous == hash && $0.createdAt < before }
    }
  }

  var canceller: @Sendable () -> Void { {} }

  func times(of hashes: [Digest], in table: ChainTable) throws -> [Digest: Timestamp] {
    try statement("times")
    let wanted = Set(hashes)
    return Dictionary(
      rows.filter { wanted.contains($0.hash) }.map { ($0.hash, $0.createdAt) }, uniquingKeysWith: min)
  }

  func copied(_ hashes: [Digest], in table: ChainTable) throws -> Set<Digest> {
    try statement("copied")
    return Set(hashes).filter { hash in rows.count { $0.hash == hash } > 1 }
  }

  func successors(of hashes: [Digest], in table: ChainTable) throws -> [Digest: Int] {
    try statement("successors")
    let wanted = Set(hashes)
    let followers = Dictionary(
      grouping: rows.filter { $0.previous.map(wanted.contains) ?? false }, by: { $0.previous ?? $0.hash })
    return followers.mapValues { Set($0.map(\.hash)).count }
  }
}
