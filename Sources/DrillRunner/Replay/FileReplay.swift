// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import ChainReader
internal import Cryptography
public import Postgres

/// Restores one archive of the older tools into a staging database, checking it on the way.
public struct FileReplay: Sendable {
  let verifier: FileVerifier
  let conninfo: String
  /// Where the service's own database is, which is no target.
  public var production: String?
  /// The chain's table there; a target that has one with rows in `public` looks like production.
  public var productionTable = TableName(schema: "public", name: "audit_events")
  /// Drop what an earlier replay left in the schema.
  public var replacesSchema = false
  /// Verify the staged table once it is there.
  public var verifiesTable = false

  public init(_ verifier: FileVerifier, staging conninfo: String) {
    self.verifier = verifier
    self.conninfo = conninfo
  }

  /// What was restored.
  public struct Result: Sendable, ReplayResult {
    public internal(set) var table: StagingTable
    /// What verifying the file found.
    public internal(set) var report: VerifyReport
    /// What verifying the staged table found, where that was asked for.
    public internal(set) var staged: VerifyReport?
    /// False where an earlier replay's table stays, as this one does not verify.
    public internal(set) var isInPlace = true
  }

  public func run(schema: String) throws -> Result {
    _ = try filePlan()
    let session = try PostgresSession(conninfo)
    try refuseProduction(session)
    let target = ReplaySchema(name: schema, replaces: replacesSchema)
    return try target.restore(session, verifier.progress) { work in
      let (table, report, stretch) = try load(into: TableName(schema: work, name: Self.tableName), session)
      let staged = verifiesTable ? try verify(table, holds: stretch, isBroken: !report.anomalies.isEmpty) : nil
      return Result(table: table, report: report, staged: staged)
    }
  }

  /// Looks whether the file can be restored there, and does nothing.
  public func plan(schema: String) throws -> FilePlan {
    var plan = try filePlan()
    let session = try PostgresSession(conninfo)
    try refuseProduction(session)
    plan.table = TableName(schema: schema, name: Self.tableName)
    plan.replacesSchema = try ReplaySchema(name: schema, replaces: replacesSchema).check(session)
    return plan
  }

  private static let tableName = "audit_events"

  private func filePlan() throws -> FilePlan {
    let plan = try verifier.plan()
    guard plan.shape == .legacy else {
      throw Failure(
        .usage, "only a JSON archive of the older tools is replayed by its file", on: plan.name,
        remedy: "replay a bundle by --archive and --select")
    }
    return plan
  }

  /// Such a file does not say where it came from: what looks like its source is refused.
  private func refuseProduction(_ session: borrowing PostgresSession) throws {
    let target = try session.identity()
    if let production {
      do {
        guard try PostgresSession(production).identity() != target else {
          throw refusal("this is the database of DATABASE_URL", target.database)
        }
      } catch let error as PostgresError where error.kind == .connection {
        verifier.progress.event("DATABASE_URL cannot be reached to be compared with the target", [:])
      }
    }
    for table in [TableName(schema: "public", name: productionTable.name), productionTable] {
      guard try session.describe(table) != nil else { continue }
      guard try session.execute("SELECT 1 FROM \(table.sql) LIMIT 1").isEmpty else {
        throw refusal("it has rows, so this looks like no staging database", table.sql)
      }
    }
  }

  private func refusal(_ problem: String, _ object: String) -> Failure {
    Failure(.refused, problem, on: object, remedy: "give another database by --staging or STAGING_DATABASE_URL")
  }

  /// The rows that were sent to the table.
  private struct Stretch {
    /// What the first of them follows.
    var previous: Digest?
    var head: Digest?
    var rows = 0

    mutating func add(_ batch: RowBatch) {
      if rows == 0 { previous = batch.rows.first?.previous }
      head = batch.rows.last?.hash ?? head
      rows += batch.rows.count
    }
  }

  private func load(
    into name: TableName, _ session: borrowing PostgresSession
  ) throws -> (table: StagingTable, report: VerifyReport, stretch: Stretch) {
    let table = try StagingTable.create(Self.source, as: name, isLogged: true, session)
    let loader = RowLoader(conninfo: conninfo, table: table, connections: 1)
    let report: VerifyReport
    var stretch = Stretch()
    do {
      report = try verifier.run(makesTuples: true) { scan, batch in
        stretch.add(batch)
        try loader.put(batch, from: scan)
      }
    } catch { throw loader.abort(error) }
    let stored = try loader.finish()
    guard stored == stretch.rows else {
      throw Failure(.bug, "\(stretch.rows) rows were sent, the server stored \(stored)", on: name.sql)
    }
    guard report.rows > 0 || !report.isIntact else {
      throw Failure(.nothingToCheck, "the file has no rows", on: verifier.object.name, remedy: "name another file")
    }
    for statement in table.indexStatements() { try session.executeScript(statement) }
    return (table, report, stretch)
  }

  /// Walks the staged table's chain by itself, which must be the file's.
  private func verify(_ table: StagingTable, holds stretch: Stretch, isBroken: Bool) throws -> VerifyReport {
    let database = DatabaseVerifier(
      verifier.settings, conninfo: conninfo, table: table.name, progress: verifier.progress,
      cancellation: verifier.cancellation)
    var staged = try database.verify(head: stretch.previous, makesLeaves: false).report
    if staged.rows != stretch.rows {
      staged.add(ArchiveFinding(table.name.sql, "it has \(staged.rows) rows, and \(stretch.rows) were restored"))
    }
    if !isBroken && staged.headHash != stretch.head?.hex {
      staged.add(ArchiveFinding(table.name.sql, "the staged chain ends in another row than the file's"))
    }
    return staged
  }

  /// Such a file does not say where it came from; its columns are those of the tools' own table.
  private static var source: Manifest.Source {
    Manifest.Source(
      systemIdentifier: "", database: "", table: "public.audit_events", timeline: 0, lsn: "",
      oldestTransactionStart: .distantPast, resumeFrom: nil,
      columns: LegacyReader.columnTypes.map {
        Manifest.Column(name: $0.key, type: $0.value, isNotNull: false, isGenerated: false)
      }, indexes: nil)
  }
}
