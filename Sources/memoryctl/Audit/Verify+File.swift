// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import DrillRunner
import Signing

extension Audit.Verify {
  /// Refuses flags that contradict each other, or that nothing would come of.
  func validateFile() throws {
    guard object.isGiven else {
      guard !replay, !restore.verifyDB, !object.dryRun else {
        throw ValidationError(
          "--replay, --verify-db and --dry-run of audit verify are for a file: name it by --from-file or --from-s3")
      }
      return try validateRestore()
    }
    guard archive.url == nil else {
      throw ValidationError("a file is verified by itself: give it, or --archive")
    }
    guard replay || restore.verifyDB || table.database == nil else {
      throw ValidationError("a file is not compared with --database; --verify-db verifies both, each by itself")
    }
    try validateRestore()
  }

  private func validateRestore() throws {
    guard replay || !restore.force && restore.schema == nil && staging.staging == nil else {
      throw ValidationError("--force, --schema and --staging are for what is restored: give --replay, too")
    }
  }

  /// Verifies a file, and what else is asked for.
  func verifyFile(_ settings: VerifySettings, _ context: JobContext) throws {
    if replay {
      context.warnOfRegistry()
      let job = try object.replay(
        settings, context, table, restore, staging: try staging.conninfo(context.environment))
      if object.dryRun { return try context.console.finish(job.plan(schema: restore.schemaName)) }
      return try context.console.finish(try job.run(schema: restore.schemaName))
    }
    let verifier = try object.verifier(settings, context)
    if object.dryRun { return try context.console.finish(verifier.plan()) }
    // What is missing is known before the file is read.
    let database =
      restore.verifyDB
      ? DatabaseVerifier(
        settings, conninfo: try table.conninfo(context.environment), table: try table.tableName(context.environment),
        progress: context.console, cancellation: context.cancellation) : nil
    var report = try verifier.run()
    for finding in context.registryFindings { report.add(finding) }
    guard !report.isIntact || report.rows > 0 || report.manifests > 0 else {
      throw Failure(
        .nothingToCheck, "it has no rows", on: report.file?.name,
        remedy: "name a file with rows: checking nothing proves nothing")
    }
    try context.console.finish(nil, report, try database?.run())
  }
}

extension FileOptions {
  /// The replay of what is named.
  func replay(
    _ settings: VerifySettings, _ context: JobContext, _ table: TableOptions, _ restore: RestoreOptions,
    staging: String
  ) throws -> FileReplay {
    var replay = FileReplay(try verifier(settings, context), staging: staging)
    replay.production = try table.conninfoIfAny(context.environment)
    replay.productionTable = try table.tableName(context.environment)
    replay.replacesSchema = restore.force
    replay.verifiesTable = restore.verifyDB
    return replay
  }
}
