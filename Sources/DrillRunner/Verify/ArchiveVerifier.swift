// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import ChainReader
internal import Bytes
internal import Cryptography
public import Pipeline
internal import RowCodec
internal import Signing

/// Verifies an archive: manifests, bundles, rows, links, leaves, signatures.
public struct ArchiveVerifier: Sendable {
  let settings: VerifySettings
  let archive: Archive
  let progress: any ProgressListener
  let cancellation: Cancellation

  public init(
    _ settings: VerifySettings, _ archive: Archive, progress: any ProgressListener = NoProgress(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.archive = archive
    self.progress = progress
    self.cancellation = cancellation
  }

  /// - Throws: a ``Failure`` when there is nothing to check, or it cannot be looked at.
  public func run() throws -> VerifyReport {
    var report = VerifyReport()
    report.checksManifestSignatures = settings.checksManifestSignatures
    let listing: ManifestListing
    do { listing = try archive.listing() } catch let finding as ArchiveFinding {
      report.add(finding)
      return report
    }
    for finding in listing.findings(archive) { report.add(finding) }
    guard let last = listing.present.last else {
      if report.findingsTotal > 0 { return report }
      throw Failure(.nothingToCheck, "there is no manifest", on: archive.url, remedy: "check --archive and --stream")
    }
    // Only a hint: a damaged last manifest is found in its turn.
    if let last = try? archive.manifest(last) { progress.expect(rows: last.manifest.rowTotal) }
    var previous: StoredManifest?
    var named: Set<String> = []
    try verifyAll(listing.present) { outcome in
      report.manifests += 1
      if let stored = outcome.stored {
        checkSeam(stored, after: previous, &report)
        if let key = stored.manifest.bundle?.key { named.insert(key) }
        report.headHash = stored.manifest.chain.headHash?.hex
      }
      report.add(outcome)
      previous = outcome.stored
    }
    do {
      for key in try archive.debris(named) {
        report.notes.append("\(archive.name(key)): no manifest names it: debris of a crash")
      }
      let versions = try archive.versionFindings()
      for finding in versions.findings { report.add(finding) }
      report.notes += versions.notes
    } catch let finding as ArchiveFinding { report.add(finding) }
    return report
  }

  /// Verifies manifests' bundles two at a time, so that one's end does not leave a core idle; `body` gets them in order.
  private func verifyAll(_ sequences: [Int], _ body: (BundleOutcome) throws -> Void) throws {
    // Where a signature costs more than all else of its row, the last bundle has to keep every core busy, too.
    let isSlow = settings.signatures != .none && settings.keys.hasPublicKeys
    let workers = isSlow ? coreThreads : max(1, coreThreads / 2)
    try mapInOrder(
      sequences, name: "verify", workers: 2, cancellation: cancellation, stopped: Failure.stopped,
      { sequence in
        var outcome = BundleOutcome()
        do {
          let stored = try archive.manifest(sequence)
          outcome.stored = stored
          // Before the bundle is opened: what nobody vouches for must not take much memory.
          let standing = try standing(of: stored)
          outcome.manifestFinding = signatureFinding(stored, standing)
          if case .untrusted = standing { outcome.isUntrusted = true }
          outcome.isCountersigned = try vouchesForRows(stored)
          if case .countersigned(let reason, let kids) = standing {
            let name = archive.name(Archive.manifestKey(sequence))
            outcome.notes.append("\(name): \(reason); countersigned by \(kids.joined(separator: ", "))")
          }
          try verifyBundle(
            stored.manifest, &outcome, workers: workers,
            isVouchedFor: settings.checksManifestSignatures && outcome.manifestFinding == nil)
        } catch let finding as ArchiveFinding { outcome.finding = finding }
        return outcome
      }, body)
  }

  /// Checks what a manifest says of itself and of the one before.
  func check(_ stored: StoredManifest, after previous: StoredManifest?, _ report: inout VerifyReport) throws {
    checkSeam(stored, after: previous, &report)
    if let finding = signatureFinding(stored, try standing(of: stored)) { report.add(finding) }
  }

  /// Checks how a manifest joins the one before, where that one could be read.
  private func checkSeam(_ stored: StoredManifest, after previous: StoredManifest?, _ report: inout VerifyReport) {
    let sequence = stored.manifest.sequence
    guard sequence == 0 || previous?.manifest.sequence == sequence - 1 else { return }
    guard let fault = stored.seam(after: sequence == 0 ? nil : previous) else { return }
    report.add(ArchiveFinding(archive.name(Archive.manifestKey(sequence)), fault))
  }

  /// What a manifest's signatures are worth; nil where they are left out.
  private func standing(of stored: StoredManifest) throws -> ManifestStanding? {
    settings.checksManifestSignatures ? try archive.standing(of: stored, settings.keys) : nil
  }

  /// Whether somebody has countersigned a manifest in spite of every key of events that was revoked.
  func vouchesForRows(_ stored: StoredManifest) throws -> Bool {
    let revoked = settings.keys.revoked(for: .events)
    guard settings.checksManifestSignatures, !revoked.isEmpty else { return false }
    return try !archive.countersigners(of: stored, settings.keys, despite: revoked).isEmpty
  }

  /// What is wrong with a manifest's signature; nil also where signatures are left out.
  private func signatureFinding(_ stored: StoredManifest, _ standing: ManifestStanding?) -> ArchiveFinding? {
    standing?.fault.map { ArchiveFinding(archive.name(Archive.manifestKey(stored.manifest.sequence)), $0) }
  }

  /// Reads a bundle to its end.
  ///
  /// - Parameters:
  ///   - isVouchedFor: the manifest's signature verifies.
  ///   - onBatch: gets each batch before it is given back.
  func verifyBundle(
    _ manifest: Manifest, _ outcome: inout BundleOutcome, makesTuples: Bool = false, workers: Int = coreThreads,
    isVouchedFor: Bool = true,
    onBatch: (BundleScan, RowBatch) throws -> Void = { scan, batch in scan.recycle(batch) }
  ) throws {
    guard let reader = try archive.bundle(manifest, isVouchedFor: isVouchedFor), let bundle = manifest.bundle else {
      if manifest.chain.headHash != manifest.chain.previousHash {
        throw ArchiveFinding(
          archive.name(Archive.manifestKey(manifest.sequence)), "it has no rows and yet another head")
      }
      return
    }
    let name = archive.name(bundle.key)
    var work = try rowWork(manifest)
    work.makesTuples = makesTuples
    var check = BundleCheck(
      manifest, work, requiresSignatures: settings.requiresSignatures, isCountersigned: outcome.isCountersigned)
    let stages = Stages()
    let token = cancellation.register { stages.fail(Failure.stopped) }
    defer { cancellation.unregister(token) }
    try scanRows(reader, name: name, work: work, workers: workers, stages: stages) { scan, batch in
      check.take(batch)
      progress.advance(rows: batch.rows.count, bytes: batch.lines.count)
      try onBatch(scan, batch)
    }
    outcome.rows = check.rows
    outcome.anomalies = check.anomalies
    outcome.notes += check.notes
    outcome.signatures = check.signatures
    if let carried = reader.carried, let fault = check.fault(manifest, carried) { throw ArchiveFinding(name, fault) }
  }
}

extension ArchiveVerifier {
  /// What has to be done with a manifest's rows; columns that hold no chain are the manifest's fault, or a name's.
  private func rowWork(_ manifest: Manifest) throws -> RowWork {
    do throws(Failure) {
      return try manifest.source.rowWork(settings.columns, keys: settings.keys, signatures: settings.signatures)
    } catch {
      throw ArchiveFinding(
        archive.name(Archive.manifestKey(manifest.sequence)),
        "its columns hold no chain: \(error.problem); where the chain's columns have other names, give them by --column-…"
      )
    }
  }
}

/// What verifying one manifest's bundle found.
struct BundleOutcome: Sendable {
  /// Nil when the manifest itself is damaged.
  var stored: StoredManifest?
  var rows = 0
  var anomalies = AnomalyLog()
  var signatures = SignatureCounts()
  var notes: [String] = []
  /// Somebody vouches for the manifest and its rows in spite of a key that was revoked.
  var isCountersigned = false
  /// The finding of the manifest is that the key which signed it was revoked from before on.
  var isUntrusted = false
  /// What is wrong with the manifest's signature.
  var manifestFinding: ArchiveFinding?
  /// Why the bundle could not be read to its end, or is not what its manifest says.
  var finding: ArchiveFinding?
}

extension VerifyReport {
  mutating func add(_ outcome: BundleOutcome) {
    rows += outcome.rows
    anomalies.append(outcome.anomalies)
    signatures += outcome.signatures
    notes += outcome.notes
    if outcome.isUntrusted { untrustedManifests += 1 }
    for finding in [outcome.manifestFinding, outcome.finding] { finding.map { add($0) } }
  }
}

/// What is gathered of a bundle's rows, to be compared with its manifest.
struct BundleCheck {
  private var walk: BundleWalk
  private let requiresSignatures: Bool
  private let isCountersigned: Bool
  private let identifier: RowIdentifier
  private var tree = MerkleTree()
  private var frame = 0
  private var roots: [Digest] = []
  private(set) var rows = 0
  private(set) var anomalies = AnomalyLog()
  private(set) var signatures = SignatureCounts()
  private(set) var notes: [String] = []
  private var span: Manifest.RowSpan?
  private var lastLine: [UInt8] = []

