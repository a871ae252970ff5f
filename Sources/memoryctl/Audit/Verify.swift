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
        the other lacks; with FILE one bundle or an archive that the older tools wrote. Without any of them the archive \
        of AUDIT_ARCHIVE_URL is, or else the table of DATABASE_URL.

        Variables: DATABASE_URL, AUDIT_TABLE, AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, AUDIT_SIGNING_KEY, \
        AUDIT_SIGNING_PUBLIC_KEY, AUDIT_SIGNING_KMS_KEY_ID, SIGNING_PROXY_URL, AUDIT_SIGNERS_FILE, REQUIRE_KMS, NODE_ENV; \
        secrets also as NAME_FILE.

        Exit status: 65 something does not verify, 66 there was nothing to check.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var signatures: SignatureOptions

    @Flag(help: "Check hashes and links alone: neither rows' nor manifests' signatures.")
    var noSignatures = false

    @OptionGroup var compromise: CompromiseOptions

    @Argument(help: "A bundle, or a JSON archive of the older tools.")
    var file: String?

    func run() throws {
      let context = try JobContext(common, checksSignatures: !noSignatures).following(archive)
      var report = try verify(try compromise.distrusting(context))
      for finding in context.registryFindings { report.add(finding) }
      guard !report.isIntact || report.rows > 0 || report.manifests > 0 else {
        throw Failure(
          .nothingToCheck, "it has no rows", on: "FILE",
          remedy: "name a file with rows: checking nothing proves nothing")
      }
      if try compromise.finish(report, context) { return }
      try context.console.finish(report.json, text(report), status: report.isIntact ? .success : .integrity)
    }

    private func verify(_ context: JobContext) throws -> VerifyReport {
      var settings = try context.settings(table, signatures, checksManifests: !noSignatures)
      guard !(noSignatures && signatures.requireSignatures) else {
        throw ValidationError("--require-signatures cannot be met with --no-signatures")
      }
      if noSignatures { settings.signatures = .none }
      if let file {
        try requirePath(file)
        return try FileVerifier(settings, path: file, progress: context.console, cancellation: context.cancellation)
          .run()
      }
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

    private func text(_ report: VerifyReport) -> String {
      var text = "\(report.isIntact ? "intact" : "broken"): \(report.rows) rows"
      if report.manifests > 0 { text += " in \(report.manifests) manifests" }
      let counts = report.signatures
      text += "\nsignatures: \(counts.valid) valid, \(counts.unsigned) unsigned, \(counts.invalid) invalid, "
      text += "\(counts.unverifiable) unverifiable, \(counts.skipped) not checked"
      if !report.checksManifestSignatures { text += "\nthe manifests' signatures were not checked" }
      if let head = report.headHash { text += "\nhead \(head)" }
      for finding in report.findings.prefix(20) { text += "\n  \(finding)" }
      if report.findingsTotal > 20 { text += "\n  and \(report.findingsTotal - 20) more findings" }
      text += anomalyText(report.anomalies)
      for note in report.notes.prefix(20) { text += "\nnote: \(note)" }
      return text
    }
  }
}
