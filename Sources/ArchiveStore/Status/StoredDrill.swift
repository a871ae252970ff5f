// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// What a stored drill report says.
public struct StoredDrill: Sendable {
  public struct Step: Sendable {
    public let name: String
    public let milliseconds: Int
    public let isPassed: Bool
    public let detail: String
  }

  public let startedAt: Timestamp
  public let isPassed: Bool
  /// `2026-11-01..2026-11-23`; empty where the drill did not get as far as to know them.
  public let days: String
  public let manifests: ClosedRange<Int>?
  public let rows: Int
  public let tool: String
  /// The first hundred.
  public let steps: [Step]
  public let recoveryMilliseconds: Int
  public let recoveryPoint: Timestamp?
  public let headHash: String?
  /// The first fifty.
  public let anomalies: [Anomaly]
  public let anomaliesTotal: Int
  /// The first fifty.
  public let findings: [String]
  public let signatures: SignatureCounts
  /// Of the report.
  public let digest: Digest
  /// Who signed the report; none where it could not be signed.
  public let signers: [Proof.Signature]

  /// Reads what a report says, whoever signed it.
  ///
  /// - Throws: where it is no drill report of the stream. Members that only tell more may be missing.
  public init(_ content: JSONValue, proof: Proof?, stream: String) throws(DocumentError) {
    guard content["format"]?.string == "audit-drill/v1", content["stream"]?.string == stream,
      let started = content["startedAt"]?.string.flatMap({ Timestamp($0) }),
      let verdict = content["verdict"]?.string, ["passed", "failed"].contains(verdict)
    else { throw DocumentError("it is no drill report of this stream") }
    startedAt = started
    isPassed = verdict == "passed"
    days = content["days"]?.string ?? ""
    manifests = Self.range(content["manifests"])
    rows = Self.count(content["rows"])
    tool = content["tool"]?.string ?? ""
    steps = (content["steps"]?.array ?? []).prefix(100).map(Step.init)
    recoveryMilliseconds = Self.count(content["recoveryMilliseconds"])
    recoveryPoint = content["recoveryPoint"]?.string.flatMap { Timestamp($0) }
    headHash = content["headHash"]?.string
    anomalies = (content["anomalies"]?.array ?? []).prefix(50).compactMap(Self.anomaly)
    anomaliesTotal = Self.count(content["anomaliesTotal"])
    findings = (content["findings"]?.array ?? []).prefix(50).compactMap(\.string)
    signatures = Self.signatures(content["signatures"])
    digest = proof?.digest ?? SignedDocument.digest(of: content)
    signers = proof?.signatures ?? []
  }

  private static func count(_ value: JSONValue?) -> Int { max(0, Int(value?.integer ?? 0)) }

  private static func range(_ value: JSONValue?) -> ClosedRange<Int>? {
    guard let first = value?["first"]?.integer, let last = value?["last"]?.integer, first <= last else { return nil }
    return Int(first)...Int(last)
  }

  private static func anomaly(_ value: JSONValue) -> Anomaly? {
    guard let kind = value["kind"]?.string.flatMap({ AnomalyKind(rawValue: $0) }) else { return nil }
    return Anomaly(
      kind, row: value["row"]?.integer.map { Int($0) }, id: value["id"]?.string ?? "",
      detail: value["detail"]?.string ?? "")
  }

  private static func signatures(_ value: JSONValue?) -> SignatureCounts {
    var counts = SignatureCounts()
    counts.valid = count(value?["valid"])
    counts.unsigned = count(value?["unsigned"])
    counts.invalid = count(value?["invalid"])
    counts.unverifiable = count(value?["unverifiable"])
    return counts
  }
}

extension StoredDrill.Step {
  fileprivate init(_ value: JSONValue) {
    name = String((value["name"]?.string ?? "").prefix(200))
    milliseconds = max(0, Int(value["milliseconds"]?.integer ?? 0))
    isPassed = value["ok"]?.bool ?? false
    detail = String((value["detail"]?.string ?? "").prefix(2000))
  }
}
