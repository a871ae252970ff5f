// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import Cryptography
public import Signing

/// What a stolen key may have done: for the security team.
public struct CompromiseReport: Sendable {
  public let kid: String
  public let since: Timestamp
  public let madeAt: Timestamp
  /// Of the key; empty where it has no public half.
  public let fingerprint: String
  /// What the registry lets it sign.
  public let uses: [String]
  /// Everything that the verification found, where the key counts for nothing from then on.
  public let verification: VerifyReport

  /// - Parameter verification: of archive and database by ``KeyRing/distrusting(_:since:)``.
  public init(_ key: VerificationKey, since: Timestamp, _ verification: VerifyReport, madeAt: Timestamp = .now()) {
    kid = key.kid
    self.since = since
    self.madeAt = madeAt
    fingerprint = key.publicKey?.fingerprint.hex ?? ""
    uses = key.uses.map(\.rawValue).sorted()
    self.verification = verification
  }

  /// Rows that it signed, the first thousand anomalies' share of them.
  public var rows: [Anomaly] { verification.anomalies.listed.filter { $0.kind == .untrusted } }
  /// Manifests that it signed and nobody has countersigned: what has to be looked into.
  public var manifests: [ArchiveFinding] { verification.findings.filter { $0.reason.hasPrefix("untrusted: ") } }
  /// What is wrong besides.
  public var otherAnomalies: [Anomaly] { verification.anomalies.listed.filter { $0.kind != .untrusted } }
  public var otherFindings: [ArchiveFinding] {
    verification.findings.filter { !$0.reason.hasPrefix("untrusted: ") }
  }

  public var json: JSONValue {
    .object([
      "report": "audit-compromise", "madeAt": .string(madeAt.isoSeconds), "tool": .string(Tool.name),
      "signer": .object([
        "kid": .string(kid), "publicKeySha256": .string(fingerprint), "uses": .array(uses.map { .string($0) }),
      ]), "since": .string(since.iso), "verdict": .string(verification.isIntact ? "unaffected" : "affected"),
      "untrustedRows": .count(verification.signatures.untrusted), "rows": .array(rows.map(\.json)),
      "toCountersign": .array(manifests.map { .string($0.object) }),
      "otherAnomalies": .array(otherAnomalies.map(\.json)),
      "otherFindings": .array(otherFindings.map { .string($0.description) }), "verification": verification.json,
    ])
  }

  public var text: String {
    var lines = ["COMPROMISE REPORT, made \(madeAt.isoSeconds) by \(Tool.name)"]
    lines.append("key      \(kid) (\(uses.joined(separator: ", "))), public key SHA-256 \(fingerprint)")
    lines.append("since    \(since.isoSeconds)")
    lines.append("looked at \(verification.rows) rows, \(verification.manifests) manifests")
    lines.append("rows that the key signed since then: \(verification.signatures.untrusted)")
    lines += rows.prefix(100).map { "  row \($0.id)" }
    if rows.count > 100 { lines.append("  and more: --json lists up to 1000") }
    lines.append("manifests to look into and to countersign: \(manifests.count)")
    lines += manifests.map { "  \($0.object)" }
    lines.append("what is wrong besides: \(otherAnomalies.count + otherFindings.count)")
    lines += otherAnomalies.prefix(100).map { "  \($0.kind.rawValue)  row \($0.id): \($0.detail)" }
    lines += otherFindings.prefix(100).map { "  \($0)" }
    lines += verification.notes.prefix(20).map { "note: \($0)" }
    return lines.joined(separator: "\n")
  }
}
