// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import ChainReader
internal import Crypto
public import Pipeline
internal import Postgres

/// Restores archived rows into a staging database, checking them on the way.
public struct ReplayJob: Sendable {
  let settings: VerifySettings
  let archive: Archive
  let conninfo: String
  let progress: any ProgressListener
  let cancellation: Cancellation
  /// Connections that feed the table.
  public var connections = 2

  public init(
    _ settings: VerifySettings, _ archive: Archive, staging conninfo: String,
    progress: any ProgressListener = NoProgress(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.archive = archive
    self.conninfo = conninfo
    self.progress = progress
    self.cancellation = cancellation
  }

  /// What was restored.
  public struct Result: Sendable {
    public let table: StagingTable
    public internal(set) var report: VerifyReport
    /// Sum of the archived rows' leaves.
    let leaves: LeafSum
    /// Where the restored stretch of the chain begins and ends.
    let first: Manifest
    public let last: Manifest
  }

  /// Restores the bundles of some manifests, contiguous ones, and builds the indexes.
  public func run(_ sequences: Range<Int>, schema: String, isLogged: Bool) throws -> Result {
    let result = try load(sequences, schema: schema, isLogged: isLogged)
    try buildIndexes(result.table)
    try PostgresSession(conninfo).executeScript("ANALYZE \(result.table.name.sql)")
    return result
  }

  func load(_ sequences: Range<Int>, schema: String, isLogged: Bool) throws -> Result {
    guard let firstSequence = sequences.first else {
      throw Failure(.nothingToCheck, "no manifest is selected", on: archive.url, remedy: "select other days")
    }
    let first = try archive.manifest(firstSequence)
    let session = try PostgresSession(conninfo)
    try StagingTable.refuseSource(first.manifest.source, session)
    let table = try StagingTable.create(first.manifest.source, schema: schema, isLogged: isLogged, session)
    let loader = RowLoader(conninfo: conninfo, table: table, connections: connections)
    if let end = sequences.last {
      let before = first.manifest.rowTotal - first.manifest.rowCount
      progress.expect(rows: try archive.manifest(end).manifest.rowTotal - before)
    }
    var report = VerifyReport()
    report.checksManifestSignatures = settings.checksManifestSignatures
    var leaves = LeafSum()
    var last = first.manifest
    do {
      let verifier = ArchiveVerifier(settings, archive, progress: progress, cancellation: cancellation)
      var previous = firstSequence == 0 ? nil : try archive.manifest(firstSequence - 1)
      for sequence in sequences {
        let stored = try archive.manifest(sequence)
        guard stored.manifest.source.columns == first.manifest.source.columns else {
          throw Failure(
            .refused, "the table's columns changed between manifests \(firstSequence) and \(sequence)", on: archive.url,
            remedy: "replay the two stretches one by one")
        }
        verifier.check(stored, after: previous, &report)
        var outcome = BundleOutcome(sequence: sequence)
        try verifier.verifyBundle(stored.manifest, &outcome, makesTuples: true) { scan, batch in
          for row in batch.rows { leaves.add(row.leaf) }
          try loader.put(batch, from: scan)
        }
        report.add(outcome)
        report.manifests += 1
        report.headHash = stored.manifest.chain.headHash?.hex
        previous = stored
        last = stored.manifest
      }
    } catch {
      let cause = loader.abort(error)
      try? session.executeScript("DROP SCHEMA \(quoteIdentifier(schema)) CASCADE")
      throw cause
    }
    let stored = try loader.finish()
    guard stored == report.rows else {
      throw Failure(.bug, "\(report.rows) rows were sent, the server stored \(stored)", on: table.name.sql)
    }
    return Result(table: table, report: report, leaves: leaves, first: first.manifest, last: last)
  }

  /// Builds the indexes, two at a time.
  func buildIndexes(_ table: StagingTable) throws {
    let stages = Stages()
    let statements = table.indexStatements()
    let primary = statements.filter { $0.hasPrefix("ALTER") }
    let others = statements.filter { !$0.hasPrefix("ALTER") }
    let conninfo = conninfo
    for work in [others, primary] where !work.isEmpty {
      // A primary key needs the table for itself: it comes last, and alone.
      for lane in 0..<(work == primary ? 1 : 2) {
        stages.start("index") {
          let session = try PostgresSession(conninfo)
          let canceller = session.canceller
          stages.onFailure { canceller.cancel() }
          try session.executeScript("SET maintenance_work_mem = '256MB'; SET max_parallel_maintenance_workers = 2")
          for (index, statement) in work.enumerated() where work == primary || index % 2 == lane {
            try session.executeScript(statement)
          }
        }
      }
      try stages.join()
    }
  }
}
