// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import Cryptography
public import Pipeline
public import Signing

/// One line of a listing of manifests: as text, as CSV, as JSON.
public struct ManifestEntry: Sendable {
  let manifest: Manifest
  let digest: Digest
  let signature: PulledManifest.Signature
  let signers: [String]

  init(_ stored: StoredManifest, _ standing: ManifestStanding) {
    manifest = stored.manifest
    digest = stored.digest
    signers = stored.proof.signatures.map(\.kid)
    signature = PulledManifest.Signature(standing)
  }

  /// Reads manifests several at a time, and hands them over in their order; few are in memory at once.
  public static func each(
    of sequences: Range<Int>, in archive: Archive, keys: KeyRing, cancellation: Cancellation,
    _ body: (ManifestEntry) throws -> Void
  ) throws {
    try mapInOrder(
      sequences, name: "manifests", workers: PullJob.lanes, cancellation: cancellation, stopped: Failure.stopped,
      {
        let stored = try archive.manifest($0)
        return ManifestEntry(stored, try archive.standing(of: stored, keys))
      }, body)
  }

  // MARK: JSON

  /// An entry of `manifest list --json`.
  public var json: JSONValue {
    .object([
      "sequence": .count(manifest.sequence), "day": .string(manifest.coverage.day.description),
      "part": .count(manifest.coverage.part), "last": .bool(manifest.coverage.isLast),
      "rows": .count(manifest.rowCount), "total": .count(manifest.rowTotal),
      "anomalies": .count(manifest.chain.anomalies.total), "headHash": .digest(manifest.chain.headHash),
      "bundle": manifest.bundle.map { .string($0.key) } ?? .null,
      "retainedUntil": .string(manifest.retention.until.isoSeconds), "digestHex": .digest(digest),
      "signature": .string(signature.rawValue), "signers": .array(signers.map { .string($0) }),
    ])
  }

  // MARK: CSV

  public static let csvHeader = CSV.line([
    "sequence", "day", "part", "last", "created_at", "rows", "total", "anomalies", "previous_hash", "head_hash",
    "previous_manifest", "digest", "signature", "signers", "bundle", "bundle_bytes", "bundle_sha256", "retained_until",
    "legal_hold",
  ])

  public var csv: String {
    let (chain, bundle) = (manifest.chain, manifest.bundle)
    return CSV.line([
      "\(manifest.sequence)", manifest.coverage.day.description, "\(manifest.coverage.part)",
      "\(manifest.coverage.isLast)", manifest.createdAt.isoSeconds, "\(manifest.rowCount)", "\(manifest.rowTotal)",
      "\(chain.anomalies.total)", chain.previousHash?.hex ?? "", chain.headHash?.hex ?? "",
      manifest.previousManifest?.hex ?? "", digest.hex, signature.rawValue, signers.joined(separator: " "),
      bundle?.key ?? "", bundle.map { "\($0.bytes)" } ?? "", bundle?.sha256.hex ?? "",
      manifest.retention.until.isoSeconds, "\(manifest.retention.hasLegalHold)",
    ])
  }

  // MARK: Text

  private static let widths = [10, -10, 4, -6, 12, 14, 9, -12, -12, -16]

  public static let textHeader = aligned([
    "SEQUENCE", "DAY", "PART", "CLOSED", "ROWS", "TOTAL", "ANOMALIES", "SIGNATURE", "LOCKED UNTIL", "HEAD",
  ])

  /// One line, with columns under those of ``textHeader``.
  public var text: String {
    Self.aligned([
      "\(manifest.sequence)", manifest.coverage.day.description, "\(manifest.coverage.part)",
      manifest.coverage.isLast ? "yes" : "open", "\(manifest.rowCount)", "\(manifest.rowTotal)",
      "\(manifest.chain.anomalies.total)", signature.rawValue, manifest.retention.until.day.description,
      String(manifest.chain.headHash?.hex.prefix(16) ?? "-"),
    ])
  }

  /// Numbers at the end of their column, words (negative widths) at its beginning.
  private static func aligned(_ cells: [String]) -> String {
    var line = ""
    for (cell, width) in zip(cells, widths) {
      let blank = String(repeating: " ", count: max(0, abs(width) - cell.utf8.count))
      line += (line.isEmpty ? "" : "  ") + (width < 0 ? cell + blank : blank + cell)
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
