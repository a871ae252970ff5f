// SPDX-License-Identifier: Apache-2.0
import AuditCore
import CoreMetrics
import DrillRunner
import Server

/// What a run came to, for who watches over runs.
struct JobMeasures: Sendable {
  var rows: Int?
  var bytes: Int?
  var anomalies: Int?
  /// How long a drill took to restore.
  var recoverySeconds: Double?
  /// How the archive stands, where the run has looked.
  var archive: ArchiveMeasures?

  static let lastSuccess = "memory_audit_job_last_success_timestamp_seconds"

  private static let help =
    ArchiveMeasures.help.merging([
      "memory_audit_job_last_run_timestamp_seconds": "When the last run ended.",
      lastSuccess: "When the last run ended that exited with 0.",
      "memory_audit_job_exit_status": "What the last run exited with, as docs/interface.md lists it.",
      "memory_audit_job_duration_seconds": "How long the last run took.",
      "memory_audit_job_rows": "Rows that the last run archived, verified or restored.",
      "memory_audit_job_bytes": "Bytes of content that went with them.",
      "memory_audit_job_anomalies": "Anomalies and findings of the last run.",
      "memory_audit_drill_recovery_seconds": "How long the last drill took to restore.",
    ]) { $1 }

  /// What Prometheus reads of a run that has ended.
  ///
  /// - Parameter earlier: what the last run left, whose last success stays where this one was none.
  func text(of run: JobEnd, earlier: String = "") -> String {
    let registry = PrometheusRegistry(help: Self.help)
    let labels = [("command", run.command), ("stream", run.stream)]
    func set(_ name: String, _ value: Double?) {
      if let value { registry.makeMeter(label: name, dimensions: labels).set(value) }
    }
    let endedAt = Double(run.endedAt.unixSeconds)
    set("memory_audit_job_last_run_timestamp_seconds", endedAt)
    set("memory_audit_job_exit_status", Double(run.status))
    set("memory_audit_job_duration_seconds", run.seconds)
    set("memory_audit_job_rows", rows.map(Double.init))
    set("memory_audit_job_bytes", bytes.map(Double.init))
    set("memory_audit_job_anomalies", anomalies.map(Double.init))
    set("memory_audit_drill_recovery_seconds", recoverySeconds)
    set(Self.lastSuccess, run.status == 0 ? endedAt : Self.success(earlier, labels))
    archive?.set(in: registry, labels: [("stream", run.stream)])
    return registry.text
  }

  /// The last success that an earlier text tells of.
  private static func success(_ earlier: String, _ labels: [(String, String)]) -> Double? {
    let probe = PrometheusRegistry()
    probe.makeMeter(label: lastSuccess, dimensions: labels).set(Int64(0))
    guard let series = probe.text.split(separator: "\n").last?.dropLast(1) else { return nil }
    let line = earlier.split(separator: "\n").first { $0.hasPrefix(series) }
    return line.flatMap { Double($0.dropFirst(series.count)) }
  }
}

extension JobMeasures {
  /// - Parameter database: what verifying a database besides found.
  mutating func note(_ report: VerifyReport, _ database: VerifyReport?, bytes: Int) {
    (rows, self.bytes) = (report.rows, bytes)
    anomalies = [report, database].compactMap { $0 }.reduce(0) { $0 + $1.anomalies.total + $1.findingsTotal }
  }
}

/// How a run ended.
struct JobEnd: Sendable {
  let command: String
  let stream: String
  let status: Int32
  let endedAt: Timestamp
  let seconds: Double
}
