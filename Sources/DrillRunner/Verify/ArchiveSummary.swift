// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Cryptography

/// Puts what was found of an archive's manifests together, in their order, whether one process looked or many.
struct ArchiveSummary {
  private let archive: Archive
  private var report = VerifyReport()
  private var previous: ManifestPlace?
  private var named: Set<String> = []

  /// - Parameter listing: the manifests that the archive has.
  init(_ archive: Archive, _ listing: ManifestListing, checksManifestSignatures: Bool) {
    self.archive = archive
    report.checksManifestSignatures = checksManifestSignatures
    for finding in listing.findings(archive) {
      report.add(finding)
      report.unread += 1
    }
  }

  /// - Parameter isCounted: false for a manifest that the report is not about: what is wrong with it counts all the same.
  mutating func add(_ outcome: BundleOutcome, isCounted: Bool = true) {
    if let place = outcome.place, let finding = archive.seamFinding(place, after: previous) { report.add(finding) }
    previous = outcome.place
    guard isCounted else { return report.addFaults(of: outcome) }
    report.manifests += 1
    if let place = outcome.place { report.headHash = place.headHash?.hex }
    if let key = outcome.bundleKey { named.insert(key) }
    report.add(outcome)
  }

  /// Looks for what no manifest names, and for versions that nobody should have made.
  ///
  /// - Parameter beyond: sequences whose manifests came after the look; their bundles are no debris.
  mutating func finish(beyond: Set<Int> = []) throws -> VerifyReport {
    do {
      for key in try archive.debris(named) where !beyond.contains(Archive.sequence(ofBundle: key) ?? -1) {
        report.notes.append("\(archive.name(key)): no manifest names it: debris of a crash")
      }
      let versions = try archive.versionFindings()
      for finding in versions.findings {
        report.add(finding)
        // One version was looked at, and the others say something else.
        report.unread += 1
      }
      report.notes += versions.notes
    } catch let finding as ArchiveFinding { report.add(finding) }
    return report
  }
}

extension Archive {
  /// What is wrong with how a manifest joins the one before, where that one could be read.
  func seamFinding(_ place: ManifestPlace, after previous: ManifestPlace?) -> ArchiveFinding? {
    let sequence = place.sequence
    guard sequence == 0 || previous?.sequence == sequence - 1 else { return nil }
    return place.seam(after: sequence == 0 ? nil : previous).map {
      ArchiveFinding(name(Archive.manifestKey(sequence)), $0)
    }
  }
}
