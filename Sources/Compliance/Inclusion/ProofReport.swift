// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
public import Cryptography

/// What an inclusion proof proves.
public struct ProofReport: Sendable {
  public enum Verdict: String, Sendable {
    /// The row is in the archive, and nothing is wrong with it.
    case proved
    /// The row is in the archive, and is one of the log's own faults.
    case anomalous
    case notProved = "not proved"
  }

  /// The row, as it says of itself.
  public struct Row: Equatable, Sendable {
    public let id: String
    public let hash: String
    /// Nil for a genesis.
    public let previousHash: String?
    public let createdAt: String
    /// What a look at its signature found: `valid`, `unsigned`, `invalid`, `untrusted`, `unverifiable`.
    public let signature: String
  }

  public let manifest: Manifest
  public let manifestDigest: Digest
  /// In its bundle, from 0.
  public let index: Int
  public internal(set) var standing: ManifestStanding
  /// Nil where the line is no row.
  public internal(set) var row: Row?
  public internal(set) var anomalies: [Anomaly] = []
  /// Why the row is not proved.
  public internal(set) var problems: [String] = []
  public internal(set) var notes: [String] = []

  /// Notes why it proves nothing to this checker.
  public mutating func refuse(_ problem: String) { problems.append(problem) }

  public var verdict: Verdict {
    guard problems.isEmpty, row != nil else { return .notProved }
    return anomalies.isEmpty ? .proved : .anomalous
  }

  /// Ids of the keys that vouch for the manifest.
  public var signers: [String] {
    switch standing {
    case .valid(let kids), .countersigned(_, by: let kids): kids
    case .untrusted, .unverifiable, .invalid: []
    }
  }

  /// What is not proved is not told either.
  public var json: JSONValue {
    let isProved = verdict != .notProved
    func told(_ value: JSONValue) -> JSONValue { isProved ? value : .null }
    return .object([
      "verdict": .string(verdict.rawValue), "stream": told(.string(manifest.stream)),
      "table": told(.string(manifest.source.table)),
      "day": told(.string(manifest.coverage.day.description)), "part": told(.count(manifest.coverage.part)),
      "sequence": told(.count(manifest.sequence)), "row": told(.count(index)), "rows": told(.count(manifest.rowCount)),
      "id": told(row.map { .string($0.id) } ?? .null), "hash": told(row.map { .string($0.hash) } ?? .null),
      "previousHash": told(row?.previousHash.map { .string($0) } ?? .null),
      "createdAt": told(row.map { .string($0.createdAt) } ?? .null),
      "signature": told(row.map { .string($0.signature) } ?? .null),
      "manifestDigest": told(.digest(manifestDigest)), "merkleRoot": told(.digest(manifest.merkleRoot)),
      "signers": told(.array(signers.map { .string($0) })), "signedAt": told(.string(manifest.createdAt.isoSeconds)),
      "anomalies": .array(anomalies.map(\.json)), "problems": .array(problems.map { .string($0) }),
      "notes": .array(notes.map { .string($0) }),
    ])
  }

  /// For people: which row, of which day, signed by whom and when.
  public var text: String {
    guard verdict != .notProved, let row else {
      return "not proved" + problems.map { "\n  \($0.visible)" }.joined()
    }
    var lines = [
      "\(verdict.rawValue): row \(row.id.visible) is in the archive of \"\(manifest.stream)\", day \(manifest.coverage.day)",
      "row \(index + 1) of \(manifest.rowCount) in manifest \(manifest.sequence), of the table \(manifest.source.table), "
        + "stamped \(row.createdAt.isEmpty ? "with nothing" : row.createdAt)",
      "hash \(row.hash), its predecessor's \(row.previousHash ?? "none: it is the first of its chain")",
      "the row's signature: \(row.signature)",
      "the manifest: signed by \(signers.joined(separator: ", ")) at \(manifest.createdAt.isoSeconds), "
        + "digest \(manifestDigest)",
    ]
    if case .countersigned(let reason, _) = standing {
      lines[4] =
        "the manifest: countersigned by \(signers.joined(separator: ", ")), since \(reason); "
        + "made at \(manifest.createdAt.isoSeconds), digest \(manifestDigest)"
    }
    lines += anomalies.map { "  \($0.kind.rawValue): \($0.detail)" }
    lines += notes.map { "note: \($0)" }
    return lines.map(\.visible).joined(separator: "\n")
  }
}
