// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Pipeline
public import Signing

/// What the manifests of a stream say, gathered in one pass that can be gone on with: manifests do not change.
///
/// Takes some two hundred bytes a day. Damage is part of what is gathered.
public struct ArchiveLedger: Sendable {
  /// Ascending.
  public private(set) var days: [ArchiveDay] = []
  /// The chain from genesis to head, in pieces where it is broken: the first hundred of them.
  public private(set) var stretches: [ChainStretch] = []
  public private(set) var stretchesTotal = 0
  /// By whom manifests are signed: the first 32 names.
  public private(set) var signers: [SignerShare] = []
  public private(set) var signersTotal = 0
  /// Of the rows, as the archiver found them.
  public private(set) var signatures = SignatureCounts()
  /// The first hundred manifests with anomalies.
  public private(set) var anomalousDays: [DayAnomalies] = []
  public private(set) var manifests = 0
  public private(set) var rows = 0
  public private(set) var bytes = 0
  /// Of the rows before they were compressed.
  public private(set) var contentBytes = 0
  public private(set) var emptyDays = 0
  public private(set) var anomalies = 0
  /// Manifests that no key at hand can verify.
  public private(set) var unverifiable = 0
  /// When the newest manifest was made that counts.
  public private(set) var lastRun: Timestamp?
  /// Whether a key at hand has signed one. Then what stands behind the last of those closes no day: a stranger can have
  /// put it there.
  private var isVouchedFor = false
  /// Days that manifests behind the last signed one close.
  private var pendingClosings: [UTCDay] = []
  /// What is wrong among the names of manifests, at the last look.
  private var listed: [ArchiveFinding] = []
  private var noted: [String] = []
  private var notedTotal = 0
  private(set) var locks = LockLedger()

  /// The last manifest that was read; nil where it could not be.
  private var previous: StoredManifest?
  private var nextSequence = 0

  public init() {}

  /// Reads the manifests that are there and were not read yet.
  ///
  /// - Throws: a ``Failure`` where it cannot look; what was read till then stays.
  public mutating func read(_ archive: Archive, keys: KeyRing) throws {
    let (sequences, findings) = try Self.sequences(archive)
    // What was there is there no more: nothing that was read of it counts.
    if (sequences.last ?? -1) + 1 < nextSequence { self = ArchiveLedger() }
    listed = findings
    for sequence in sequences where sequence >= nextSequence {
      if sequence > nextSequence { previous = nil }
      do {
        let stored = try archive.manifest(sequence)
        add(stored, try archive.standing(of: stored, keys))
      } catch let finding as ArchiveFinding {
        note(fault: finding.description)
        previous = nil
      }
      nextSequence = sequence + 1
    }
  }

  /// What there is to read; where something is missing from a store that keeps no versions, that is a finding, and what
  /// lies behind it counts all the same.
  private static func sequences(_ archive: Archive) throws -> ([Int], [ArchiveFinding]) {
    if archive.store.keepsVersions { return (Array(try archive.readableSequences()), []) }
    do {
      let listing = try archive.listing()
      return (listing.present, listing.findings(archive))
    } catch let finding as ArchiveFinding { return ([], [finding]) }
  }

  /// Adds the manifest behind those that are there.
  ///
  /// - Parameter standing: what its signatures are worth.
  public mutating func add(_ stored: StoredManifest, _ standing: ManifestStanding) {
    let manifest = stored.manifest
    var faults: [String] = []
    // Behind one that could not be read, there is nothing to hold the seam against.
    let isBehindHole = previous == nil && manifest.sequence > 0
    let seam = isBehindHole ? "the manifest before it cannot be read" : stored.seam(after: previous)
    if let seam, !isBehindHole { faults.append(seam) }
    if case .unverifiable = standing { unverifiable += 1 } else if let fault = standing.fault { faults.append(fault) }
    for fault in faults { note(fault: "manifest \(manifest.sequence): \(fault)") }
    append(stored, seam: seam)
    note(stored.proof, standing, at: manifest.createdAt)
    count(manifest)
    noteDay(manifest, hasFault: !faults.isEmpty)
    noteClosing(manifest, isVouching: standing.fault == nil)
    previous = stored
  }

  private mutating func note(fault: String) {
    if noted.count < 20 { noted.append(fault) }
    notedTotal += 1
  }

