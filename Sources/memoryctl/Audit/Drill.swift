// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import DrillRunner
import Signing

extension Audit {
  struct Drill: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prove that the archive can be restored: the quarterly job.",
      discussion: """
        Restores the selected days into a schema of its own, checks hashes, chain and signatures there, alters one \
        staged row in a transaction that is rolled back to prove that the check can fail, and stores a signed report.

        Variables: STAGING_DATABASE_URL, AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, AUDIT_MANIFEST_SIGNER, and the keys as \
        for audit verify.

        What lies in cold storage is asked back first; the drill then exits 75, and goes on when it is run again.

        Exit status: 65 the drill failed, 66 nothing is selected, 73 the target is the archive's own source, 75 objects wait \
        for their restore; what else \
        keeps a drill from its end exits by its own status, and the report says so.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var staging: StagingOptions
    @OptionGroup var cold: ColdOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var signatures: SignatureOptions

    @Flag(help: "Leave the staged schema.")
    var keep = false

    @Option(help: "Schema to create; by default a name of the drill's own.")
    var schema: String?

    func run() throws {
      let selection = try staging.selection(default: .latest)
      let context = try JobContext(common).followingWithWarnings(archive)
      let archive = try context.archive(archive)
      let signer = try context.manifestSigner()
      let fixed = try cold.prepare(selection, archive, context, command: "memoryctl audit drill")
      var job = DrillJob(
        try context.settings(table, signatures, checksManifests: true), archive,
        staging: try staging.conninfo(context.environment), signer: signer, progress: context.console,
        cancellation: context.cancellation)
      job.keepsSchema = keep
      if let schema { job.schema = schema }
      let report = try job.run(fixed)
      try context.console.finish(report.json, text(report, job.schema), status: report.exitStatus)
    }

    private func text(_ report: DrillReport, _ schema: String) -> String {
      var text = "drill \(report.verdict): \(report.rows) rows of \(report.days)"
      for step in report.steps {
        text += "\n  \(step.isPassed ? "ok    " : "FAILED") \(oneDecimal(step.seconds)) s  \(step.name): \(step.detail)"
      }
      text += "\nrecovery time \(oneDecimal(report.recoverySeconds)) s"
      if let point = report.recoveryPoint { text += ", recovery point \(point.isoSeconds)" }
      if let key = report.key { text += "\nreport \(key)" }
      if keep { text += "\nthe staged schema is \(schema)" }
      return text + anomalyText(report.anomalies)
    }
  }
}

/// Seconds with one decimal, five wide.
func oneDecimal(_ seconds: Double) -> String {
  let tenths = Int((seconds * 10).rounded())
  let text = "\(tenths / 10).\(tenths % 10)"
  return String(repeating: " ", count: max(0, 5 - text.utf8.count)) + text
}
