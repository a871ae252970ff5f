// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import DrillRunner
import Postgres
import Signing

extension Audit.Verify {
  /// Refuses what would have the report say less than it seems to.
  func validateCompromise() throws {
    guard compromise.isGiven else { return }
    guard !shards.isGiven, !object.isGiven else {
      throw ValidationError("--since and --signer are for an archive and a database, in one process")
    }
    guard !noSignatures, try signatures.policy() == .all else {
      throw ValidationError("--since and --signer look at every signature: leave --no-signatures and --signatures out")
    }
  }

  /// Looks at archive and database, wherever they are named, and reports what one key signed since a theft.
  func reportCompromise(_ context: JobContext) throws {
    guard let suspect = context.keys.suspect else { return }
    let file = try compromise.list.map { try SuspectFile($0) }
    let suspects = SuspectList(file)
    var settings = try context.settings(table, signatures, checksManifests: true)
    settings.suspects = suspects
    var (report, looked) = try look(settings, context)
    for finding in context.registryFindings { report.add(finding) }
    try suspects.finish()
    try file?.finish()
    let bytes = context.console.bytesSeen
    context.console.measure { $0.note(report, nil, bytes: bytes) }
    let compromise = CompromiseReport(suspect, looked, suspects, report, list: compromise.list)
    try context.console.finish(compromise.json, compromise.text, status: compromise.status)
  }

  private func look(
    _ settings: VerifySettings, _ context: JobContext
  ) throws -> (report: VerifyReport, looked: CompromiseReport.Look) {
    let database = try table.conninfoIfAny(context.environment).map { conninfo in
      DatabaseVerifier(
        settings, conninfo: conninfo, table: try table.tableName(context.environment), progress: context.console,
        cancellation: context.cancellation)
    }
    let store = try archive.isConfigured(context.environment) ? try context.archive(archive) : nil
    guard store != nil || database != nil else {
      throw Failure(
        .configuration, "neither an archive nor a database is named", remedy: "give --archive and --database")
    }
    var looked = CompromiseReport.Look()
    for version in context.trusted?.walk.trusted ?? [] {
      for signer in version.registry.signers where context.keys.suspect?.key.isSameKey(as: signer.key) == true {
        looked.uses.formUnion(signer.key.uses)
      }
    }
    looked.table = try database.map { _ in try table.tableName(context.environment).sql }
    var archived: VerifyReport?
    if let store {
      let verifier = ArchiveVerifier(
        settings, store, progress: context.console, cancellation: context.cancellation)
      archived = try orEmpty { try verifier.run() }
      looked.archive = store.url
      looked.documents = try verifier.findSuspectDocuments()
    }
    looked.manifests = archived?.manifests ?? 0
    looked.archivedRows = archived?.rows ?? 0
    guard let database else { return (archived ?? VerifyReport(), looked) }
    let isEmpty = archived.map { $0.manifests == 0 && $0.isIntact } ?? true
    let report =
      if let store, let archived, !isEmpty {
        try Comparison(settings, store, database).run(archive: archived)
      } else { try orEmpty { try database.run() } }
    looked.tableRows = report.tableRows
    return (report, looked)
  }

  /// Nothing at all is a thing to find, too.
  private func orEmpty(_ body: () throws -> VerifyReport) throws -> VerifyReport {
    do { return try body() } catch let failure as Failure where failure.status == .nothingToCheck {
      var report = VerifyReport()
      report.tableRows = 0
      return report
    }
  }
}
