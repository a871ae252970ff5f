// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Pipeline

/// Holds what shards say of manifests against the archive that is there.
///
/// A verdict is about the manifests whose digests it names, and says nothing of any other: the archive's may have become
/// others since, or the verdicts come from another archive.
struct ShardEvidence: Sendable {
  private let verifier: ArchiveVerifier
  private let present: Set<Int>
  private let missing: [ClosedRange<Int>]
  /// Bytes of each bundle's versions; nil where the folder is none, which is a finding of its own.
  private let bundles: [String: [Int]]?
  private let shards: Int

  /// Manifests that are read at once.
  static let lanes = 8

  /// - Parameters:
  ///   - verifier: says what is wrong with a manifest's signature, where the shards looked at those.
  ///   - listing: the archive's manifests.
  ///   - shards: how many the run has.
  init(_ verifier: ArchiveVerifier, _ listing: ManifestListing, shards: Int) throws {
    self.verifier = verifier
    self.shards = shards
    present = Set(listing.present)
    missing = listing.missing
    do { bundles = try verifier.archive.bundleSizes() } catch is ArchiveFinding { bundles = nil }
  }

  /// Adds what differs from the archive to each outcome; `body` gets them in order, and whether their manifest is there.
  func hold(_ outcomes: [BundleOutcome], _ body: (BundleOutcome, _ isPresent: Bool) throws -> Void) throws {
    try mapInOrder(
      outcomes, name: "manifests", workers: Self.lanes, cancellation: verifier.cancellation, stopped: Failure.stopped,
      { present.contains($0.sequence) ? try held($0) : absent($0) },
      { try body($0, present.contains($0.sequence)) })
  }

  private func absent(_ outcome: BundleOutcome) -> BundleOutcome {
    var outcome = outcome
    outcome.place = nil
    outcome.bundleKey = nil
    // A hole is found in the listing.
    guard !missing.contains(where: { $0.contains(outcome.sequence) }) else { return outcome }
    outcome.findings.append(
      finding(outcome, "the manifest is missing, and shard \(outcome.sequence % shards) of the run has checked it"))
    return outcome
  }

  private func held(_ outcome: BundleOutcome) throws -> BundleOutcome {
    var outcome = outcome
    switch try verifier.archive.look(outcome.sequence) {
    case .failure(let damage):
      if outcome.place != nil || outcome.findingsTotal == 0 { outcome.findings.append(damage) }
      outcome.place = nil
      outcome.bundleKey = nil
    case .success(let stored):
      if !outcome.isAbout(.success(stored)) {
        let shard = outcome.sequence % shards
        outcome.findings.append(finding(outcome, "it is not the manifest that shard \(shard) of the run has checked"))
      }
      outcome.place = stored.place
      outcome.bundleKey = stored.manifest.bundle?.key
      // What the shard's list left out may be just this.
      guard outcome.findingsLeftOut == 0 else { break }
      let known = outcome.findings
      let fault = verifier.signatureFinding(stored, try verifier.standing(of: stored))
      if let fault, !known.contains(fault) { outcome.findings.append(fault) }
      if let fault = bundleFinding(stored.manifest), !known.contains(where: { $0.object == fault.object }) {
        outcome.findings.append(fault)
      }
    }
    return outcome
  }

  private func finding(_ outcome: BundleOutcome, _ reason: String) -> ArchiveFinding {
    ArchiveFinding(verifier.archive.name(Archive.manifestKey(outcome.sequence)), reason)
  }

  /// What a look at the store's list shows of a manifest's bundle.
  private func bundleFinding(_ manifest: Manifest) -> ArchiveFinding? {
    guard let bundle = manifest.bundle, let bundles else { return nil }
    let name = verifier.archive.name(bundle.key)
    guard let sizes = bundles[bundle.key], let first = sizes.first else {
      return ArchiveFinding(name, "the bundle is missing")
    }
    guard !sizes.contains(bundle.bytes) else { return nil }
    return ArchiveFinding(name, "it has \(first) bytes, its manifest says \(bundle.bytes)")
  }
}

extension BundleOutcome {
  /// Whether this was found of the manifest that is there: of the same one, or of one that was damaged then as now.
  func isAbout(_ found: Result<StoredManifest, ArchiveFinding>) -> Bool {
    switch found {
    case .success(let stored): place == stored.place && bundleKey == stored.manifest.bundle?.key
    case .failure: place == nil
    }
  }
}

extension Archive {
  /// A manifest, or what is wrong with it.
  func look(_ sequence: Int) throws -> Result<StoredManifest, ArchiveFinding> {
    do { return .success(try manifest(sequence)) } catch let finding as ArchiveFinding { return .failure(finding) }
  }
}
