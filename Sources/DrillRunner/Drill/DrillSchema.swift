// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Postgres

/// The schema that a drill works in.
///
/// An advisory lock of the schema's name is held from before it exists until it is dropped, so a schema of a drill
/// whose lock is free was left by one that was killed: the next drill drops it. One that is to stay says so in its
/// comment.
final class DrillSchema {
  static let prefix = "memoryctl_drill_"
  private static let keptComment = "kept by memoryctl audit drill --keep"

  let name: String
  private let session: PostgresSession
  private let progress: any ProgressListener

  /// Drops what killed drills left, and creates the schema.
  ///
  /// - Throws: status `refused` for a database that the archive came from, or where the schema exists.
  init(_ name: String, for plan: RestorePlan, staging conninfo: String, progress: any ProgressListener) throws {
    self.name = name
    self.progress = progress
    session = try PostgresSession(conninfo)
    try plan.refuseSource(session)
    // The lock ends with the session, which has nothing to do for as long as the drill takes.
    try session.execute(
      "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'")
    try dropAbandoned()
    guard try session.tryAdvisoryLock(name) else {
      throw Failure(.tryLater, "another drill uses this schema", on: name, remedy: "wait for it, or give --schema")
    }
    try StagingTable.createSchema(name, session)
  }

  private func dropAbandoned() throws {
    let found = try session.execute(
      """
      SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1)
        AND nspowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
      """, [Self.prefix])
    // A killed drill's server process may still build an index; its schema is the next drill's to drop.
    try session.executeScript("SET lock_timeout = '5s'")
    defer { try? session.executeScript("SET lock_timeout = 0") }
    for name in found.compactMap({ $0[0] }) {
      guard try session.tryAdvisoryLock(name) else { continue }
      // Only now is its comment the last word of the drill that made it.
      let comment = try session.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", [name])
      if let comment = comment.first, comment[0] != Self.keptComment { drop(name, "dropped what a killed drill left") }
      try session.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", [name])
    }
  }

  private func drop(_ name: String, _ message: String?) {
    do throws(PostgresError) {
      try session.executeScript("DROP SCHEMA IF EXISTS \(quoteIdentifier(name)) CASCADE")
      if let message { progress.event(message, ["schema": .string(name)]) }
    } catch {
      progress.event("a schema could not be dropped", ["schema": .string(name), "reason": .string(error.message)])
    }
  }

  /// Drops the schema, or marks it as one that is to stay.
  func end(keeps: Bool) {
    guard keeps else { return drop(name, nil) }
    do throws(PostgresError) {
      try session.executeScript(
        "COMMENT ON SCHEMA \(quoteIdentifier(name)) IS \(quoteLiteral(Self.keptComment))")
    } catch {
      progress.event(
        "the schema could not be marked as kept", ["schema": .string(name), "reason": .string(error.message)])
    }
  }
}
