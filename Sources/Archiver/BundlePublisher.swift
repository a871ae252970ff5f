// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Cryptography
internal import Signing

/// Commits the manifests of bundles that are in their places, one behind the other.
final class BundlePublisher {
  private let archive: Archive
  private let signer: any Signer
  private let source: Manifest.Source
  let retention: Manifest.Retention
  private let createdAt: Timestamp
  private let progress: any ProgressListener
  private(set) var last: StoredManifest?
  private(set) var committed: [Int] = []
  private(set) var anomalies = AnomalyLog()
  private(set) var signatures = SignatureCounts()

  init(
    _ archive: Archive, _ signer: any Signer, after last: StoredManifest?, source: Manifest.Source,
    retention: Manifest.Retention, createdAt: Timestamp, progress: any ProgressListener
  ) {
    self.archive = archive
    self.signer = signer
    self.last = last
    self.source = source
    self.retention = retention
    self.createdAt = createdAt
    self.progress = progress
  }

  /// - Parameter bundle: nil for a day without rows.
  func publish(_ facts: BundleFacts, _ bundle: SealedBundle?) throws {
    let manifest = self.manifest(facts, bundle)
    let stored = try archive.commit(manifest, signer)
    last = stored
    committed.append(manifest.sequence)
    anomalies.append(facts.anomalies)
    signatures += facts.signatures
    progress.event(
      "committed",
      [
        "sequence": .count(manifest.sequence), "day": .string(manifest.coverage.day.description),
        "rows": .count(manifest.rowCount), "anomalies": .count(facts.anomalies.total),
      ])
  }

  private func manifest(_ facts: BundleFacts, _ bundle: SealedBundle?) -> Manifest {
    var source = source
    source.resumeFrom = facts.resumeFrom
    return Manifest(
      stream: archive.stream, sequence: last.map { $0.manifest.sequence + 1 } ?? 0, previousManifest: last?.digest,
      createdAt: createdAt, tool: Tool.name, coverage: facts.coverage, source: source, bundle: bundle?.manifest,
      rowCount: facts.rowCount, rowTotal: (last?.manifest.rowTotal ?? 0) + facts.rowCount, rows: facts.span,
      chain: Manifest.Chain(
        previousHash: facts.previousHash, headHash: facts.headHash, anomalies: facts.anomalies,
        signatures: facts.signatures, acceptedRewind: facts.acceptedRewind),
      merkleRoot: bundle?.carried.merkleRoot ?? MerkleTree().root, retention: retention)
  }
}
