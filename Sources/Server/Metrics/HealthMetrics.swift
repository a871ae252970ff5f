// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import CoreMetrics
internal import Signing

/// The metrics of ``HealthServer``; docs/serve.md lists them.
struct HealthMetrics: Sendable {
  let registry: PrometheusRegistry

  static let help = [
    "memory_audit_sign_failures_total": "Probes that found a signer unable to sign.",
    "memory_audit_signer_up": "1 where the signer could sign at the last probe.",
    "memory_audit_signer_probe_seconds": "How long the last probe's answer took.",
    "memory_audit_archive_up": "1 where the archive could be looked at.",
    "memory_audit_archive_manifests": "Manifests of the archive.",
    "memory_audit_archive_newest_closed_day_timestamp_seconds": "End of the newest closed day.",
    "memory_audit_archive_last_run_timestamp_seconds": "When the newest manifest was made.",
    "memory_audit_archive_last_drill_timestamp_seconds": "When the last drill began that passed.",
    "memory_audit_archive_missing_days": "Days that are over, due and not closed.",
    "memory_audit_archive_anomalies": "Rows that the manifests name as anomalies.",
    "memory_audit_archive_problems": "Things that make audit status exit with 65.",
    "memory_audit_archive_earliest_retention_end_timestamp_seconds": "End of the lock that ends first.",
    "memory_audit_archive_retention_running_out": "Manifests whose lock ends within 30 days, or has ended.",
    "memory_audit_build_info": "The program's version.",
  ]

  init(_ registry: PrometheusRegistry) {
    self.registry = registry
    gauge("memory_audit_build_info", [("version", Tool.version)]).set(Int64(1))
  }

  func note(_ state: SignerState) {
    let labels = [("use", state.use.rawValue), ("backend", state.backend)]
    let failures = registry.makeCounter(label: "memory_audit_sign_failures_total", dimensions: labels)
    failures.increment(by: Int64(state.health.isUsable ? 0 : 1))
    gauge("memory_audit_signer_up", labels).set(Int64(state.health.isUsable ? 1 : 0))
    if let latency = state.health.latency {
      gauge("memory_audit_signer_probe_seconds", labels).set(Double(latency.milliseconds) / 1000)
    }
  }

  func note(_ found: Result<ArchiveFreshness, Failure>) {
    guard case .success(let freshness) = found else { return gauge("memory_audit_archive_up").set(Int64(0)) }
    gauge("memory_audit_archive_up").set(Int64(1))
    gauge("memory_audit_archive_manifests").set(Int64(freshness.manifests))
    if let day = freshness.newestClosedDay {
      gauge("memory_audit_archive_newest_closed_day_timestamp_seconds").set(day.next.start.unixSeconds)
    }
    if let run = freshness.lastRun { gauge("memory_audit_archive_last_run_timestamp_seconds").set(run.unixSeconds) }
    if let drill = freshness.lastDrill {
      gauge("memory_audit_archive_last_drill_timestamp_seconds").set(drill.unixSeconds)
    }
  }

  /// What only a look at the whole archive tells.
  func note(_ status: ArchiveStatus) {
    gauge("memory_audit_archive_missing_days").set(Int64(status.missingTotal))
    gauge("memory_audit_archive_anomalies").set(Int64(status.anomalies))
    gauge("memory_audit_archive_problems").set(Int64(status.findings.count))
    gauge("memory_audit_archive_retention_running_out").set(Int64(status.retentionRunningOut))
    if let end = status.earliestRetentionEnd, end.isFinite {
      gauge("memory_audit_archive_earliest_retention_end_timestamp_seconds").set(end.unixSeconds)
    }
  }

  private func gauge(_ name: String, _ labels: [(String, String)] = []) -> any MeterHandler {
    registry.makeMeter(label: name, dimensions: labels)
  }
}
