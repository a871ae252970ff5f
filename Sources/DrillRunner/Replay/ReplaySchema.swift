// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Postgres

/// The schema that a replay restores into: new, or in the place of one that a replay made before.
struct ReplaySchema {
  private enum State { case absent, ofReplay, ofOthers }

  /// Tells a replay's schemas from all others, which are never dropped.
  private static let comment = "made by memoryctl audit replay"

  let name: String
  /// An earlier replay's is dropped first.
  let replaces: Bool

  /// Whether an earlier replay's schema would be dropped.
  ///
  /// - Throws: status `refused` where the schema exists and is not to be replaced, or is none of a replay's.
  func check(_ session: borrowing PostgresSession) throws -> Bool {
    switch (try state(session), replaces) {
    case (.absent, _): return false
    case (.ofReplay, true): return true
    case (.ofReplay, false):
      throw Failure(
        .refused, "the schema exists already: an earlier replay made it", on: name,
        remedy: "give --force to replace it, or another one by --schema")
    case (.ofOthers, _):
      throw Failure(
        .refused, "the schema exists already, and no replay of this version made it", on: name,
        remedy: "give another one by --schema, or drop it")
    }
  }

  func create(_ session: borrowing PostgresSession) throws {
    let schema = quoteIdentifier(name)
    guard try check(session) else {
      try StagingTable.createSchema(name, session)
      return try session.executeScript("COMMENT ON SCHEMA \(schema) IS \(quoteLiteral(Self.comment))")
    }
    // One transaction; somebody may be at work in it.
    try session.executeScript("SET lock_timeout = '5s'")
    try session.executeScript(
      """
      DROP SCHEMA \(schema) CASCADE;
      CREATE SCHEMA \(schema);
      COMMENT ON SCHEMA \(schema) IS \(quoteLiteral(Self.comment))
      """)
    try session.executeScript("SET lock_timeout = 0")
  }

  private func state(_ session: borrowing PostgresSession) throws -> State {
    let found = try session.execute(
      "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", [name])
    guard let row = found.first else { return .absent }
    return row[0] == Self.comment ? .ofReplay : .ofOthers
  }
}
