// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import AuditCore
internal import CoreMetrics

/// How an archive stands, as gauges.
public struct ArchiveMeasures: Sendable {
  private let values: [(name: String, value: Double)]

  /// A line for each name.
  public static let help = [
    newestClosedDay: "End of the newest closed day.",
    missingDays: "Days that are over, due and not closed.",
    anomalies: "Rows that the manifests name as anomalies.",
    problems: "Things that make audit status exit with 65.",
    manifests: "Manifests of the archive.",
    earliestRetentionEnd: "End, yet to come, of the lock that ends first; +Inf where none ends.",
    retentionRunningOut: "Manifests whose lock ends within 30 days.",
    retentionEnded: "Manifests whose lock has ended.",
    lastDrill: "When the last drill began that passed.",
    lastRun: "When the newest manifest was made.",
  ]

  private static let prefix = "memory_audit_archive_"
  private static let newestClosedDay = prefix + "newest_closed_day_timestamp_seconds"
  private static let missingDays = prefix + "missing_days"
  private static let anomalies = prefix + "anomalies"
  private static let problems = prefix + "problems"
  private static let manifests = prefix + "manifests"
  private static let earliestRetentionEnd = prefix + "earliest_retention_end_timestamp_seconds"
  private static let retentionRunningOut = prefix + "retention_running_out"
  private static let retentionEnded = prefix + "retention_ended"
  private static let lastDrill = prefix + "last_drill_timestamp_seconds"
  private static let lastRun = prefix + "last_run_timestamp_seconds"

  public init(_ status: ArchiveStatus) {
    let values: [(String, Int64?)] = [
      (Self.newestClosedDay, status.newestClosedDay?.next.start.unixSeconds),
      (Self.missingDays, Int64(status.missingTotal)),
      (Self.anomalies, Int64(status.anomalies)),
      (Self.problems, Int64(status.findings.count)),
      (Self.manifests, Int64(status.manifests)),
      (Self.retentionRunningOut, Int64(status.retentionRunningOut)),
      (Self.retentionEnded, Int64(status.retentionEnded)),
      (Self.lastDrill, status.lastDrill?.unixSeconds),
      (Self.lastRun, status.ledger.lastRun?.unixSeconds),
    ]
    // Said also where there is none: an earlier one would stay in a server's memory and in a Pushgateway's.
    let end = status.earliestRetentionEnd.flatMap { $0.isFinite ? Double($0.unixSeconds) : nil }
    self.values = Self.known(values) + [(Self.earliestRetentionEnd, end ?? .infinity)]
  }

  /// What the newest manifests tell.
  init(_ freshness: ArchiveFreshness) {
    values = Self.known([
      (Self.manifests, Int64(freshness.manifests)),
      (Self.newestClosedDay, freshness.newestClosedDay?.next.start.unixSeconds),
      (Self.lastRun, freshness.lastRun?.unixSeconds),
      (Self.lastDrill, freshness.lastDrill?.unixSeconds),
    ])
  }

  private static func known(_ values: [(String, Int64?)]) -> [(name: String, value: Double)] {
    values.compactMap { name, value in value.map { (name, Double($0)) } }
  }

  public func set(in registry: PrometheusRegistry, labels: [(String, String)] = []) {
    for (name, value) in values { registry.makeMeter(label: name, dimensions: labels).set(value) }
  }
}
