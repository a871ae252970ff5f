// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Postgres

/// A schema that staging tables are made in.
///
/// It is dropped table by table and without CASCADE: what others put into it, and whatever of theirs depends on it, is
/// not ours to drop, and keeps it where it is.
struct StagedSchema {
  let name: String

  /// Drops the schema with the staging tables in it.
  ///
  /// - Throws: status `refused` where something else would have to go with it; then nothing is dropped.
  func drop(_ session: borrowing PostgresSession) throws {
    try session.transaction(lockTimeout: 5) { try dropInTransaction(session) }
  }

  /// Drops the schema in the transaction that runs.
  func dropInTransaction(_ session: borrowing PostgresSession) throws {
    let tables = try session.execute(
      "SELECT format('%I.%I', $1::text, c.relname) FROM (\(Self.ownTables)) AS c", [name, StagingTable.mark]
    ).compactMap { $0[0] }
    // Nothing comes to depend on a table that is locked so.
    if !tables.isEmpty {
      try session.executeScript("LOCK TABLE \(tables.joined(separator: ", ")) IN ACCESS EXCLUSIVE MODE")
    }
    try refuseOthers(session)
    for table in tables { try session.executeScript("DROP TABLE \(table) RESTRICT") }
    try session.executeScript("DROP SCHEMA \(quoteIdentifier(name)) RESTRICT")
  }

  /// - Throws: status `refused` where the schema cannot be dropped by itself.
  func refuseOthers(_ session: borrowing PostgresSession) throws {
    let others = try session.execute(Self.others, [name, StagingTable.mark]).compactMap { $0[0] }
    guard !others.isEmpty else { return }
    let rest = others.count > Self.mostListed ? ", and \(others.count - Self.mostListed) more" : ""
    throw Failure(
      .refused,
      "the schema holds what no replay or drill made, or that depends on it: "
        + others.prefix(Self.mostListed).joined(separator: ", ") + rest,
      on: name, remedy: "move or drop that, or give another schema by --schema")
  }

  private static let mostListed = 20

  /// Our tables in schema $1: those with mark $2.
  private static let ownTables = """
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relkind = 'r' AND obj_description(c.oid, 'pg_class') = $2
    """

  /// What depends on the schema, on our tables in it, or on their types, and is no part of them. Parts are indexes and
  /// TOAST tables, row types, defaults, and our tables' own constraints.
  private static let others = """
    WITH RECURSIVE tables AS (\(ownTables)), own (classid, objid) AS (
      SELECT 'pg_namespace'::regclass::oid, oid FROM pg_namespace WHERE nspname = $1
      UNION
      SELECT d.classid, d.objid FROM own JOIN pg_depend d ON d.refclassid = own.classid AND d.refobjid = own.objid
        LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
        LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
      WHERE c.oid IN (SELECT oid FROM tables) OR k.conrelid IN (SELECT oid FROM tables)
        OR c.relkind IN ('i', 't') AND d.deptype IN ('a', 'i')
        OR d.classid = 'pg_type'::regclass AND d.deptype = 'i'
        OR d.classid = 'pg_attrdef'::regclass AND d.deptype IN ('a', 'i')
    ), others AS (
      SELECT CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END AS classid,
        coalesce(r.ev_class, d.objid) AS objid, CASE WHEN r.oid IS NULL THEN d.objsubid ELSE 0 END AS objsubid
      FROM own JOIN pg_depend d ON d.refclassid = own.classid AND d.refobjid = own.objid
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      WHERE NOT EXISTS (SELECT 1 FROM own o WHERE o.classid = d.classid AND o.objid = d.objid)
      UNION
      SELECT 'pg_class'::regclass, inhparent, 0 FROM pg_inherits WHERE inhrelid IN (SELECT oid FROM tables)
    )
    SELECT DISTINCT i.type || ' ' || i.identity FROM others,
      LATERAL pg_identify_object(others.classid, others.objid, others.objsubid) AS i ORDER BY 1
    """
}

extension PostgresSession {
  /// Runs `body` in one transaction, which is rolled back where it throws.
  ///
  /// - Parameter lockTimeout: seconds to wait for a lock; somebody may be at work there.
  func transaction(lockTimeout: Int, _ body: () throws -> Void) throws {
    try executeScript("BEGIN; SET LOCAL lock_timeout = '\(lockTimeout)s'")
    do {
      try body()
      try executeScript("COMMIT")
    } catch {
      try? executeScript("ROLLBACK")
      throw error
    }
  }
}
