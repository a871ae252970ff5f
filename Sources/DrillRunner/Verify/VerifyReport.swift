// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore

/// What a verification found. Damage is a value here, never an error.
public struct VerifyReport: Sendable {
  public var rows = 0
  public var manifests = 0
  public var anomalies = AnomalyLog()
  /// What is wrong with the archive's objects.
  public var findings: [ArchiveFinding] = []
  public var findingsTotal = 0
  /// Findings that are manifests whose signer's key was revoked from before on.
  public var untrustedManifests = 0
  /// Manifests and bundles that are missing, or could not be read to their end, and objects with versions beside the one
  /// that was looked at.
  public var unread = 0
  /// Rows of the table; nil where it was not read.
  public var tableRows: Int?
  /// Table and archive were compared row by row.
  public var isCompared = false
  public var signatures = SignatureCounts()
  /// False where `--no-signatures` left the manifests' signatures out.
  public var checksManifestSignatures = true
  public var headHash: String?
  /// Things to know that are no fault: debris, an accepted rewind.
  public var notes: [String] = []

  /// Where a single file was verified.
  public internal(set) var file: VerifiedFile?

  public init() {}

  public var isIntact: Bool { anomalies.isEmpty && findingsTotal == 0 }

  public mutating func add(_ finding: ArchiveFinding) {
    if findings.count < AnomalyLog.limit { findings.append(finding) }
    findingsTotal += 1
  }

  /// The fields of `--json`.
  public var json: JSONValue {
    .object((summary.members ?? []) + (file.map { [JSONValue.Member("file", $0.json)] } ?? []))
  }

  private var summary: JSONValue {
    .object([
      "verdict": .string(isIntact ? "intact" : "broken"), "rows": .count(rows), "manifests": .count(manifests),
      "anomalies": .array(anomalies.listed.map(\.json)), "anomaliesTotal": .count(anomalies.total),
      "findings": .array(
        findings.map { .object(["object": .string($0.object), "reason": .string($0.reason)]) }),
      "findingsTotal": .count(findingsTotal), "signatures": signatures.reportJSON,
      "manifestSignatures": .string(checksManifestSignatures ? "checked" : "not checked"),
      "headHash": headHash.map { .string($0) } ?? .null, "notes": .array(notes.map { .string($0) }),
    ])
  }
}

extension SignatureCounts {
  /// With the rows that the policy left out.
  var reportJSON: JSONValue {
    .object(
      (json.members ?? []) + [
        JSONValue.Member("skipped", .count(skipped)), JSONValue.Member("untrusted", .count(untrusted)),
      ])
  }
}
