// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
public import AuditCore
public import Pipeline
public import Postgres
internal import RowCodec

/// Restores one file that the older tools wrote into a staging database, checking it on the way.
public struct FileReplay: Sendable {
  let settings: VerifySettings
  let path: String
  let conninfo: String
  let progress: any ProgressListener
  let cancellation: Cancellation
  /// Where the service's own database is, which is no target.
  public var production: String?
  /// The chain's table there; a target that has one with rows in `public` looks like production.
  public var productionTable = TableName(schema: "public", name: "audit_events")

  public init(
    _ settings: VerifySettings, path: String, staging conninfo: String, progress: any ProgressListener = NoProgress(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.path = path
    self.conninfo = conninfo
    self.progress = progress
    self.cancellation = cancellation
  }

  /// - Returns: the table, and what verifying the file found.
  public func run(schema: String) throws -> (table: StagingTable, report: VerifyReport) {
    guard case .legacy = try FileShape.sniff(path) else {
      throw Failure(
        .usage, "only a JSON archive of the older tools is replayed by its file", on: path,
        remedy: "replay a bundle by --archive and --select")
    }
    let session = try PostgresSession(conninfo)
    try refuseProduction(session)
    try StagingTable.createSchema(schema, session)
    do { return try load(into: TableName(schema: schema, name: "audit_events"), session) } catch {
      try? session.executeScript("DROP SCHEMA \(quoteIdentifier(schema)) CASCADE")
      throw error
    }
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
        progress.event("DATABASE_URL cannot be reached to be compared with the target", [:])
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

  private func load(
    into name: TableName, _ session: borrowing PostgresSession
  ) throws -> (table: StagingTable, report: VerifyReport) {
    let table = try StagingTable.create(Self.source, as: name, isLogged: true, session)
    let loader = RowLoader(conninfo: conninfo, table: table, connections: 1)
    let report: VerifyReport
    do {
      let verifier = FileVerifier(settings, path: path, progress: progress, cancellation: cancellation)
      report = try verifier.run(makesTuples: true) { scan, batch in try loader.put(batch, from: scan) }
    } catch { throw loader.abort(error) }
    _ = try loader.finish()
    guard report.rows > 0 || !report.isIntact else {
      throw Failure(.nothingToCheck, "the file has no rows", on: path, remedy: "name another file")
    }
    for statement in table.indexStatements() { try session.executeScript(statement) }
    return (table, report)
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
