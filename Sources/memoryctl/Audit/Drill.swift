// SPDX-License-Identifier: Apache-2.0
import ArchivePages
import ArchiveStore
import ArgumentParser
import AuditCore
import DrillRunner
import HTMLPage
import Signing

extension Audit {
  struct Drill: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prove that the archive can be restored: the quarterly job.",
      discussion: """
        Restores the selected days into a schema of its own, checks hashes, chain and signatures there, alters one \
        staged row in a transaction that is rolled back to prove that the check can fail, and stores a signed report.

        --html writes the report as one page, also where the drill failed; with --report of an earlier drill.

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
    @OptionGroup var metrics: MetricsOptions
    @OptionGroup var page: PageOptions

    @Flag(help: "Leave the staged schema.")
    var keep = false

    @Option(help: "Schema to create; by default a name of the drill's own.")
    var schema: String?

    @Option(help: "Run no drill: show the stored report of an earlier one, by its key, or latest.")
    var report: String?

    func validate() throws { try requireSchema(schema) }

    func run() throws {
      try page.requireText(common)
      if let report { return try show(report) }
      try JobRun("drill", common, metrics, archive).run(run)
    }

    private func run(_ console: Console) throws {
      let selection = try staging.selection(default: .latest)
      let context = try JobContext(common, console: console).followingUnforked(archive)
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
      console.measure { measures in
        (measures.rows, measures.recoverySeconds) = (report.rows, report.recoverySeconds)
        measures.anomalies = report.anomalies.total + report.findings.count
      }
      try page.finish(
        try self.page(of: report, archive, context), context.console, report.json, text(report, job.schema),
        status: report.exitStatus)
    }

    private func page(of report: DrillReport, _ archive: ArchiveStore.Archive, _ context: JobContext) throws -> Page {
      let document = report.document
      let drill = try StoredDrill(document?.content ?? report.signed, proof: document?.proof, stream: archive.stream)
      let keys = context.keys
      let verdict = document.map { keys.verify($0.proof, over: $0.digest, at: report.startedAt, for: .manifests) }
      return DrillPage(drill, of: archive, key: report.key, verdict: verdict).page
    }

    /// Shows a stored report; it is worth as much as its signature.
    private func show(_ name: String) throws {
      let context = try JobContext(common).followingSoundly(archive)
      let archive = try context.archive(archive)
      let (key, document, drill) = try archive.drillReport(name == "latest" ? nil : name)
      let verdict = context.keys.verify(document.proof, over: document.digest, at: drill.startedAt, for: .manifests)
      let passed = drill.isPassed ? "passed" : "failed"
      let json = JSONValue.object([
        "verdict": .string(passed), "signature": .string(verdict.word), "report": .string(key),
        "startedAt": .string(drill.startedAt.isoSeconds), "days": .string(drill.days), "rows": .count(drill.rows),
      ])
      let isProved: Bool = if case .valid = verdict { drill.isPassed } else { false }
      try page.finish(
        DrillPage(drill, of: archive, key: key, verdict: verdict).page, context.console, json,
        "drill \(passed): \(drill.rows) rows of \(drill.days)\nreport \(key)\nsignature \(verdict.word)",
        status: isProved ? .success : .integrity)
    }

    private func text(_ report: DrillReport, _ schema: String) -> String {
      var text = "drill \(report.verdict): \(report.rows) rows of \(report.days)"
      for step in report.steps {
        text +=
          "\n  \(step.isPassed ? "ok    " : "FAILED") \(oneDecimal(step.seconds)) s  \(step.name): \(step.detail.visible)"
      }
      text += "\nrecovery time \(oneDecimal(report.recoverySeconds)) s"
      if let point = report.recoveryPoint { text += ", recovery point \(point.isoSeconds)" }
      if let key = report.key { text += "\nreport \(key)" }
      if keep { text += "\nthe staged schema is \(schema)" }
      return text + anomalyText(report.anomalies)
    }
  }
}

extension ProofVerdict {
  fileprivate var word: String {
    switch self {
    case .valid: "valid"
    case .unverifiable(let reason): "unverifiable: \(reason)"
    case .invalid(let reason): "invalid: \(reason)"
    }
  }
}

/// Seconds with one decimal, five wide.
func oneDecimal(_ seconds: Double) -> String {
  let tenths = Int((seconds * 10).rounded())
  let text = "\(tenths / 10).\(tenths % 10)"
  return String(repeating: " ", count: max(0, 5 - text.utf8.count)) + text
}
