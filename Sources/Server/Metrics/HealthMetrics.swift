// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import CoreMetrics
internal import Signing

/// The metrics of ``HealthServer``; docs/serve.md lists them.
struct HealthMetrics: Sendable {
  let registry: PrometheusRegistry
  /// Of the archive's metrics: the jobs' have it, too.
  private let labels: [(String, String)]

  static let help = ArchiveMeasures.help.merging([
    "memory_audit_sign_failures_total": "Probes that found a signer unable to sign.",
    "memory_audit_signer_up": "1 where the signer could sign at the last probe.",
    "memory_audit_signer_probe_seconds": "How long the last probe's answer took.",
    "memory_audit_archive_up": "1 where the archive could be looked at.",
    "memory_audit_build_info": "The program's version.",
  ]) { $1 }

  /// - Parameter stream: of the archive; nil where none is configured.
  init(_ registry: PrometheusRegistry, stream: String?) {
    self.registry = registry
    labels = stream.map { [("stream", $0)] } ?? []
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
    guard case .success(let freshness) = found else { return gauge("memory_audit_archive_up", labels).set(Int64(0)) }
    gauge("memory_audit_archive_up", labels).set(Int64(1))
    ArchiveMeasures(freshness).set(in: registry, labels: labels)
  }

  /// What only a look at the whole archive tells.
  func note(_ status: ArchiveStatus) {
    ArchiveMeasures(status).set(in: registry, labels: labels)
  }

  private func gauge(_ name: String, _ labels: [(String, String)] = []) -> any MeterHandler {
    registry.makeMeter(label: name, dimensions: labels)
  }
}
