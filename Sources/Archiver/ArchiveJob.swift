// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import Bytes
internal import ChainReader
internal import Cryptography
internal import Files
public import Pipeline
internal import Postgres
internal import RowCodec
public import Signing

/// The nightly job: verifies the chain and exports each closed day since the last manifest.
public struct ArchiveJob: Sendable {
  let settings: ArchiveSettings
  let archive: Archive
  let signer: any Signer
  let keys: KeyRing
  let progress: any ProgressListener
  let cancellation: Cancellation

  public init(
    _ settings: ArchiveSettings, _ archive: Archive, signer: any Signer, keys: KeyRing,
    progress: any ProgressListener = NoProgress(), cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.archive = archive
    self.signer = signer
    self.keys = keys
    self.progress = progress
    self.cancellation = cancellation
  }

  public func run() throws -> ArchiveReport {
    try archive.store.preflight()
    let session = try settings.source.open()
    guard try session.tryLock("memoryctl archive \(archive.stream)") else {
      throw Failure(
        .tryLater, "another run archives this stream", on: archive.stream, remedy: "wait until it is done")
    }
    let last = try lastManifest()
    let table = try session.table(settings.table, settings.columns)
    let snapshot = try session.beginSnapshot()
    var plan = try ArchivePlan(settings, archive, last: last, snapshot: snapshot, table: table)
    try plan.findHead(session)
    if settings.isDryRun { return try export(plan, session, table, DryRunOutput(), isSorted: false) }
    try archive.removeLeftovers()
    let spool = try Spool(directory: try spoolDirectory())
    do {
      return try export(plan, session, table, SpoolOutput(self, plan, spool), isSorted: false)
    } catch is TooScattered {
      progress.event("the table's rows lie out of order: reading them by time", [:])
    }
    // What is committed by now stays; the walk begins again behind it.
    plan = try ArchivePlan(settings, archive, last: try lastManifest(), snapshot: snapshot, table: table)
    try plan.findHead(session)
    do {
      return try export(plan, session, table, SpoolOutput(self, plan, spool), isSorted: true)
    } catch is TooScattered {
      throw Failure(
        .unavailable, "the chain's rows lie too far apart for the memory that may be used", on: settings.table.sql,
        remedy: "report this table's shape")
    }
  }

  private func lastManifest() throws -> StoredManifest? {
    do {
      guard let sequence = try archive.sequences().last else { return nil }
      if archive.store.keepsVersions { return try lastSigned(sequence) }
      let last = try archive.manifest(sequence)
      try check(last)
      return last
    } catch let finding as ArchiveFinding {
      throw Failure(
        .integrity, finding.reason, on: finding.object,
        remedy: "run audit verify --archive; nothing is appended to a damaged archive", cause: finding)
    }
  }

  /// The last manifest that a key at hand has signed, where the store keeps versions: junk that a stranger wrote behind it
  /// blocks nothing, for the next manifest goes on top of that. Where there is nothing but junk the archive begins on top,
  /// unless it is locked: that may be an archive of ours that comes damaged.
  private func lastSigned(_ last: Int) throws -> StoredManifest? {
    var unsigned: StoredManifest?
    for sequence in (0...last).reversed() {
      // What cannot be read just now is no junk: going on behind an older one would archive its days twice.
      guard let stored = try damagedIsNil({ try archive.manifest(sequence) }) else { continue }
      guard archive.isSigned(stored) else {
        try refuseUntrusted(stored)
        unsigned = unsigned ?? stored
        continue
      }
      if sequence < last {
        try refuseUnknownSuccessor(of: stored)
        passOver(sequence + 1, last)
      }
      if !settings.isDryRun { try archive.secure(stored) }
      return stored
    }
    if try unsigned == nil && archive.hasNoLock(0...last) {
      passOver(0, last)
      return nil
    }
    // Nobody's at all: rather a missing key than a stranger's whole archive.
    let stored = try unsigned ?? archive.manifest(last)
    try check(stored)
    return stored
  }

  /// A manifest that continues the last one of ours, and that a key signed which is not at hand, is rather that of a run
  /// with newer keys than a stranger's where it is locked as it says: going on over it would break the archive for good.
  private func refuseUnknownSuccessor(of last: StoredManifest) throws {
    guard !settings.passesOverUnknown,
      let next = try damagedIsNil({ try archive.manifest(last.manifest.sequence + 1) }),
      next.manifest.previousManifest == last.digest,
      case .unverifiable(let reason) = keys.verify(
        next.proof, over: next.digest, at: next.manifest.createdAt, for: .manifests),
      try archive.isLockedAsPromised(next)
    else { return }
    throw Failure(
      .integrity, "it continues the archive, and signature-unverifiable: \(reason)",
      on: archive.name(Archive.manifestKey(next.manifest.sequence)),
      remedy: "add the public key of whoever signed it to AUDIT_SIGNERS_FILE; only where nobody of yours did, give "
        + "--pass-over-unknown")
  }

