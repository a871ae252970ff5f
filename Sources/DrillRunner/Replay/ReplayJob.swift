// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import ChainReader
internal import Cryptography
public import Pipeline
public import Postgres

/// Restores archived rows into a staging database, checking them on the way.
public struct ReplayJob: Sendable {
  let settings: VerifySettings
  let archive: Archive
  let conninfo: String
  let progress: any ProgressListener
  let cancellation: Cancellation
  /// Connections that feed the table.
  public var connections = 2
  /// Drop what an earlier replay left in the schema.
  public var replacesSchema = false
  /// Verify the staged table once it is there.
  public var verifiesTable = false

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
  public struct Result: Sendable, ReplayResult {
    public internal(set) var table: StagingTable
    public internal(set) var report: VerifyReport
    /// What verifying the staged table found, where that was asked for.
    public internal(set) var staged: VerifyReport?
    /// False where an earlier replay's table stays, as this one does not verify.
    public internal(set) var isInPlace = true
    /// Sum of the archived rows' leaves.
    let leaves: LeafSum
    /// Where the restored stretch of the chain begins and ends.
    let first: Manifest
    public let last: Manifest
    /// Greatest `created_at` of what was restored.
    let newest: Timestamp?
  }

  /// Restores the bundles of some manifests, contiguous ones, and builds the indexes.
  ///
  /// - Throws: an ``ArchiveFinding`` for a manifest that is not signed as it must be, before anything is created.
  public func run(_ sequences: Range<Int>, schema: String, isLogged: Bool) throws -> Result {
    let plan = try restorePlan(sequences)
    let stretch = plan.stretches[0]
    let session = try PostgresSession(conninfo)
    try plan.refuseSource(session)
    return try ReplaySchema(name: schema, replaces: replacesSchema).restore(session, progress) { work in
      let name = TableName(schema: work, name: StagingTable.originalName(stretch.source))
      var result = try load(stretch, into: name, isLogged: isLogged)
      try buildIndexes(result.table)
      try session.executeScript("ANALYZE \(name.sql)")
      if verifiesTable { result.staged = try verifyTable(result) }
      return result
    }
  }

  /// Looks whether the manifests can be restored there, and does nothing.
  public func plan(
    _ sequences: Range<Int>, schema: String
  ) throws -> (rows: Int, table: TableName, replacesSchema: Bool) {
    let plan = try restorePlan(sequences)
    let session = try PostgresSession(conninfo)
    try plan.refuseSource(session)
    return (
      plan.rows, TableName(schema: schema, name: StagingTable.originalName(plan.stretches[0].source)),
      try ReplaySchema(name: schema, replaces: replacesSchema).check(session)
    )
  }

  /// - Returns: a plan of one stretch, of manifests that are signed as they must be.
  private func restorePlan(_ sequences: Range<Int>) throws -> RestorePlan {
    let plan = try RestorePlan(archive, sequences, settings)
    if let fault = plan.faults.first { throw fault }
    if plan.stretches.count > 1 {
      let next = plan.stretches[1].sequences.lowerBound
      throw Failure(
        .refused, "the table's columns changed between manifests \(next - 1) and \(next)", on: archive.url,
        remedy: "replay the stretches one by one, by --select and --schema")
    }
    return plan
  }

  /// Walks a restored table's chain by itself, which must be the archive's.
  public func verifyTable(_ restored: Result) throws -> VerifyReport {
    let verifier = DatabaseVerifier(
      settings, conninfo: conninfo, table: restored.table.name, progress: progress, cancellation: cancellation)
    // Which rows a revoked key signed, and who vouches for them, was told when they were read from the archive.
    var (found, leaves) = try verifier.verify(
      head: restored.first.chain.previousHash, makesLeaves: true, tellsUntrusted: false)
    let name = restored.table.name.sql
    if found.headHash != restored.last.chain.headHash?.hex {
      found.add(ArchiveFinding(name, "the staged chain ends in another row"))
    }
    if found.signatures.untrusted != restored.report.signatures.untrusted {
      found.add(ArchiveFinding(name, "other rows of it than of the archive are signed by a revoked key"))
    }
    if leaves != restored.leaves { found.add(ArchiveFinding(name, "the staged rows are not the archived ones")) }
    return found
  }

