// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import DrillRunner
import Postgres
import Signing

/// Where rows are restored to.
struct StagingTarget: ParsableArguments {
  @Option(help: "Postgres URL of the staging database [STAGING_DATABASE_URL].")
  var staging: String?

  func conninfo(_ environment: Environment) throws -> String {
    guard let url = try staging ?? environment.value("STAGING_DATABASE_URL") else {
      throw Failure(
        .configuration, "no staging database is configured", on: "STAGING_DATABASE_URL",
        remedy: "set it to postgresql://user@host/database, or give --staging")
    }
    return url
  }
}

/// Where rows are restored to, and which.
struct StagingOptions: ParsableArguments {
  @OptionGroup var target: StagingTarget

  @Option(help: "What to restore: latest, day:D, range:D..D, random:N, all.")
  var select: String?

  func conninfo(_ environment: Environment) throws -> String { try target.conninfo(environment) }

  func selection(default fallback: Selection) throws -> Selection {
    guard let select else { return fallback }
    guard let selection = Selection(select) else {
      throw ValidationError(
        "--select takes latest, day:2026-11-23, range:2026-11-01..2026-11-23, random:N with N from 1 to \(Selection.mostDays), or all"
      )
    }
    return selection
  }
}

extension Audit {
  struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Restore archived rows into a schema of their own in a staging database.",
      discussion: """
        Variables: STAGING_DATABASE_URL, DATABASE_URL, AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, and the keys as for audit verify.

        Exit status: 65 what was restored does not verify, 66 nothing is selected, 73 the target is the archive's own \
        source, or the schema exists, or cannot be replaced without what others put there, 75 objects wait for their restore from cold storage.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var staging: StagingOptions
    @OptionGroup var cold: ColdOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var signatures: SignatureOptions
    @OptionGroup var metrics: MetricsOptions

    @OptionGroup var restore: RestoreOptions
    @OptionGroup var object: FileOptions

    func validate() throws {
      guard !object.isGiven || staging.select == nil && archive.url == nil else {
        throw ValidationError("a file is restored whole: it goes neither with --archive nor with --select")
      }
    }

    func run() throws { try JobRun("replay", common, metrics, archive, isTrial: object.dryRun).run(run) }

    private func run(_ console: Console) throws {
      let selection = try staging.selection(default: .all)
      let context = try JobContext(common, console: console).followingUnforked(archive)
      let settings = try context.settings(table, signatures, checksManifests: true)
      let conninfo = try staging.conninfo(context.environment)
      if object.isGiven {
        let replay = try object.replay(settings, context, table, restore, staging: conninfo)
        if object.dryRun { return try context.console.finish(replay.plan(schema: restore.schemaName)) }
        return try context.console.finish(try replay.run(schema: restore.schemaName))
      }
      let archive = try context.archive(archive)
      var job = ReplayJob(
        settings, archive, staging: conninfo, progress: context.console, cancellation: context.cancellation)
      job.replacesSchema = restore.force
      job.verifiesTable = restore.verifyDB
      if object.dryRun {
        return try finish(context, job, try archive.sequences(selection, progress: context.console))
      }
      let result = try job.run(
        try archive.sequences(
          try cold.prepare(selection, archive, context, command: "memoryctl audit replay"), progress: context.console),
        schema: restore.schemaName, isLogged: true)
      try context.console.finish(result.isInPlace ? result.table : nil, result.report, result.staged)
    }

    /// Says what would be restored.
    private func finish(_ context: JobContext, _ job: ReplayJob, _ sequences: Range<Int>) throws {
      let plan = try job.plan(sequences, schema: restore.schemaName)
      let json = JSONValue.object([
        "dryRun": true, "manifests": .array(sequences.map { .count($0) }), "rows": .count(plan.rows),
        "table": .string(plan.table.sql), "replacesSchema": .bool(plan.replacesSchema),
      ])
      var text = "would restore \(plan.rows) rows of \(sequences.count) manifests into \(plan.table.sql)"
      if plan.replacesSchema { text += ", in the place of what an earlier replay left there" }
      try context.console.finish(json, text + "; nothing was done")
    }
  }
}
