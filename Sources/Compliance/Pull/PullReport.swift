// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography
internal import DrillRunner

/// What was pulled, and how it stands.
public struct PullReport: Sendable {
  public static let format = "audit-pull/v1"

  public let archive: String
  public let stream: String
  public let pulledAt: Timestamp
  public let requested: (from: UTCDay?, to: UTCDay?)
  public internal(set) var manifests: [PulledManifest] = []
  public internal(set) var days: PulledDays
  /// The manifest before the first that was pulled, which that one names; nil where it is the stream's first.
  public internal(set) var predecessor: (sequence: Int, digest: Digest?)?
  public internal(set) var keys: PulledKeys
  /// The registry that was at hand is in the folder.
  public internal(set) var hasRegistry = false
  /// Stored versions of the registry in the folder.
  public internal(set) var signers: [String] = []
  public internal(set) var rows = 0
  public internal(set) var anomaliesTotal = 0
  /// The first thousand, each with its manifest.
  public internal(set) var anomalies: [(sequence: Int, anomaly: Anomaly)] = []
  public internal(set) var bundles = BundleCount()
  public internal(set) var earliestRetentionEnd: Timestamp?
  /// Things to know that keep nothing from verifying.
  public internal(set) var notes: [String] = []
  /// The table's columns, by which the rows' hashes are followed.
  public internal(set) var columns: JSONValue = .null

  public struct BundleCount: Sendable {
    public internal(set) var named = 0
    public internal(set) var bytes = 0
    /// The bundles themselves were pulled and their rows verified.
    public internal(set) var arePulled = false
    public internal(set) var rowsVerified = 0
    public internal(set) var signatures = SignatureCounts()
  }

  init(archive: String, stream: String, from: UTCDay?, to: UTCDay?, keys: PulledKeys) {
    (self.archive, self.stream, self.keys, requested, pulledAt) = (archive, stream, keys, (from, to), .now())
    days = PulledDays(from: from, to: to)
  }

  /// Manifests that do not verify.
  public var faulty: Int { manifests.reduce(0) { $0 + ($1.problems.isEmpty ? 0 : 1) } }
  public var isVerified: Bool { faulty == 0 && !manifests.isEmpty }
  public var verdict: String { isVerified ? "verified" : "unverified" }

  /// The first problems, each with its manifest.
  public func problems(_ limit: Int) -> [String] {
    var found: [String] = []
    for manifest in manifests where found.count < limit {
      found += manifest.problems.map { "manifest \(manifest.sequence): \($0)" }
    }
    return Array(found.prefix(limit))
  }

  /// What `report.json` and `--json` begin with.
  public var summary: JSONValue {
    func day(_ day: UTCDay?) -> JSONValue { day.map { .string($0.description) } ?? .null }
    return .object([
      "format": .string(Self.format), "verdict": .string(verdict), "archive": .string(archive),
      "stream": .string(stream), "tool": .string(Tool.name), "pulledAt": .string(pulledAt.isoSeconds),
      "from": day(requested.from), "to": day(requested.to),
      "first": manifests.first.map { .count($0.sequence) } ?? .null,
      "last": manifests.last.map { .count($0.sequence) } ?? .null,
      "manifestsTotal": .count(manifests.count), "faulty": .count(faulty), "rows": .count(rows), "days": days.json,
      "predecessor": predecessor.map {
        .object(["sequence": .count($0.sequence), "digestHex": .digest($0.digest)])
      } ?? .null,
      "bundles": bundles.json, "anomaliesTotal": .count(anomaliesTotal),
      "earliestRetentionEnd": earliestRetentionEnd.map { .string($0.isoSeconds) } ?? .null,
      "problems": .array(problems(1000).map { .string($0) }), "notes": .array(notes.map { .string($0) }),
    ])
  }

  /// The content of `report.json`.
  public var json: JSONValue {
    let listed = anomalies.map { sequence, anomaly in
      JSONValue.object([JSONValue.Member("manifest", .count(sequence))] + (anomaly.json.members ?? []))
    }
    let more: KeyValuePairs<String, JSONValue> = [
      "columns": columns, "keys": .array(keys.keys.map(\.json)),
      "unknownKeys": .array(keys.unknown.map { .string($0) }),
      "registry": hasRegistry ? "registry.json" : .null, "signers": .array(signers.map { .string($0) }),
      "anomalies": .array(listed), "manifests": .array(manifests.map(\.json)),
    ]
    return .object((summary.members ?? []) + more.map { JSONValue.Member($0.key, $0.value) })
  }
}

extension PullReport.BundleCount {
  fileprivate var json: JSONValue {
    .object([
      "named": .count(named), "bytes": .count(bytes), "pulled": .bool(arePulled),
      "rowsVerified": .count(rowsVerified), "signatures": arePulled ? signatures.json : .null,
    ])
  }
}
