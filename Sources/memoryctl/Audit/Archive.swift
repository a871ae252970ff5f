// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import Archiver
import ArgumentParser
import AuditCore
import Pipeline
import Signing

extension Audit {
  struct Archive: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify and export every closed day since the last manifest.",
      discussion: """
        Variables: DATABASE_URL, AUDIT_TABLE, AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, AUDIT_ARCHIVE_RETENTION_DAYS, \
        AUDIT_ARCHIVE_LEGAL_HOLD, AUDIT_ARCHIVE_KMS_KEY_ID, AUDIT_MANIFEST_SIGNER, AUDIT_SIGNING_KMS_KEY_ID, \
        AUDIT_SIGNING_ALG, SIGNING_PROXY_URL, AUDIT_SIGNING_KEY, AUDIT_SIGNING_PRIVATE_KEY, AUDIT_SIGNING_PUBLIC_KEY, \
        AUDIT_SIGNERS_FILE, REQUIRE_KMS, NODE_ENV; secrets also as NAME_FILE.

        Exit status: 65 anomalies were found (what is there is archived all the same), 66 the table has no rows, \
        75 another run holds the lock.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var signatures: SignatureOptions
    @OptionGroup var metrics: MetricsOptions

    @Option(help: "\"now\" exports today's rows too, as a part that leaves the day open.")
    var until: String?

    @Option(help: "The last day to close; by default yesterday.")
    var through: String?

    @Flag(help: "Say what would be archived, and write nothing.")
    var dryRun = false

    @Flag(help: "Go on behind the last common row of a database that was set back; recorded in the manifest.")
    var acceptRewind = false

    @OptionGroup var retention: RetentionOptions

    @Flag(
      help: "Go on over a manifest that continues the archive by a key that is not at hand: only where it is a forgery."
    )
    var passOverUnknown = false

    @Option(help: "How far back to read where the server cannot tell which transactions run, in hours.")
    var overlap = 24

    @Option(help: "Bundles that are uploaded at once, from 1 to 64.") var uploads = 4

    @Option(help: "Rows of a bundle at most.") var maxRows = 1 << 20
    @Option(help: "Bytes of a bundle's content at most.") var maxContentBytes = 1 << 30
    @Option(help: "Directory for what is on its way to the archive.") var spool: String?

    func run() throws { try JobRun("archive", common, metrics, archive, isTrial: dryRun).run(run) }

    private func run(_ console: Console) throws {
      let context = try JobContext(common, console: console).followingUnforked(archive)
      let environment = context.environment
      let signer = try context.manifestSigner()
      if signer.description.algorithm == .hmacSHA256 {
        console.warn(
          "manifests are signed with a shared key, which convinces nobody outside; set AUDIT_MANIFEST_SIGNER")
      }
      let job = ArchiveJob(
        try settings(environment), try context.archive(archive), signer: signer, keys: context.keys, progress: console,
        cancellation: context.cancellation)
      let report = try job.run()
      let bytes = console.bytesSeen
      console.measure { measures in
        (measures.rows, measures.bytes) = (report.rows, bytes)
        measures.anomalies = report.anomalies.total
      }
      try console.finish(report.json, text(report), status: report.isSound ? .success : .integrity)
    }

    private func settings(_ environment: Environment) throws -> ArchiveSettings {
      var settings = ArchiveSettings(
        conninfo: try table.conninfo(environment), table: try table.tableName(environment))
      settings.columns = table.names
      settings.signatures = try signatures.policy()
      settings.requiresSignatures = try signatures.isRequired(environment)
      guard until == nil || until == "now" else { throw ValidationError("--until takes \"now\"") }
      settings.includesToday = until == "now"
      settings.lastDay = try through.map { text in
        guard let day = UTCDay(text) else { throw ValidationError("--through takes a day like 2026-11-23") }
        return day
      }
      settings.isDryRun = dryRun
      settings.acceptsRewind = acceptRewind
      settings.passesOverUnknown = passOverUnknown
      try requireRange(overlap, 0...87_600, "--overlap")
      try requireRange(maxRows, 1...1 << 24, "--max-rows")
      try requireRange(maxContentBytes, 1...1 << 40, "--max-content-bytes")
      settings.overlapSeconds = Int64(overlap) * 3600
      settings.spoolDirectory = spool
      guard (1...64).contains(uploads) else { throw ValidationError("--uploads takes a number from 1 to 64") }
      settings.uploads = uploads
      settings.bundles.maxRows = maxRows
      settings.bundles.maxContentBytes = maxContentBytes
      settings.retentionDays = try retention.days(environment)
      settings.hasLegalHold = try environment.isTrue("AUDIT_ARCHIVE_LEGAL_HOLD")
      return settings
    }

    private func text(_ report: ArchiveReport) -> String {
      let verb = report.isDryRun ? "would archive" : "archived"
      var text = "\(verb) \(report.rows) rows in \(report.sequences.count) manifests"
      if let first = report.sequences.first, let last = report.sequences.last, !report.isDryRun {
        text += first == last ? " (\(first))" : " (\(first) to \(last))"
      }
      if let head = report.head { text += "\nhead \(head)" }
      if let waiting = report.waiting {
        text += "\n\(waiting.rows) rows wait: the chain has them behind a row that is stamped \(waiting.behind),"
        text += " later than the server's clock; find out who stamped it"
      }
      return text + anomalyText(report.anomalies)
    }
  }
}

/// The anomalies of a report, a line each, the first twenty.
func anomalyText(_ log: AnomalyLog) -> String {
  guard !log.isEmpty else { return "" }
  var text = "\n\(log.total) \(log.total == 1 ? "anomaly" : "anomalies")"
  for anomaly in log.listed.prefix(20) {
    text += "\n  " + "\(anomaly.kind.rawValue) \(anomaly.id): \(anomaly.detail)".visible
  }
  if log.total > 20 { text += "\n  and \(log.total - 20) more" }
  return text
}
