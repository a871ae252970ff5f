// SPDX-License-Identifier: Apache-2.0
import AuditCore
import ChainReader
import Postgres

/// A table with transactions, as far as a chain's reader can tell it from a Postgres server.
final class SimulatedDatabase: WorldDatabase, @unchecked Sendable {
  // Threads take turns: one at a time touches this.

  private struct Entry {
    var row: WorldRow
    /// The transaction that inserted it, while that is open.
    var insertedBy: Int?
  }

  private struct Transaction {
    let start: Timestamp
    /// Its start by the world's clock: other sessions see a moment later that it runs.
    let began: Timestamp
  }

  let clock: WorldClock
  /// In physical order.
  private var heap: [Entry] = []
  private var open: [Int: Transaction] = [:]
  private var nextTransaction = 0
  private var snapshots: [String: [WorldRow]] = [:]
  private(set) var locks: [String: Lock] = [:]
  private var nextSession = 0

  struct Lock {
    let session: Int
    /// Of a session that is gone: until the server notices.
    var until: Timestamp?
  }

  /// What the server's clock is ahead by, in seconds.
  var skew = 0
  var timeline = 1
  var systemIdentifier = "7301000000000000001"
  /// False for a standby, which does not know its primary's transactions.
  var knowsTransactions = true
  /// Happens between a run's statements.
  var meanwhile: (() -> Void)?
  /// What each snapshot of this step saw.
  private(set) var seen: [Snapshot] = []

  struct Snapshot {
    let rows: [WorldRow]
    let now: Timestamp
  }

  init(_ clock: WorldClock) { self.clock = clock }

  var now: Timestamp { clock.now.advanced(bySeconds: Int64(skew)) }

  // MARK: Writers

  func begin() -> Int {
    nextTransaction += 1
    open[nextTransaction] = Transaction(start: now, began: clock.now)
    return nextTransaction
  }

  func start(of transaction: Int) -> Timestamp { open[transaction]?.start ?? now }

  func insert(_ row: WorldRow, in transaction: Int) { heap.append(Entry(row: row, insertedBy: transaction)) }

  func commit(_ transaction: Int) {
    for index in heap.indices where heap[index].insertedBy == transaction { heap[index].insertedBy = nil }
    open[transaction] = nil
  }

  func rollBack(_ transaction: Int) {
    heap.removeAll { $0.insertedBy == transaction }
    open[transaction] = nil
  }

  func delete(_ id: UInt128) { heap.removeAll { $0.row.id == id && $0.insertedBy == nil } }

  /// A new version of the row stands at the table's end.
  func replace(_ row: WorldRow) {
    delete(row.id)
    heap.append(Entry(row: row, insertedBy: nil))
  }

  /// Sets the table back to what it was.
  func restore(_ rows: [WorldRow]) {
    let ids = Set(rows.map(\.id))
    open = [:]
    let kept = heap.filter { $0.insertedBy == nil && ids.contains($0.row.id) }.map(\.row)
    let there = Set(kept)
    heap = (kept.filter(Set(rows).contains) + rows.filter { !there.contains($0) }).map { Entry(row: $0) }
    timeline += 1
  }

  /// What a new transaction sees, in the order in which the table has it.
  var visible: [WorldRow] { heap.filter { $0.insertedBy == nil }.map(\.row) }

  var openTransactions: [Int] { open.keys.sorted() }

  // MARK: Sessions

  func source(_ faults: Faults) -> any ChainSource { SimulatedSource(database: self, faults: faults) }

  func forgetSnapshots() {
    seen = []
    snapshots = [:]
  }

  func newSession() -> Int {
    nextSession += 1
    return nextSession
  }

  func tryLock(_ name: String, _ session: Int) -> Bool {
    if let lock = locks[name], lock.until.map({ clock.now < $0 }) ?? true { return lock.session == session }
    locks[name] = Lock(session: session)
    return true
  }

  /// - Parameter lingers: the server notices only later that the session is gone.
  func end(_ session: Int, lingers: Bool) {
    for (name, lock) in locks where lock.session == session && lock.until == nil {
      locks[name] = lingers ? Lock(session: session, until: clock.now.advanced(bySeconds: 600)) : nil
    }
  }

  /// Whether the server still holds a lock for a session that is gone.
  var isLockHeld: Bool { locks.values.contains { $0.until.map { clock.now < $0 } ?? false } }

  func takeSnapshot(_ between: () throws -> Void) throws -> SourceSnapshot {
    let shown = open.values.filter { $0.began.advanced(bySeconds: 5) <= clock.now }
    let oldest = min(shown.map(\.start).min() ?? now, now)
    try between()
    let identifier = "snapshot-\(snapshots.count)"
    let rows = visible
    snapshots[identifier] = rows
    seen.append(Snapshot(rows: rows, now: now))
    return SourceSnapshot(
      systemIdentifier: systemIdentifier, database: "audit", timeline: timeline, lsn: "0/0", isInRecovery: false,
      identifier: identifier,
      oldestTransaction: knowsTransactions ? .known(oldest.microseconds) : .unknown(reason: "a standby"),
      now: now.microseconds)
  }

  func rows(_ snapshot: String) -> [WorldRow] { snapshots[snapshot] ?? [] }

  /// The table as the catalog describes it.
  static let description = TableDescription(
    schema: "public", name: "audit_events", hasPhysicalRows: true,
    columns: WorldRow.columns.map {
      TableDescription.Column(
        name: $0.name, type: $0.type, textExpression: quoteIdentifier($0.name), isNotNull: $0.isNotNull,
        isGenerated: false)
    },
    indexes: [
      TableDescription.Index(columns: ["id"], method: "btree", isUnique: true, isPrimary: true),
      TableDescription.Index(columns: ["hash"], method: "btree", isUnique: true, isPrimary: false),
    ])
}
