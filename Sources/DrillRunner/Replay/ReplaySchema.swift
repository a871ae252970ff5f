// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Postgres

/// The schema that a replay restores into: new, or in the place of one that a replay made before.
///
/// Rows are restored into a schema of another name, which takes this one's name when all is done: a run that fails or
/// is killed leaves what was there as it was, and nothing under that name that could be taken for a whole replay.
struct ReplaySchema {
  private enum State { case absent, ofReplay, ofOthers }

  /// Tells a replay's schemas from all others, which are never dropped.
  private static let comment = "made by memoryctl audit replay"

  /// Of the schemas that replays work in until they are done.
  static let prefix = "memoryctl_replaying_"

  let name: String
  /// An earlier replay's is dropped first.
  let replaces: Bool

  /// Whether an earlier replay's schema would be dropped.
  ///
  /// - Throws: status `refused` where the schema exists and is not to be replaced, is none of a replay's, or cannot go
  ///   without something that no replay made.
  func check(_ session: borrowing PostgresSession) throws -> Bool {
    switch (try state(session), replaces) {
    case (.absent, _): return false
    case (.ofReplay, true):
      try StagedSchema(name: name).refuseOthers(session)
      return true
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

  /// Runs `body` with the name of a schema to work in, which then takes this one's name.
  ///
  /// - Returns: what was restored; where it does not verify and an earlier replay's is there, that stays as it was.
  func restore<R: ReplayResult>(
    _ session: borrowing PostgresSession, _ progress: any ProgressListener, _ body: (String) throws -> R
  ) throws -> R {
    try WorkSchema.lock(name, session)
    let replacesEarlier = try check(session)
    let work = try WorkSchema(
      Self.prefix + String(UInt64.random(in: 0 ... .max), radix: 16), prefix: Self.prefix, session, progress: progress)
    do {
      var result = try body(work.name)
      result.move(to: name)
      if result.isIntact || !replacesEarlier {
        try publish(work, session)
      } else {
        work.drop(session)
        result.isInPlace = false
        result.report.notes.append(stayNote)
      }
      return result
    } catch {
      work.drop(session)
      throw error
    }
  }

  private func publish(_ work: WorkSchema, _ session: borrowing PostgresSession) throws {
    try session.transaction(lockTimeout: 30) {
      // Somebody may have come in between.
      if try check(session) { try StagedSchema(name: name).dropInTransaction(session) }
      let schema = quoteIdentifier(name)
      try session.executeScript(
        """
        ALTER SCHEMA \(quoteIdentifier(work.name)) RENAME TO \(schema);
        COMMENT ON SCHEMA \(schema) IS \(quoteLiteral(Self.comment))
        """)
    }
  }

  /// What is said of a replay that did not take an earlier one's place.
  private var stayNote: String {
    "what was restored does not verify, and the earlier replay in schema \(name) stays as it was: to look at this one, "
      + "restore it into another by --schema"
  }

  private func state(_ session: borrowing PostgresSession) throws -> State {
    let found = try session.execute(
      "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", [name])
    guard let row = found.first else { return .absent }
    return row[0] == Self.comment ? .ofReplay : .ofOthers
  }
}

/// What a replay restored.
protocol ReplayResult {
  var table: StagingTable { get set }
  /// What verifying the archived rows found.
  var report: VerifyReport { get set }
  /// What verifying the staged table found, where that was asked for.
  var staged: VerifyReport? { get set }
  /// False where an earlier replay's table stays, as this one does not verify.
  var isInPlace: Bool { get set }
}

extension ReplayResult {
  fileprivate var isIntact: Bool { report.isIntact && staged?.isIntact != false }

  /// Names the table by the schema that it will be in.
  fileprivate mutating func move(to schema: String) {
    let before = table.name.sql
    table.name = TableName(schema: schema, name: table.name.name)
    let name = table.name.sql
    guard var found = staged else { return }
    found.findings = found.findings.map { $0.object == before ? ArchiveFinding(name, $0.reason) : $0 }
    staged = found
  }
}
