// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Cryptography
internal import DrillRunner
internal import Pipeline
internal import Signing

/// A bundle that was copied and read.
private struct FetchedBundle: Sendable {
  let index: Int
  var sha256: Digest?
  var rows = VerifyReport()
  var problems: [String] = []
}

extension PullJob {
  /// Copies the bundles two at a time, and verifies the rows of what was written.
  func pullBundles(_ folder: PullFolder, _ report: inout PullReport) throws {
    progress.expect(rows: report.rows)
    let wanted = report.manifests.indices.filter { report.manifests[$0].facts?.bundle != nil }
    let manifests = report.manifests
    report.bundles.arePulled = true
    try mapInOrder(
      wanted, name: "bundles", workers: 2, cancellation: cancellation, stopped: Failure.stopped,
      { try fetch($0, manifests[$0], folder) },
      { fetched in
        let bundle = report.manifests[fetched.index].facts?.bundle
        if let bundle, let sha256 = fetched.sha256 { folder.list(bundle.key, sha256) }
        report.manifests[fetched.index].problems += fetched.problems
        report.bundles.rowsVerified += fetched.rows.rows
        report.bundles.signatures += fetched.rows.signatures
      })
  }

  private func fetch(_ index: Int, _ pulled: PulledManifest, _ folder: PullFolder) throws -> FetchedBundle {
    var fetched = FetchedBundle(index: index)
    guard let bundle = pulled.facts?.bundle else { return fetched }
    do {
      let stored = try archive.manifest(pulled.sequence)
      let copied = try folder.copy(
        try archive.stored(bundle, pulled.sequence), as: bundle.key, limit: bundle.bytes)
      fetched.sha256 = copied.sha256
      guard copied.bytes == bundle.bytes, copied.sha256 == bundle.sha256 else {
        fetched.problems.append("its bundle has other bytes than it says")
        return fetched
      }
      fetched.rows = try rows(stored, folder, isVouchedFor: pulled.signature == .valid)
      fetched.problems = fetched.rows.findings.map { "its bundle: \($0.reason)" }
      fetched.problems += unnamed(fetched.rows.anomalies, stored.manifest.chain.anomalies)
    } catch let finding as ArchiveFinding { fetched.problems.append("its bundle: \(finding.reason)") }
    return fetched
  }

  /// Verifies the rows of a bundle of the folder.
  private func rows(_ stored: StoredManifest, _ folder: PullFolder, isVouchedFor: Bool) throws -> VerifyReport {
    var verify = VerifySettings(keys: keys)
    verify.columns = settings.columns
    verify.signatures = settings.signatures
    verify.requiresSignatures = settings.requiresSignatures
    let copy = try Archive(folder.store, stream: PullFolder.stream, keys: keys)
    return try ArchiveVerifier(verify, copy, progress: progress, cancellation: cancellation)
      .rows(of: stored, isVouchedFor: isVouchedFor)
  }

  /// Anomalies of the rows that their manifest does not name; where it names more than it lists, its number counts.
  private func unnamed(_ found: AnomalyLog, _ named: AnomalyLog) -> [String] {
    let known = Set(named.listed.map { "\($0.kind.rawValue) \($0.row ?? -1)" })
    let rest = found.listed.filter { !known.contains("\($0.kind.rawValue) \($0.row ?? -1)") }
    if named.total > named.listed.count {
      return found.total > named.total ? ["its rows have \(found.total) anomalies, and it names \(named.total)"] : []
    }
    guard found.total > found.listed.count || !rest.isEmpty else { return [] }
    return rest.prefix(20).map { "row \($0.id): \($0.kind.rawValue), which it does not name: \($0.detail)" }
      + (rest.isEmpty ? ["its rows have \(found.total) anomalies, and it names \(named.total)"] : [])
  }
}
