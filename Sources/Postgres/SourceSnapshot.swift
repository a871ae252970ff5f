// SPDX-License-Identifier: Apache-2.0

/// What a server is, and the state of it that a transaction sees.
public struct SourceSnapshot: Sendable {
  /// A lower bound for the start of every transaction whose rows the snapshot does not see.
  public enum OldestTransaction: Equatable, Sendable {
    /// Microseconds since 2000-01-01T00:00:00Z.
    case known(Int64)
    /// Prepared transactions exist: when the earliest was prepared is known, when it began is not.
    case prepared(noLaterThan: Int64)
    case unknown(reason: String)
  }

  /// Of the cluster; survives restarts and is the same on its standbys.
  public let systemIdentifier: String
  public let database: String
  public let timeline: Int
  public let lsn: String
  public let isInRecovery: Bool
  /// For ``PostgresSession/joinSnapshot(_:)`` in other sessions while this transaction lasts.
  public let identifier: String
  public let oldestTransaction: OldestTransaction
  /// The server's clock when the snapshot was taken, in microseconds since 2000-01-01T00:00:00Z.
  public let now: Int64

  public init(
    systemIdentifier: String, database: String, timeline: Int, lsn: String, isInRecovery: Bool, identifier: String,
    oldestTransaction: OldestTransaction, now: Int64
  ) {
    self.systemIdentifier = systemIdentifier
    self.database = database
    self.timeline = timeline
    self.lsn = lsn
    self.isInRecovery = isInRecovery
    self.identifier = identifier
    self.oldestTransaction = oldestTransaction
    self.now = now
  }
}

extension PostgresSession {
  /// Begins a read-only, repeatable-read transaction and says what it sees.
  public func beginSnapshot() throws(PostgresError) -> SourceSnapshot {
    // Before the snapshot: what starts between the two statements starts behind the clock that is read here.
    let oldest = try oldestTransaction()
    try executeScript("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    let row = try execute(
      """
      SELECT (SELECT system_identifier FROM pg_control_system())::text, current_database()::text,
        (SELECT timeline_id FROM pg_control_checkpoint())::text, pg_is_in_recovery()::text,
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text,
        pg_export_snapshot(),
        (extract(epoch FROM clock_timestamp() - '2000-01-01 00:00:00+00') * 1000000)::bigint::text
      """)[0]
    let isInRecovery = row[3] == "true"
    var timeline = Int(row[2] ?? "") ?? 0
    if !isInRecovery, let name = try execute("SELECT pg_walfile_name(pg_current_wal_lsn())")[0][0] {
      timeline = Int(name.prefix(8), radix: 16) ?? timeline  // the control file lags behind a promotion
    }
    return SourceSnapshot(
      systemIdentifier: row[0] ?? "", database: row[1] ?? "", timeline: timeline, lsn: row[4] ?? "",
      isInRecovery: isInRecovery, identifier: row[5] ?? "", oldestTransaction: oldest, now: Int64(row[6] ?? "") ?? 0)
  }

  /// Begins a read-only transaction that sees what another session's snapshot sees.
  public func joinSnapshot(_ identifier: String) throws(PostgresError) {
    try executeScript("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try executeScript("SET TRANSACTION SNAPSHOT \(quoteLiteral(identifier))")
  }

  /// The system identifier and database name: together they tell servers apart.
  public func identity() throws(PostgresError) -> (systemIdentifier: String, database: String) {
    let row = try execute(
      "SELECT (SELECT system_identifier FROM pg_control_system())::text, current_database()::text")[0]
    return (row[0] ?? "", row[1] ?? "")
  }

  private func oldestTransaction() throws(PostgresError) -> SourceSnapshot.OldestTransaction {
    let row = try execute(
      """
      WITH others AS (
        SELECT xact_start, query = '<insufficient privilege>' AS hidden, xact_start IS NULL
          AND (state = 'disabled' OR backend_xid IS NOT NULL OR backend_xmin IS NOT NULL) AS untracked
        FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND backend_type IS DISTINCT FROM 'autovacuum worker' AND backend_type IS DISTINCT FROM 'walsender'),
      instants AS (
        SELECT least(clock_timestamp(), (SELECT min(xact_start) FROM others)) AS running,
          (SELECT min(prepared) FROM pg_prepared_xacts WHERE database = current_database()) AS prepared)
      SELECT pg_is_in_recovery()::text, (SELECT count(*) FROM others WHERE hidden)::text,
        (extract(epoch FROM running - '2000-01-01 00:00:00+00') * 1000000)::bigint::text,
        (extract(epoch FROM least(running, prepared) - '2000-01-01 00:00:00+00') * 1000000)::bigint::text,
        (prepared IS NOT NULL)::text, (SELECT count(*) FROM others WHERE untracked)::text
      FROM instants
      """)[0]
    if row[0] == "true" { return .unknown(reason: "a standby does not know its primary's transactions") }
    if let hidden = row[1], hidden != "0" {
      return .unknown(reason: "this role may not see \(hidden) other sessions; grant it pg_read_all_stats")
    }
    if let untracked = row[5], untracked != "0" {
      return .unknown(reason: "\(untracked) other sessions do not say when they began; set track_activities on")
    }
    guard let running = Int64(row[2] ?? ""), let least = Int64(row[3] ?? "") else {
      return .unknown(reason: "the server did not say")
    }
    return row[4] == "true" ? .prepared(noLaterThan: least) : .known(running)
  }

  /// Takes an advisory lock that lasts as long as the session.
  ///
  /// - Returns: false when another session holds it.
  public func tryAdvisoryLock(_ name: String) throws(PostgresError) -> Bool {
    try execute("SELECT pg_try_advisory_lock(hashtextextended($1, 0))::text", [name])[0][0] == "true"
  }
}
