// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import ArchiveStore
public import Cryptography
internal import Signing

/// What a report keeps of a manifest, and what was found about it.
public struct PulledManifest: Sendable {
  public enum Signature: String, Sendable {
    case valid, unverifiable, invalid
    /// Its key was revoked from before on: nobody has vouched for it since, or somebody has.
    case untrusted, countersigned
    /// It cannot be read as a manifest, or is not there.
    case unreadable
  }

  /// What the manifest says; nil where it cannot be read.
  public struct Facts: Sendable {
    public let digest: Digest
    public let previousManifest: Digest?
    public let createdAt: Timestamp
    public let coverage: Manifest.Coverage
    public let rows: Int
    public let total: Int
    public let previousHash: Digest?
    public let headHash: Digest?
    public let anomalies: Int
    public let bundle: Manifest.Bundle?
    public let retention: Manifest.Retention

    init(_ stored: StoredManifest) {
      let manifest = stored.manifest
      (digest, previousManifest, createdAt) = (stored.digest, manifest.previousManifest, manifest.createdAt)
      (coverage, rows, total) = (manifest.coverage, manifest.rowCount, manifest.rowTotal)
      (previousHash, headHash) = (manifest.chain.previousHash, manifest.chain.headHash)
      (anomalies, bundle, retention) = (manifest.chain.anomalies.total, manifest.bundle, manifest.retention)
    }
  }

  public let sequence: Int
  public internal(set) var facts: Facts?
  public internal(set) var signature = Signature.unreadable
  /// Ids of the keys that the proof names, sound or not.
  public internal(set) var signers: [String] = []
  /// Why it does not verify, a sentence each.
  public internal(set) var problems: [String] = []

  init(_ sequence: Int) { self.sequence = sequence }

  /// A countersigned manifest is a problem all the same: by the files of the folder alone it does not verify.
  mutating func take(_ standing: ManifestStanding) {
    signature = Signature(standing)
    if let fault = standing.fault { problems.append(fault) }
    if case .countersigned(let reason, let kids) = standing {
      problems.append(
        "untrusted: \(reason); countersigned by \(kids.joined(separator: ", ")), which the archive alone can show: "
          + "memoryctl audit verify")
    }
  }

  /// An entry of `manifests` in `report.json`.
  var json: JSONValue {
    var members = [JSONValue.Member("sequence", .count(sequence))]
    if let facts { members += facts.members }
    members += [
      JSONValue.Member("signature", .string(signature.rawValue)),
      JSONValue.Member("signers", .array(signers.map { .string($0) })),
      JSONValue.Member("problems", .array(problems.map { .string($0) })),
    ]
    return .object(members)
  }
}

extension PulledManifest.Signature {
  init(_ standing: ManifestStanding) {
    switch standing {
    case .valid: self = .valid
    case .countersigned: self = .countersigned
    case .untrusted: self = .untrusted
    case .unverifiable: self = .unverifiable
    case .invalid: self = .invalid
    }
  }
}

extension PulledManifest.Facts {
  fileprivate var members: [JSONValue.Member] {
    let bundle: JSONValue =
      bundle.map {
        .object(["key": .string($0.key), "bytes": .count($0.bytes), "sha256": .digest($0.sha256)])
      } ?? .null
    let json = JSONValue.object([
      "day": .string(coverage.day.description), "part": .count(coverage.part), "last": .bool(coverage.isLast),
      "createdAt": .string(createdAt.isoSeconds), "rows": .count(rows), "total": .count(total),
      "anomalies": .count(anomalies), "digestHex": .digest(digest), "previousManifest": .digest(previousManifest),
      "previousHash": .digest(previousHash), "headHash": .digest(headHash), "bundle": bundle,
      "retainedUntil": .string(retention.until.isoSeconds), "legalHold": .bool(retention.hasLegalHold),
    ])
    return json.members ?? []
  }
}
