// SPDX-License-Identifier: Apache-2.0
import ArchivePages
import ArchiveStore
import ArgumentParser
import AuditCore
import Server
import Signing

extension Audit {
  struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Hold the archive against the calendar.",
      discussion: """
        Manifests' places and signatures are checked with the keys at hand. A drill counts that passed, by a report that a \
        key at hand verifies. --html draws days, chain, signers, retention and drills as one page, also where something is \
        wrong.

        Variables: AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, and the keys as for audit verify.

        Exit status: 65 a day is missing, the newest day or the last drill is too old, the last drill failed, or a \
        manifest does not verify; 66 there is no manifest.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var metrics: MetricsOptions
    @OptionGroup var page: PageOptions
    @Option(help: "Days that the newest closed day may lie back.") var maxAge = 2
    @Option(help: "Days that the last drill may lie back.") var maxDrillAge = 100

    @Flag(
      help: "Manifests that no key at hand can verify are a problem; so they are with REQUIRE_KMS or in production.")
    var requireSignatures = false

    func run() throws {
      try page.requireText(common)
      try JobRun("status", common, metrics, archive).run(run)
    }

    private func run(_ console: Console) throws {
      let context = try JobContext(common, console: console).followingWithWarnings(archive)
      try requireRange(maxAge, 1...36_500, "--max-age")
      try requireRange(maxDrillAge, 1...36_500, "--max-drill-age")
      var limits = ArchiveStatus.Limits()
      limits.newestDayAge = maxAge
      limits.drillAge = maxDrillAge
      limits.requiresSignatures = try requireSignatures || context.environment.requiresSigning()
      let archive = try context.archive(archive)
      var status = try ArchiveStatus(
        archive, keys: context.keys, limits: limits, now: .now(), drills: page.html == nil ? 0 : StatusPage.drills,
        cancellation: context.cancellation)
      status.add(registry: context.registryDoubts)
      console.measure { [status] in $0.archive = ArchiveMeasures(status) }
      try page.finish(
        StatusPage(status, of: archive).page, context.console, status.json, text(status),
        status: status.isWell ? .success : .integrity)
    }

    private func text(_ status: ArchiveStatus) -> String {
      var lines = [status.isWell ? "well" : "needs attention"]
      lines += status.problems.map { "  \($0.visible)" }
      let first = status.firstDay?.description ?? "-"
      let newest = status.newestClosedDay?.description ?? "-"
      lines.append("days \(first) to \(newest), \(status.emptyDays) without rows, \(status.missingTotal) missing")
      lines.append("\(status.rows) rows in \(status.manifests) manifests, \(status.anomalies) anomalies")
      if let end = status.earliestRetentionEnd {
        lines.append("the first lock ends on \(end.day), \(status.retentionRunningOut) end within 30 days")
      }
      lines.append("last drill \(status.lastDrill?.isoSeconds ?? "never")")
      lines += status.notes.map { "note: \($0.visible)" }
      if let head = status.headHash { lines.append("head \(head)") }
      return lines.joined(separator: "\n")
    }
  }
}
