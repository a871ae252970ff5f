// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import DrillRunner
import Signing

extension Audit {
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify a chain in an archive, in a database, or in one against the other.",
      discussion: """
        With --archive the archive is verified, with --database the table, with both also that neither holds a row that \
        the other lacks; with FILE, --from-file or --from-s3 one bundle, or an archive that the older tools wrote, which \
        --replay also restores into staging. Without any of them the archive \
        of AUDIT_ARCHIVE_URL is, or else the table of DATABASE_URL. With --since and --signer both are looked at.

        Several processes share an archive: each takes a --shard and stores its verdict, --join, \
        with the same options, gives that of the run.

        Variables: DATABASE_URL, AUDIT_TABLE, AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, AUDIT_SIGNING_KEY, \
        AUDIT_SIGNING_PUBLIC_KEY, AUDIT_SIGNING_KMS_KEY_ID, SIGNING_PROXY_URL, AUDIT_SIGNERS_FILE, REQUIRE_KMS, NODE_ENV; \
        secrets also as NAME_FILE. With --replay: STAGING_DATABASE_URL. A shard: AUDIT_MANIFEST_SIGNER, JOB_COMPLETION_INDEX, AUDIT_SHARDS, AUDIT_RUN.

        Exit status: 65 something does not verify, 66 there was nothing to check. A shard that stored its verdict exits 0, \
        whatever it found; --join exits 75 while verdicts are missing.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var signatures: SignatureOptions
    @OptionGroup var metrics: MetricsOptions

    @OptionGroup var shards: ShardOptions
    @OptionGroup var compromise: CompromiseOptions

    @Flag(help: "Check hashes and links alone: neither rows' nor manifests' signatures.")
    var noSignatures = false

    @OptionGroup var object: FileOptions

    @Flag(help: "Also restore an archive of the older tools into a schema of its own in --staging.")
    var replay = false

    @OptionGroup var staging: StagingTarget
    @OptionGroup var restore: RestoreOptions

    func validate() throws {
      guard !(noSignatures && signatures.requireSignatures) else {
        throw ValidationError("--require-signatures cannot be met with --no-signatures")
      }
      guard !shards.isGiven || !object.isGiven && table.database == nil else {
        throw ValidationError("--shard, --run and --join are for an archive, not for a file or --database")
      }
      try validateCompromise()
      try validateFile()
    }

    func run() throws {
      try JobRun(try job(), common, metrics, archive, isTrial: object.dryRun).run(run)
    }

    /// What the run is called where jobs are watched: a file, or a share of an archive, says nothing of the whole.
    private func job() throws -> String {
      if object.isGiven { return "verify-file" }
      guard table.database == nil, case .shard = try shards.part(common.environment()) else { return "verify" }
      return "verify-shard"
    }

    private func run(_ console: Console) throws {
      let context = try compromise.distrusting(
        try JobContext(common, console: console, checksSignatures: !noSignatures || shards.join != nil)
          .following(archive))
      if compromise.isGiven { return try reportCompromise(context) }
      var settings = try context.settings(table, signatures, checksManifests: !noSignatures)
      if noSignatures { settings.signatures = .none }
      if object.isGiven { return try verifyFile(settings, context) }
      switch try table.database == nil ? shards.part(context.environment) : .whole {
      case .whole: try finish(try verify(settings, context), context)
      case .shard(let shard, let run): try verify(shard, of: run, settings, context)
      case .join(let run, let count):
        let join = ShardJoin(
          settings, try context.archive(archive), run, shards: count, progress: context.console,
          cancellation: context.cancellation)
        try finish(try join.verify(), context)
      }
    }

    private func finish(_ report: VerifyReport, _ context: JobContext) throws {
      var report = report
      for finding in context.registryFindings { report.add(finding) }
      try context.console.finish(nil, report, nil)
    }

    private func verify(_ settings: VerifySettings, _ context: JobContext) throws -> VerifyReport {
      let hasArchive =
        try archive.url != nil || table.database == nil && archive.isConfigured(context.environment)
      let hasDatabase = try table.database != nil || !hasArchive && table.conninfoIfAny(context.environment) != nil
      guard hasArchive || hasDatabase else {
        throw Failure(
          .configuration, "neither an archive nor a database is named", remedy: "give --archive, --database or a file")
      }
      var report: VerifyReport?
      if hasArchive {
        let verifier = ArchiveVerifier(
          settings, try context.archive(archive), progress: context.console,
          cancellation: context.cancellation)
        report = try verifier.run()
      }
      guard hasDatabase else { return report! }
      let database = DatabaseVerifier(
        settings, conninfo: try table.conninfo(context.environment), table: try table.tableName(context.environment),
        progress: context.console, cancellation: context.cancellation)
      guard let report else { return try database.run() }
      return try Comparison(settings, try context.archive(archive), database).run(archive: report)
    }
  }
}