  /// - Parameter isCountersigned: rows that a revoked key signed are vouched for by who countersigned the manifest.
  init(_ manifest: Manifest, _ work: RowWork, requiresSignatures: Bool, isCountersigned: Bool = false) {
    self.isCountersigned = isCountersigned
    walk = BundleWalk(manifest)
    identifier = RowIdentifier(work.columns, work.indexes)
    self.requiresSignatures = requiresSignatures
  }

  mutating func take(_ batch: RowBatch) {
    if batch.frame != frame {
      roots.append(tree.root)
      tree.removeAll()
      frame = batch.frame
    }
    for (index, row) in batch.rows.enumerated() {
      tree.append(row.leaf)
      signatures.count(row.signature)
      if span == nil {
        let id = unsafe identifier.id(batch.line(index))
        span = Manifest.RowSpan(id: id, createdAt: row.createdAt)
      }
      span?.include(row.createdAt)
      let place = walk.take(row)
      if place != nil || !row.hashMatches || row.signature != .valid { note(row, batch.line(index), place) }
      rows += 1
    }
    if let last = batch.rows.indices.last { span?.lastID = unsafe identifier.id(batch.line(last)) }
  }

  @safe
  private mutating func note(
    _ row: RowFacts, _ line: UnsafeRawBufferPointer, _ place: (fault: PlaceFault, isAccepted: Bool)?
  ) {
    var fault = place?.fault
    if let place, place.isAccepted {
      notes.append("row \(unsafe identifier.id(line)): \(place.fault.detail): a rewind that the operator accepted")
      fault = nil
    }
    let faults = rowFaults(row, fault, requiresSignatures: requiresSignatures).filter {
      !isCountersigned || $0.0 != .untrusted
    }
    guard !faults.isEmpty else { return }
    let id = unsafe identifier.id(line)
    for (kind, detail) in faults { anomalies.append(Anomaly(kind, row: rows, id: id, detail: detail)) }
  }

  /// What of the bundle is not as its manifests say; nil where all is.
  mutating func fault(_ manifest: Manifest, _ carried: CarriedManifest) -> String? {
    roots.append(tree.root)
    guard rows == manifest.rowCount else { return "it has \(rows) rows, its manifest says \(manifest.rowCount)" }
    guard walk.head == manifest.chain.headHash else { return "its last row on the chain is not its manifest's head" }
    guard roots == carried.frames.map(\.merkleRoot), carried.merkleRoot == manifest.merkleRoot else {
      return "its rows do not make its Merkle root"
    }
    guard span == manifest.rows else { return "its first and last rows are not those of its manifest" }
    guard carried.stream == manifest.stream, carried.sequence == manifest.sequence,
      carried.previousHash == manifest.chain.previousHash, carried.headHash == manifest.chain.headHash
    else { return "its carried manifest is another's" }
    return nil
  }
}
