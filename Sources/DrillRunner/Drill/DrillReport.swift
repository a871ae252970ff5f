// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// What a drill did and found; signed, it is stored under `drills/`.
public struct DrillReport: Sendable {
  public static let format = "audit-drill/v1"

  public struct Step: Sendable {
    public let name: String
    public let seconds: Double
    public let isPassed: Bool
    public let detail: String
  }

  public var stream = ""
  public var startedAt = Timestamp.distantPast
  public var days = ""
  public var manifests: Range<Int> = 0..<0
  public var rows = 0
  public var steps: [Step] = []
  public var anomalies = AnomalyLog()
  public var findings: [String] = []
  public var signatures = SignatureCounts()
  /// From the drill's start until the restored chain was verified.
  public var recoverySeconds = 0.0
  /// `created_at` of the newest row that was restored.
  public var recoveryPoint: Timestamp?
  public var headHash: String?
  /// Key of the stored report.
  public var key: String?
  /// As it is stored; nil where it could not be signed.
  public internal(set) var document: SignedDocument?
  /// What the step that could not be ended failed with.
  var failureStatus: ExitStatus?

  public init() {}

  public var isPassed: Bool { !steps.isEmpty && steps.allSatisfy(\.isPassed) }
  /// What a run with this report exits with: what does not verify comes before what could not be done.
  public var exitStatus: ExitStatus {
    if isPassed { return .success }
    return steps.count { !$0.isPassed } > 1 ? .integrity : failureStatus ?? .integrity
  }
  public var verdict: String { isPassed ? "passed" : "failed" }

  /// The signed member. Its numbers are integers: times are in milliseconds.
  public var signed: JSONValue {
    .object([
      "format": .string(Self.format), "stream": .string(stream), "tool": .string(Tool.name),
      "startedAt": .string(startedAt.isoSeconds), "verdict": .string(verdict), "days": .string(days),
      "manifests": manifests.isEmpty
        ? .null : .object(["first": .count(manifests.lowerBound), "last": .count(manifests.upperBound - 1)]),
      "rows": .count(rows), "headHash": headHash.map { .string($0) } ?? .null,
      "steps": .array(
        steps.map {
          .object([
            "name": .string($0.name), "milliseconds": .count(Int($0.seconds * 1000)), "ok": .bool($0.isPassed),
            "detail": .string($0.detail),
          ])
        }),
      "recoveryMilliseconds": .count(Int(recoverySeconds * 1000)),
      "recoveryPoint": recoveryPoint.map { .string($0.iso) } ?? .null,
      "anomalies": .array(anomalies.listed.map(\.json)), "anomaliesTotal": .count(anomalies.total),
      "findings": .array(findings.map { .string($0) }), "signatures": signatures.json,
    ])
  }

  /// The fields of `--json`.
  public var json: JSONValue {
    .object([
      "verdict": .string(verdict), "days": .string(days), "rows": .count(rows),
      "manifests": .array(manifests.map { .count($0) }),
      "steps": .array(
        steps.map {
          .object([
            "name": .string($0.name), "seconds": .seconds($0.seconds), "ok": .bool($0.isPassed),
            "detail": .string($0.detail),
          ])
        }),
      "recoverySeconds": .seconds(recoverySeconds), "recoveryPoint": recoveryPoint.map { .string($0.iso) } ?? .null,
      "anomalies": .array(anomalies.listed.map(\.json)), "anomaliesTotal": .count(anomalies.total),
      "findings": .array(findings.map { .string($0) }), "signatures": signatures.json,
      "headHash": headHash.map { .string($0) } ?? .null, "report": key.map { .string($0) } ?? .null,
    ])
  }
}

extension JSONValue {
  /// Seconds with three decimals.
  static func seconds(_ seconds: Double) -> JSONValue {
    let thousandths = Int(seconds * 1000)
    let fraction = String(1000 + thousandths % 1000).dropFirst()
    return .number("\(thousandths / 1000).\(fraction)")
  }
}
