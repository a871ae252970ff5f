// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Pipeline
internal import Signing

/// A manifest that was read, with what could be said of it alone.
private struct FetchedManifest: Sendable {
  var pulled: PulledManifest
  var bytes: [UInt8]?
  var stored: StoredManifest?

  init(_ sequence: Int) { pulled = PulledManifest(sequence) }
}

extension PullJob {
  /// Reads manifests several at a time, and writes them in their order.
  func pullManifests(_ sequences: [Int], _ folder: PullFolder, _ report: inout PullReport) throws {
    // One listing tells of all bundles.
    if sequences.count > 8 { _ = try archive.bundles(behind: .max) }
    var previous = try predecessor(of: sequences[0], &report)
    var isFirst = true
    try mapInOrder(
      sequences, name: "manifests", workers: Self.lanes, cancellation: cancellation, stopped: Failure.stopped,
      { try fetch($0) },
      { fetched in
        var fetched = fetched
        let sequence = fetched.pulled.sequence
        if let stored = fetched.stored {
          let joinsAt = previous?.manifest.sequence == sequence - 1 || sequence == 0
          if !joinsAt && !isFirst { fetched.pulled.problems.append("the manifest before it is missing or damaged") }
          if joinsAt, let fault = stored.seam(after: previous) { fetched.pulled.problems.append(fault) }
        }
        if let bytes = fetched.bytes { try folder.write(Archive.manifestKey(sequence), bytes) }
        report.take(fetched.pulled, fetched.stored)
        previous = fetched.stored
        isFirst = false
      })
  }

  /// The manifest before the range, which its first one must join.
  private func predecessor(of first: Int, _ report: inout PullReport) throws -> StoredManifest? {
    guard first > 0 else { return nil }
    do {
      let stored = try archive.manifest(first - 1)
      report.predecessor = (first - 1, stored.digest)
      return stored
    } catch let finding as ArchiveFinding {
      guard settings.allowsUnverified else { throw finding }
      report.predecessor = (first - 1, nil)
      report.notes.append("manifest \(first - 1), which the first one joins, cannot be read: \(finding.reason)")
      return nil
    }
  }

  private func fetch(_ sequence: Int) throws -> FetchedManifest {
    var fetched = FetchedManifest(sequence)
    do {
      let document = try archive.document(sequence)
      let stored = document.stored
      (fetched.bytes, fetched.stored) = (document.bytes, stored)
      fetched.pulled.facts = PulledManifest.Facts(stored)
      fetched.pulled.signers = stored.proof.signatures.map(\.kid)
      fetched.pulled.take(try archive.standing(of: stored, keys))
      if let fault = try bundleFault(stored) { fetched.pulled.problems.append(fault) }
    } catch let finding as ArchiveFinding {
      fetched.pulled.problems.append(finding.reason)
      fetched.bytes = (try? archive.rawManifest(sequence)) ?? nil
    }
    return fetched
  }

  /// What a look at the bundle's name and size finds wrong.
  private func bundleFault(_ stored: StoredManifest) throws -> String? {
    let manifest = stored.manifest
    guard let bundle = manifest.bundle else {
      return manifest.chain.headHash == manifest.chain.previousHash ? nil : "it has no rows and yet another head"
    }
    do {
      let bytes = try archive.storedBytes(of: bundle, manifest.sequence)
      return bytes == bundle.bytes ? nil : "its bundle has \(bytes) bytes in the store, and not \(bundle.bytes)"
    } catch let finding as ArchiveFinding { return "its bundle: \(finding.reason)" }
  }
}

extension PullReport {
  /// Takes the manifests in their order.
  fileprivate mutating func take(_ pulled: PulledManifest, _ stored: StoredManifest?) {
    manifests.append(pulled)
    guard let stored else { return }
    let manifest = stored.manifest
    keys.take(stored.proof)
    days.take(manifest.coverage, rows: manifest.rowCount, isFirst: manifest.sequence == 0)
    rows = Self.sum(rows, manifest.rowCount)
    anomaliesTotal = Self.sum(anomaliesTotal, manifest.chain.anomalies.total)
    for anomaly in manifest.chain.anomalies.listed.prefix(AnomalyLog.limit - anomalies.count) {
      anomalies.append((manifest.sequence, anomaly))
    }
    if let bundle = manifest.bundle {
      bundles.named += 1
      bundles.bytes = Self.sum(bundles.bytes, bundle.bytes)
    }
    let end = manifest.retention.until
    earliestRetentionEnd = min(earliestRetentionEnd ?? end, end)
  }

  /// Counts out of manifests may be anything.
  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }
}
