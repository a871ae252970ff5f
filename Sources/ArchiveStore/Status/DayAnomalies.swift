// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// The anomalies of one manifest's rows: how many, and the first of them.
public struct DayAnomalies: Sendable {
  public let day: UTCDay
  public let sequence: Int
  public let total: Int
  public let first: [Anomaly]
  /// How many of a kind there are among those that the manifest lists.
  public let kinds: [(kind: AnomalyKind, count: Int)]

  init(_ manifest: Manifest) {
    day = manifest.coverage.day
    sequence = manifest.sequence
    let log = manifest.chain.anomalies
    total = log.total
    first = log.listed.prefix(3).map { anomaly in
      Anomaly(
        anomaly.kind, row: anomaly.row, id: String(anomaly.id.prefix(200)), detail: String(anomaly.detail.prefix(300)))
    }
    kinds = AnomalyKind.allCases.compactMap { kind in
      let count = log.listed.count { $0.kind == kind }
      return count > 0 ? (kind, count) : nil
    }
  }
}
