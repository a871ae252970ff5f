// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
public import AuditCore
public import Pipeline
internal import Postgres
internal import RowCodec

/// Restores one file that the older tools wrote into a staging database, checking it on the way.
public struct FileReplay: Sendable {
  let settings: VerifySettings
  let path: String
  let conninfo: String
  let progress: any ProgressListener
  let cancellation: Cancellation

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
    try StagingTable.createSchema(schema, session)
    do { return try load(into: TableName(schema: schema, name: "audit_events"), session) } catch {
      try? session.executeScript("DROP SCHEMA \(quoteIdentifier(schema)) CASCADE")
      throw error
    }
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
