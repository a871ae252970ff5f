// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography

/// What a manifest says though the rows, or the manifests around it, say otherwise; whoever signed it.
public struct Contradiction: Sendable {
  public let name: String
  /// - Returns: false where the manifest has nothing of the kind.
  public let change: @Sendable (inout Manifest) -> Bool

  init(_ name: String, _ change: @escaping @Sendable (inout Manifest) -> Bool) {
    (self.name, self.change) = (name, change)
  }

  /// Changes something that only a manifest with rows has.
  private static func withRows(
    _ name: String,
    _ change: @escaping @Sendable (inout Manifest, inout Manifest.Bundle, inout Manifest.RowSpan) -> Void
  ) -> Contradiction {
    Contradiction(name) { manifest in
      guard var bundle = manifest.bundle, var rows = manifest.rows else { return false }
      change(&manifest, &bundle, &rows)
      (manifest.bundle, manifest.rows) = (bundle, rows)
      return true
    }
  }

  private static let other = SHA256.hash([1])

  public static let all: [Contradiction] = [
    withRows("merkleRoot") { manifest, _, _ in manifest.merkleRoot = other },
    withRows("rows.count") { manifest, _, _ in
      (manifest.rowCount, manifest.rowTotal) = (manifest.rowCount + 1, manifest.rowTotal + 1)
    },
    withRows("rows.firstId") { _, _, rows in rows.firstID += "0" },
    withRows("rows.lastId") { _, _, rows in rows.lastID += "0" },
    withRows("rows.firstCreatedAt") { _, _, rows in rows.firstCreatedAt = rows.firstCreatedAt.advanced(bySeconds: -1) },
    withRows("rows.lastCreatedAt") { _, _, rows in rows.lastCreatedAt = rows.lastCreatedAt.advanced(bySeconds: 1) },
    withRows("bundle.bytes") { _, bundle, _ in bundle.bytes += 1 },
    withRows("bundle.contentBytes") { _, bundle, _ in bundle.contentBytes += 1 },
    withRows("bundle.contentBytes, less") { _, bundle, _ in bundle.contentBytes -= 1 },
    withRows("bundle.contentSha256") { _, bundle, _ in bundle.contentSHA256 = other },
    withRows("bundle.sha256") { _, bundle, _ in bundle.sha256 = other },
    withRows("bundle.frames") { _, bundle, _ in bundle.frames += 1 },
    withRows("bundle.key") { _, bundle, _ in bundle.key = "bundles/copy" },
    withRows("columns left out") { manifest, _, _ in manifest.source.columns.removeLast() },
    withRows("columns exchanged") { manifest, _, _ in manifest.source.columns.swapAt(1, 2) },
    Contradiction("rows.total") {
      $0.rowTotal += 1; return true
    },
    Contradiction("chain.headHash") {
      $0.chain.headHash = other; return true
    },
    Contradiction("chain.previousHash") {
      $0.chain.previousHash = other; return true
    },
    Contradiction("previousManifest") {
      $0.previousManifest = other; return true
    },
    Contradiction("coverage.day") {
      $0.coverage.day = $0.coverage.day.next; return $0.sequence > 0
    },
    Contradiction("coverage.part") {
      $0.coverage.part += 1; return true
    },
    Contradiction("coverage.last") {
      $0.coverage.isLast.toggle(); return $0.sequence < 3
    },
    Contradiction("stream") {
      $0.stream = "other"; return true
    },
    Contradiction("sequence") {
      $0.sequence += 1; return true
    },
  ]
}
