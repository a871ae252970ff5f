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
    let listing: ManifestListing
    do { listing = try archive.listing() } catch let finding as ArchiveFinding {
      var report = VerifyReport()
      report.checksManifestSignatures = settings.checksManifestSignatures
      report.add(finding)
      report.unread += 1
      return report
    }
    var summary = ArchiveSummary(archive, listing, checksManifestSignatures: settings.checksManifestSignatures)
    guard try hasManifests(listing) else { return try summary.finish() }
    // Only a hint: a damaged last manifest is found in its turn.
    if let last = try? archive.manifest(listing.present.last!) { progress.expect(rows: last.manifest.rowTotal) }
    try verifyAll(listing.present) { summary.add($0) }
    return try summary.finish()
  }

  /// Whether there is a manifest to verify.
  ///
  /// - Throws: status `nothingToCheck` where there is nothing at all, sound or not.
  func hasManifests(_ listing: ManifestListing) throws -> Bool {
    if !listing.present.isEmpty { return true }
    guard listing.findings(archive).isEmpty else { return false }
    throw Failure(.nothingToCheck, "there is no manifest", on: archive.url, remedy: "check --archive and --stream")
  }

  /// Verifies manifests' bundles two at a time, so that one's end does not leave a core idle; `body` gets them in order.
  func verifyAll(_ sequences: [Int], _ body: (BundleOutcome) throws -> Void) throws {
    // Where a signature costs more than all else of its row, the last bundle has to keep every core busy, too.
    let isSlow = settings.signatures != .none && settings.keys.hasPublicKeys
    let workers = isSlow ? coreThreads : max(1, coreThreads / 2)
    try mapInOrder(
      sequences, name: "verify", workers: 2, cancellation: cancellation, stopped: Failure.stopped,
      { sequence in
        var outcome = BundleOutcome()
        outcome.sequence = sequence
        do {
          let stored = try archive.manifest(sequence)
          outcome.place = stored.place
          outcome.bundleKey = stored.manifest.bundle?.key
          // Before the bundle is opened: what nobody vouches for must not take much memory.
          try judge(stored, &outcome)
          try verifyBundle(
            stored.manifest, &outcome, workers: workers,
            isVouchedFor: settings.checksManifestSignatures && outcome.findings.isEmpty && !outcome.isSuspect)
        } catch let finding as ArchiveFinding {
          outcome.findings.append(finding)
          outcome.isUnread = true
        }
        return outcome
      },
      { outcome in
        if !outcome.isIntact { tell(outcome) }
        try body(outcome)
      })
  }

  /// Where a run takes hours, what is wrong is known before its end.
  private func tell(_ outcome: BundleOutcome) {
    progress.event(
      "a manifest or its rows do not verify",
      [
        "sequence": .count(outcome.sequence), "findings": .count(outcome.findingsTotal),
        "anomalies": .count(outcome.anomalies.total),
      ])
  }

  /// Checks what a manifest says of itself and of the one before.
  func check(_ stored: StoredManifest, after previous: StoredManifest?, _ report: inout VerifyReport) throws {
    if let finding = archive.seamFinding(stored.place, after: previous?.place) { report.add(finding) }
    if let finding = signatureFinding(stored, try standing(of: stored)) { report.add(finding) }
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
      manifest, work, requiresSignatures: settings.requiresSignatures, countersigners: outcome.countersigners,
      suspects: settings.suspects)
    let stages = Stages()
    let token = cancellation.register { stages.fail(Failure.stopped) }
    defer { cancellation.unregister(token) }
    try scanRows(reader, name: name, work: work, workers: workers, stages: stages) { scan, batch in
      try check.take(batch)
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

/// What is gathered of a bundle's rows, to be compared with its manifest.
struct BundleCheck {
  private var walk: BundleWalk
  private let requiresSignatures: Bool
  private let countersigners: [String]
  private let suspects: SuspectList?
  private let sequence: Int
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

  /// - Parameters:
  ///   - countersigners: who vouch for rows that a revoked key signed.
  ///   - suspects: gets the rows that the key of a report after a theft signed.
  init(
    _ manifest: Manifest, _ work: RowWork, requiresSignatures: Bool, countersigners: [String] = [],
    suspects: SuspectList? = nil
  ) {
    self.countersigners = countersigners
    self.suspects = suspects
    sequence = manifest.sequence
    walk = BundleWalk(manifest)
    identifier = RowIdentifier(work.columns, work.indexes)
    self.requiresSignatures = requiresSignatures
  }

  mutating func take(_ batch: RowBatch) throws {
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
      if place != nil || !row.hashMatches || row.signature != .valid { try note(row, batch.line(index), place) }
      rows += 1
    }
    if let last = batch.rows.indices.last { span?.lastID = unsafe identifier.id(batch.line(last)) }
  }

  @safe
  private mutating func note(
    _ row: RowFacts, _ line: UnsafeRawBufferPointer, _ place: (fault: PlaceFault, isAccepted: Bool)?
  ) throws {
    if row.signature == .suspect {
      var entry = SuspectEntry(
        .archivedRow, id: unsafe identifier.id(line), createdAt: row.createdAt, digest: row.hash)
      (entry.sequence, entry.countersignedBy) = (sequence, countersigners)
      try suspects?.note(entry)
    }
    var fault = place?.fault
    if let place, place.isAccepted {
      notes.append("row \(unsafe identifier.id(line)): \(place.fault.detail): a rewind that the operator accepted")
      fault = nil
    }
    let faults = rowFaults(row, fault, requiresSignatures: requiresSignatures).filter {
      countersigners.isEmpty || $0.0 != .untrusted
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
    guard carried.isOf(manifest) else { return "its carried manifest is another's" }
    return nil
  }
}