  /// A locked manifest whose key was revoked from before on is rather ours than a thief's: going on over it would archive
  /// its days once more, beside it.
  private func refuseUntrusted(_ stored: StoredManifest) throws {
    guard !settings.passesOverUnknown, case .untrusted = try archive.standing(of: stored, keys),
      try archive.isLockedAsPromised(stored)
    else { return }
    try check(stored)
  }

  private func passOver(_ first: Int, _ last: Int) {
    progress.event("passing over what no known key has signed", ["first": .count(first), "last": .count(last)])
  }

  private func damagedIsNil<R>(_ body: () throws -> R) throws -> R? {
    do { return try body() } catch is ArchiveFinding { return nil }
  }

  /// Goes on behind no manifest whose signature is known to be wrong.
  private func check(_ last: StoredManifest) throws {
    let name = archive.name(Archive.manifestKey(last.manifest.sequence))
    switch try archive.standing(of: last, keys) {
    case .valid, .countersigned: return
    case .unverifiable(let reason):
      throw Failure(
        .integrity, "signature-unverifiable: \(reason)", on: name,
        remedy: "add the public key of whoever signed it to AUDIT_SIGNERS_FILE; nothing is appended behind a stranger's"
      )
    case .untrusted(let reason):
      throw Failure(
        .integrity, "untrusted: \(reason)", on: name,
        remedy: "verify the archive against the database, then memoryctl manifest countersign what is sound")
    case .invalid(let reason): throw ArchiveFinding(name, "its signature is invalid: \(reason)")
    }
  }

  private func spoolDirectory() throws -> String {
    if let directory = settings.spoolDirectory { return directory }
    return try archive.store.spoolDirectory(stream: archive.stream) ?? "\(Process.temporaryDirectory)/memoryctl"
  }

  /// Reads, walks and cuts; the output gets the parts.
  private func export(
    _ plan: ArchivePlan, _ session: any ChainSession, _ table: ChainTable, _ output: any PartOutput,
    isSorted: Bool
  ) throws -> ArchiveReport {
    let stages = Stages()
    let token = cancellation.register { stages.fail(Failure.stopped) }
    defer { cancellation.unregister(token) }
    var window = plan.window
    window.isSorted = isSorted
    let work = RowWork(columns: table.columns, indexes: table.indexes, keys: keys, signatures: settings.signatures)
    output.start(stages)
    let cutter: DayCutter
    do {
      let scan = TableScan(
        stages, settings.source, snapshot: plan.snapshot.identifier, table: table, window: window,
        work: work)
      cutter = try walk(plan, session, table, scan, work, output, isSorted: isSorted)
      output.end()
    } catch { try stages.abandon(error) }
    try stages.join()
    if cutter.isEmpty {
      throw Failure(
        .nothingToCheck, "it has no rows that can be archived", on: table.description.displayName,
        remedy: "check --table and --database")
    }
    var report = output.report
    report.rows = cutter.rows
    report.waiting = cutter.wait
    report.isDryRun = settings.isDryRun
    return report
  }

  private func walk(
    _ plan: ArchivePlan, _ session: any ChainSession, _ table: ChainTable, _ scan: TableScan, _ work: RowWork,
    _ output: any PartOutput, isSorted: Bool
  ) throws -> DayCutter {
    let cutter = DayCutter(
      day: plan.day, lastDay: plan.lastDay, part: plan.part, head: plan.last?.manifest.chain.headHash,
      settings: settings.bundles,
      requiresSignatures: settings.requiresSignatures, acceptedRewind: plan.rewind,
      identifier: RowIdentifier(table.columns, table.indexes), takeFrame: { try output.takeFrame() },
      emit: { try output.emit($0, resumeFrom: plan.window.from) })
    progress.expect(rows: try session.expectedRows(table, plan.window))
    let walker = ChainWalker(
      head: plan.head, until: plan.window.until, isArchived: plan.archivedCheck(), sink: cutter,
      lookup: TableLookup(table, in: session, window: plan.window, work: work), isSorted: isSorted,
      firstFault: plan.firstFault,
      recycle: { scan.recycle($0) })
    while let batch = try scan.next() {
      progress.advance(rows: batch.rows.count, bytes: batch.lines.count)
      try walker.add(batch)
    }
    try walker.finish()
    output.resumeFrom = plan.resumeFrom(leastPostponed: walker.leastPostponed)
    if let blocker = walker.latestBlocker, blocker.microseconds > plan.snapshot.now {
      cutter.wait = RowsWaiting(rows: walker.postponedRows, behind: blocker)
    }
    if !cutter.isEmpty {
      try cutter.close(through: plan.lastDay)
      // Today's rows where they are wanted; and late rows where an earlier run has left today open.
      try cutter.sealOpenPart()
    }
    return cutter
  }
}
