// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import DrillRunner
import Postgres
import Signing

/// Where rows are restored to.
struct StagingOptions: ParsableArguments {
  @Option(help: "Postgres URL of the staging database [STAGING_DATABASE_URL].")
  var staging: String?

  @Option(help: "What to restore: latest, day:D, range:D..D, random:N, all.")
  var select: String?

  func conninfo(_ environment: Environment) throws -> String {
    guard let url = try staging ?? environment.value("STAGING_DATABASE_URL") else {
      throw Failure(
        .configuration, "no staging database is configured", on: "STAGING_DATABASE_URL",
        remedy: "set it to postgresql://user@host/database, or give --staging")
    }
    return url
  }

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
        source, or the schema exists, 75 objects wait for their restore from cold storage.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var staging: StagingOptions
    @OptionGroup var cold: ColdOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var signatures: SignatureOptions

    @Option(help: "Schema to create.")
    var schema = "memoryctl_replay"

    @Argument(help: "A JSON archive of the older tools, instead of --archive.")
    var file: String?

    func run() throws {
      let selection = try staging.selection(default: .all)
      let context = try JobContext(common).followingWithWarnings(archive)
      let settings = try context.settings(table, signatures, checksManifests: true)
      if let file {
        try requirePath(file)
        var replay = FileReplay(
          settings, path: file, staging: try staging.conninfo(context.environment), progress: context.console,
          cancellation: context.cancellation)
        replay.production = try table.conninfoIfAny(context.environment)
        replay.productionTable = try table.tableName(context.environment)
        let (table, report) = try replay.run(schema: schema)
        return try finish(context, table, report)
      }
      let archive = try context.archive(archive)
      let job = ReplayJob(
        settings, archive, staging: try staging.conninfo(context.environment), progress: context.console,
        cancellation: context.cancellation)
      let result = try job.run(
        try archive.sequences(try cold.prepare(selection, archive, context, command: "memoryctl audit replay")),
        schema: schema, isLogged: true)
      try finish(context, result.table, result.report)
    }

    private func finish(_ context: JobContext, _ table: StagingTable, _ report: VerifyReport) throws {
      let name = table.name.sql
      let members = [JSONValue.Member("table", .string(name))] + (report.json.members ?? [])
      var text = "restored \(report.rows) rows into \(name)"
      for finding in report.findings { text += "\n  \(finding)" }
      try context.console.finish(
        .object(members), text + anomalyText(report.anomalies),
        status: report.isIntact ? .success : .integrity)
    }
  }
}
