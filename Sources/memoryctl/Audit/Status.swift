// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore

extension Audit {
  struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Hold the archive against the calendar.",
      discussion: """
        Variables: AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM.

        Exit status: 65 a day is missing, or the newest day or the last drill is too old; 66 there is \
        no manifest.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @Option(help: "Days that the newest closed day may lie back.") var maxAge = 2
    @Option(help: "Days that the last drill may lie back.") var maxDrillAge = 100

    func run() throws {
      try requireRange(maxAge, 1...36_500, "--max-age")
      try requireRange(maxDrillAge, 1...36_500, "--max-drill-age")
      var limits = ArchiveStatus.Limits()
      limits.newestDayAge = maxAge
      limits.drillAge = maxDrillAge
      let status = try ArchiveStatus(try archive.archive(common.environment()), limits: limits, now: .now())
      try Console(common).finish(status.json, text(status), status: status.isWell ? .success : .integrity)
    }

    private func text(_ status: ArchiveStatus) -> String {
      var lines = [status.isWell ? "well" : "needs attention"]
      lines += status.problems.map { "  \($0)" }
      let first = status.firstDay?.description ?? "-"
      let newest = status.newestClosedDay?.description ?? "-"
      lines.append("days \(first) to \(newest), \(status.emptyDays) without rows, \(status.missingTotal) missing")
      lines.append("\(status.rows) rows in \(status.manifests) manifests, \(status.anomalies) anomalies")
      if let end = status.earliestRetentionEnd {
        lines.append("the first lock ends on \(end.day), \(status.retentionRunningOut) end within 30 days")
      }
      lines.append("last drill \(status.lastDrill?.isoSeconds ?? "never")")
      if let head = status.headHash { lines.append("head \(head)") }
      return lines.joined(separator: "\n")
    }
  }
}
