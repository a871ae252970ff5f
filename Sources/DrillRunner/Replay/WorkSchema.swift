// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Postgres

/// A new schema that one run works in, and that the next run drops where this one is killed.
///
/// An advisory lock of its name is held by the session from before it exists until the session ends. So a schema with
/// the prefix and without a comment whose lock is free was left by a run that was killed. One that is to stay has a
/// comment.
struct WorkSchema {
  let staged: StagedSchema
  private let progress: any ProgressListener

  var name: String { staged.name }

  /// Drops what killed runs left, and creates the schema.
  ///
  /// - Throws: status `tryLater` where another run uses that name, `refused` where the schema exists.
  init(
    _ name: String, prefix: String, _ session: borrowing PostgresSession, progress: any ProgressListener
  ) throws {
    staged = StagedSchema(name: name)
    self.progress = progress
    try Self.dropAbandoned(prefix, session, progress)
    try Self.lock(name, session)
    try StagingTable.createSchema(name, session)
  }

  /// Takes a schema's name for as long as the session lasts, which has nothing to do for as long as a run takes.
  static func lock(_ name: String, _ session: borrowing PostgresSession) throws {
    try session.execute(
      "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'")
    guard try session.tryAdvisoryLock(name) else {
      throw Failure(
        .tryLater, "another run works in this schema", on: name, remedy: "wait for it, or give another by --schema")
    }
  }

  private static func dropAbandoned(
    _ prefix: String, _ session: borrowing PostgresSession, _ progress: any ProgressListener
  ) throws {
    let found = try session.execute(
      """
      SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1)
        AND nspowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
      """, [prefix])
    for name in found.compactMap({ $0[0] }) {
      guard try session.tryAdvisoryLock(name) else { continue }
      // Only now is its comment the last word of the run that made it.
      let comment = try session.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", [name])
      if let comment = comment.first, comment[0] == nil {
        WorkSchema(staged: StagedSchema(name: name), progress: progress).drop(session, "dropped what a killed run left")
      }
      try session.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", [name])
    }
  }

  private init(staged: StagedSchema, progress: any ProgressListener) {
    self.staged = staged
    self.progress = progress
  }

  /// Drops the schema; where that cannot be, an event says why.
  func drop(_ session: borrowing PostgresSession, _ message: String? = nil) {
    do {
      try staged.drop(session)
      if let message { progress.event(message, ["schema": .string(name)]) }
    } catch {
      progress.event(
        "a schema could not be dropped",
        ["schema": .string(name), "reason": .string(Failure(from: error).description)])
    }
  }
}
