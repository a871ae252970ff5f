// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography
public import Postgres
public import RowCodec

/// A Postgres database that holds a chain.
public struct PostgresSource: ChainSource {
  /// Never logged: it may hold a password.
  let conninfo: String

  public init(_ conninfo: String) { self.conninfo = conninfo }

  public func open() throws -> any ChainSession { PostgresChainSession(try PostgresSession(conninfo)) }
}

/// A session with a Postgres server that answers a run's questions.
public final class PostgresChainSession: ChainSession {
  private let session: PostgresSession

  public init(_ session: consuming PostgresSession) { self.session = session }

  public func tryLock(_ name: String) throws -> Bool {
    // The server notices only after a moment that the session of a run which was killed is gone.
    for attempt in 0..<20 {
      if attempt > 0 { try session.execute("SELECT pg_sleep(0.1)") }
      if try session.tryAdvisoryLock(name) { return true }
    }
    return false
  }

  public func table(_ name: TableName, _ columns: ChainColumns) throws -> ChainTable {
    try session.chainTable(name, columns)
  }

  public func beginSnapshot() throws -> SourceSnapshot { try session.beginSnapshot() }

  public func joinSnapshot(_ identifier: String) throws { try session.joinSnapshot(identifier) }

  public func expectedRows(_ table: ChainTable, _ window: ScanWindow) throws -> Int {
    let plan = try session.execute("EXPLAIN SELECT 1 \(table.rows(.window(window)))").first?[0] ?? ""
    guard let mark = plan.firstRange(of: "rows=") else { return 0 }
    return Int(plan[mark.upperBound...].prefix { $0.isNumber }) ?? 0
  }

  public func copy(
    _ table: ChainTable, _ rows: RowSelection, into batch: TupleBatch, _ pass: (TupleBatch) throws -> TupleBatch
  ) throws {
    var batch = batch
    try unsafe session.copyOut(table.copy(rows)) { tuple in
      unsafe batch.append(tuple)
      if batch.isFull { batch = try pass(batch) }
    }
    _ = try pass(batch)
  }

  public var canceller: @Sendable () -> Void {
    let canceller = session.canceller
    return { canceller.cancel() }
  }

  // MARK: Questions about hashes

  public func times(of hashes: [Digest], in table: ChainTable) throws -> [Digest: Timestamp] {
    let (hash, time) = (quoteIdentifier(table.names.hash), quoteIdentifier(table.names.createdAt))
    let sql = """
      SELECT \(hash), CASE WHEN bool_and(isfinite(\(time)))
        THEN (extract(epoch FROM min(\(time)) - '2000-01-01 00:00:00+00') * 1000000)::bigint::text END
      FROM \(table.description.sql) WHERE \(hash) = ANY (string_to_array($1, ',')) GROUP BY 1
      """
    var found: [Digest: Timestamp] = [:]
    try ask(sql, hashes) { digest, row in
      found[digest] = row[1].flatMap { Int64($0) }.map { Timestamp(microseconds: $0) } ?? .distantPast
    }
    return found
  }

  public func copied(_ hashes: [Digest], in table: ChainTable) throws -> Set<Digest> {
    let hash = quoteIdentifier(table.names.hash)
    let sql = """
      SELECT \(hash) FROM \(table.description.sql) WHERE \(hash) = ANY (string_to_array($1, ','))
      GROUP BY 1 HAVING count(*) > 1
      """
    var found: Set<Digest> = []
    try ask(sql, hashes) { digest, _ in found.insert(digest) }
    return found
  }

  public func successors(of hashes: [Digest], in table: ChainTable) throws -> [Digest: Int] {
    let (hash, previous) = (quoteIdentifier(table.names.hash), quoteIdentifier(table.names.previousHash))
    let sql = """
      SELECT \(previous), count(DISTINCT \(hash))::text FROM \(table.description.sql)
      WHERE \(previous) = ANY (string_to_array($1, ',')) GROUP BY 1
      """
    var found: [Digest: Int] = [:]
    try ask(sql, hashes) { digest, row in found[digest] = row[1].flatMap { Int($0) } }
    return found
  }

  /// Asks about many digests, a thousand at a time.
  private func ask(_ sql: String, _ hashes: [Digest], _ body: (Digest, [String?]) -> Void) throws {
    for start in stride(from: 0, to: hashes.count, by: 1000) {
      let list = hashes[start..<min(start + 1000, hashes.count)].map(\.hex).joined(separator: ",")
      for row in try session.execute(sql, [list]) {
        if let digest = row[0].flatMap({ Digest(hex: $0) }) { body(digest, row) }
      }
    }
  }
}