  /// What is wrong with manifests, the first twenty.
  public var faults: [String] { Array((listed.map(\.description) + noted + locks.faults).prefix(20)) }
  public var faultsTotal: Int { listed.count + notedTotal + locks.faults.count }

  private mutating func append(_ stored: StoredManifest, seam: String?) {
    if seam == nil, stretchesTotal > 0 {
      // Behind the hundredth there is only a number.
      if stretchesTotal == stretches.count { stretches[stretches.count - 1].append(stored) }
      return
    }
    stretchesTotal += 1
    if stretches.count < 100 { stretches.append(ChainStretch(stored, fault: seam)) }
  }

  private mutating func note(_ proof: Proof, _ standing: ManifestStanding, at time: Timestamp) {
    for signature in proof.signatures.prefix(16) {
      let place = signers.firstIndex { $0.kid == signature.kid && $0.algorithm == signature.algorithm }
      guard let index = place ?? addSigner(signature, at: time) else { continue }
      signers[index].add(standing, at: time)
    }
  }

  private mutating func addSigner(_ signature: Proof.Signature, at time: Timestamp) -> Int? {
    signersTotal += 1
    guard signers.count < 32, signature.kid.utf8.count <= 2048 else { return nil }
    signers.append(SignerShare(signature, at: time))
    return signers.count - 1
  }

  private mutating func count(_ manifest: Manifest) {
    manifests += 1
    rows = rows.saturated(adding: manifest.rowCount)
    bytes = bytes.saturated(adding: manifest.bundle?.bytes ?? 0)
    contentBytes = contentBytes.saturated(adding: manifest.bundle?.contentBytes ?? 0)
    if manifest.bundle == nil { emptyDays += 1 }
    let chain = manifest.chain
    anomalies = anomalies.saturated(adding: chain.anomalies.total)
    if !chain.isIntact, anomalousDays.count < 100 { anomalousDays.append(DayAnomalies(manifest)) }
    signatures.valid = signatures.valid.saturated(adding: chain.signatures.valid)
    signatures.unsigned = signatures.unsigned.saturated(adding: chain.signatures.unsigned)
    signatures.invalid = signatures.invalid.saturated(adding: chain.signatures.invalid)
    signatures.unverifiable = signatures.unverifiable.saturated(adding: chain.signatures.unverifiable)
  }

  private mutating func noteClosing(_ manifest: Manifest, isVouching: Bool) {
    isVouchedFor = isVouchedFor || isVouching
    if manifest.coverage.isLast { pendingClosings.append(manifest.coverage.day) }
    guard isVouching || !isVouchedFor else { return }
    lastRun = max(lastRun ?? manifest.createdAt, manifest.createdAt)
    for day in pendingClosings { days[index(of: day)].isClosed = true }
    pendingClosings = []
  }

  /// Days come in order, but for those of manifests that do not join.
  private mutating func noteDay(_ manifest: Manifest, hasFault: Bool) {
    let day = manifest.coverage.day
    let index = index(of: day)
    if index == days.count || days[index].day != day { days.insert(ArchiveDay(day), at: index) }
    days[index].add(manifest)
    if hasFault { days[index].hasFault = true }
    let lock = KnownLock(manifest)
    locks.add(lock)
    days[index].add(lock)
  }

  /// Reads the locks that end before `end` as their manifests promise it, if that was not done in the last hour.
  ///
  /// - Throws: a ``Failure`` where it cannot look, but for missing rights.
  public mutating func readLocks(
    _ archive: Archive, before end: Timestamp, at now: Timestamp, cancellation: Cancellation
  ) throws {
    defer { noteLocks() }
    try locks.read(archive, before: end, at: now, cancellation: cancellation)
  }

  private mutating func noteLocks() {
    for index in days.indices { days[index].forgetLocks() }
    for lock in locks.locks { days[index(of: lock.day)].add(lock) }
  }

  /// Where a day is, or would be.
  private func index(of day: UTCDay) -> Int {
    if let last = days.last, last.day < day { return days.count }
    var range = 0..<days.count
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      range = days[middle].day < day ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }

  /// What is known of a day; nil where no manifest is of it.
  public subscript(_ day: UTCDay) -> ArchiveDay? {
    let index = index(of: day)
    return index < days.count && days[index].day == day ? days[index] : nil
  }

  /// Whether everything that was read verifies.
  public var isSound: Bool { faultsTotal == 0 && unverifiable == 0 }
}