  /// Restores one stretch into a new table of a schema that is there.
  func load(_ stretch: RestorePlan.Stretch, into name: TableName, isLogged: Bool) throws -> Result {
    let firstSequence = stretch.sequences.lowerBound
    let first = try archive.manifest(firstSequence).manifest
    let table = try StagingTable.create(
      stretch.source, as: name, isLogged: isLogged, try PostgresSession(conninfo))
    progress.expect(rows: stretch.rows)
    let loader = RowLoader(conninfo: conninfo, table: table, connections: connections)
    var report = VerifyReport()
    report.checksManifestSignatures = settings.checksManifestSignatures
    var leaves = LeafSum()
    var last = first
    var newest: Timestamp?
    do {
      let verifier = ArchiveVerifier(settings, archive, progress: progress, cancellation: cancellation)
      var previous = firstSequence == 0 ? nil : try archive.manifest(firstSequence - 1)
      for sequence in stretch.sequences {
        let stored = try archive.manifest(sequence)
        guard stored.manifest.source.hasSameColumns(as: stretch.source) else {
          throw ArchiveFinding(archive.name(Archive.manifestKey(sequence)), "it changed while it was read")
        }
        try verifier.check(stored, after: previous, &report)
        var outcome = BundleOutcome()
        outcome.countersigners = try verifier.rowCountersigners(stored)
        try verifier.verifyBundle(
          stored.manifest, &outcome, makesTuples: true, isVouchedFor: settings.checksManifestSignatures
        ) { scan, batch in
          for row in batch.rows { leaves.add(row.leaf) }
          try loader.put(batch, from: scan)
        }
        report.add(outcome)
        report.manifests += 1
        report.headHash = stored.manifest.chain.headHash?.hex
        newest = [newest, stored.manifest.rows?.lastCreatedAt].compactMap { $0 }.max()
        previous = stored
        last = stored.manifest
      }
    } catch { throw loader.abort(error) }
    let stored = try loader.finish()
    guard stored == report.rows else {
      throw Failure(.bug, "\(report.rows) rows were sent, the server stored \(stored)", on: table.name.sql)
    }
    return Result(table: table, report: report, leaves: leaves, first: first, last: last, newest: newest)
  }

  /// Sets what is NOT NULL and builds the indexes, two at a time.
  ///
  /// - Returns: columns that hold NULLs although the source has them NOT NULL.
  @discardableResult
  func buildIndexes(_ table: StagingTable) throws -> [String] {
    let left = try table.setNotNull(try PostgresSession(conninfo))
    let statements = table.indexStatements()
    // A primary key needs the table for itself: it comes last, and alone.
    let primary = statements.filter { $0.hasPrefix("ALTER") }
    let others = statements.filter { !$0.hasPrefix("ALTER") }
    do {
      try run(others, lanes: 2)
      try run(primary, lanes: 1)
    } catch let error as PostgresError where ["23505", "23502"].contains(error.sqlState) {
      throw Failure(
        .integrity, "the archived rows do not fit an index of their source: \(error.message)", on: table.name.sql,
        remedy: "look for rows that are there twice", cause: error)
    }
    return left
  }

  private func run(_ statements: [String], lanes: Int) throws {
    let stages = Stages()
    for lane in 0..<min(lanes, statements.count) {
      stages.start("index") { [conninfo] in
        let session = try PostgresSession(conninfo)
        let canceller = session.canceller
        stages.onFailure { canceller.cancel() }
        try session.executeScript("SET maintenance_work_mem = '256MB'; SET max_parallel_maintenance_workers = 2")
        for (index, statement) in statements.enumerated() where index % lanes == lane {
          try session.executeScript(statement)
        }
      }
    }
    try stages.join()
  }
}
