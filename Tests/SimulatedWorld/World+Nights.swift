// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import Archiver
import AuditCore
import ChainReader
import DrillRunner
import Pipeline
import Postgres
import RowCodec

/// How a run ended.
struct RunEnd {
  let status: ExitStatus
  /// Nil where it threw.
  let report: ArchiveReport?
  let text: String
}

extension World {
  static let table = TableName(schema: "public", name: "audit_events")

  func settings(_ faults: Faults, acceptsRewind: Bool = false) -> ArchiveSettings {
    var settings = ArchiveSettings(simulated.source(faults), table: Self.table)
    settings.bundles.maxRows = traits.maxRows
    settings.bundles.maxContentBytes = traits.maxContentBytes
    settings.bundles.rowsPerFrameLog2 = traits.rowsPerFrameLog2
    settings.uploads = traits.uploads
    settings.retentionDays = retentionDays
    settings.acceptsRewind = acceptsRewind
    settings.spoolDirectory = spool
    return settings
  }

  func run(_ settings: ArchiveSettings, _ store: SimulatedStore, _ faults: Faults) -> RunEnd {
    let cancellation = Cancellation()
    faults.cancellation = cancellation
    do {
      let job = ArchiveJob(
        settings, try archive(store), signer: SimulatedSigner(faults), keys: Self.keys, cancellation: cancellation)
      let report = try job.run()
      return RunEnd(status: report.isSound ? .success : .integrity, report: report, text: "\(report.rows) rows")
    } catch {
      let failure = Failure(from: error)
      return RunEnd(status: failure.status, report: nil, text: "\(failure)")
    }
  }

  /// One night, or two at once.
  func night(faults: Faults, together: Bool = false, acceptsRewind: Bool = false, includesToday: Bool = false) throws {
    counts.nights += together ? 2 : 1
    let before = Before(self)
    simulated.forgetSnapshots()
    simulated.meanwhile = traits.hasLateCommits && !isQuiet ? { [weak self] in self?.meanwhile() } : nil
    defer { simulated.meanwhile = nil }
    store.faults = faults
    var ends: [RunEnd] = []
    var settings = settings(faults, acceptsRewind: acceptsRewind)
    settings.includesToday = includesToday
    if together {
      let stages = Stages()
      let found = Ends()
      for name in ["one", "other"] {
        stages.start(name) { [self, settings] in found.ends.append(run(settings, store, faults)) }
      }
      try stages.join()
      ends = found.ends
    } else {
      ends = [run(settings, store, faults)]
    }
    store.faults = Faults()
    for end in ends { note("night: \(end.status) \(end.text)") }
    if faults.hasFired {
      counts.faults += 1
      note("faults: \(faults.log)")
    }
    try check(ends, before, faults, settings)
    try onNight?(settings)
  }

  private final class Ends: @unchecked Sendable {
    // Threads take turns.
    var ends: [RunEnd] = []
  }

  /// What was there when a run began.
  struct Before {
    let archive: NaiveArchive
    let ids: Set<UInt128>
    let keys: Set<String>

    init(_ world: World) {
      archive = NaiveArchive(world.store, world.lines, world.known)
      ids = Set(archive.rows.map(\.id))
      keys = Set(world.store.objects.keys)
    }
  }

  private func check(_ ends: [RunEnd], _ before: Before, _ faults: Faults, _ settings: ArchiveSettings) throws {
    let after = try checkArchive()
    for bundle in after.bundles[before.archive.bundles.count...] {
      let (manifest, coverage) = (bundle.manifest, bundle.manifest.coverage)
      let rows = bundle.rows.map { String($0.hash.hex.prefix(6)) }
      note(
        "  = manifest \(manifest.sequence), \(coverage.day) part \(coverage.part)\(coverage.isLast ? " closed" : ""): "
          + "\(rows) head \(manifest.chain.headHash?.hex.prefix(6) ?? "") resume \(manifest.source.resumeFrom?.iso ?? "") "
          + "\(manifest.chain.anomalies.listed.map { "\($0.kind.rawValue) \($0.id.prefix(8))" })")
    }
    let snapshots = simulated.seen
    for end in ends {
      let quiet = quietStatus(end, before, after, snapshots, settings)
      let isExpected = faults.expected.contains(end.status) || quiet.contains(end.status)
      try require(
        isExpected || ends.count > 1 && end.status == .tryLater,
        "the night ended with \(end.status): \(end.text); expected \(quiet) or, of faults, \(faults.expected)")
    }
    try checkNew(before, after, snapshots, settings)
    guard ends.contains(where: { $0.report != nil }), let snapshot = snapshots.last else { return }
    for end in ends where end.report != nil && ends.count == 1 {
      let new = after.rows.count - before.archive.rows.count
      try require(end.report?.rows == new, "it reports \(end.report?.rows ?? 0) rows, and there are \(new)")
      let anomalies = after.bundles[before.archive.bundles.count...].reduce(0) {
        $0 + $1.manifest.chain.anomalies.total
      }
      try require(end.report?.anomalies.total == anomalies, "it reports other anomalies than it wrote")
    }
    if ends.count == 1 || ends.allSatisfy({ $0.report != nil }) {
      try checkComplete(after, ends.count == 1 ? [snapshot] : snapshots, settings)
    }
  }

  /// With what a run may end that nothing has gone wrong for.
  private func quietStatus(
    _ end: RunEnd, _ before: Before, _ after: NaiveArchive, _ snapshots: [SimulatedDatabase.Snapshot],
    _ settings: ArchiveSettings
  ) -> Set<ExitStatus> {
    guard let snapshot = snapshots.last else { return simulated.isLockHeld ? [.tryLater] : [] }
    let head = before.archive.bundles.last?.manifest.chain.headHash
    if let head, !settings.acceptsRewind, !snapshot.rows.contains(where: { $0.hash == head }) {
      return end.report == nil ? [.integrity] : []
    }
    if before.archive.bundles.isEmpty, end.report == nil, due(snapshot, [], settings).isEmpty {
      return [.nothingToCheck]
    }
    guard let report = end.report else { return [] }
    return report.anomalies.isEmpty && report.waiting == nil ? [.success] : [.integrity]
  }

  /// Rows from here on are left to a later day.
  func until(_ snapshot: SimulatedDatabase.Snapshot, _ settings: ArchiveSettings) -> Timestamp {
    let today = Int64(snapshot.now.day.number) - Timestamp.epochDay
    let end = settings.includesToday ? today + 1 : today
    return Timestamp(microseconds: end * Timestamp.microsecondsPerDay)
  }

  private func checkNew(
    _ before: Before, _ after: NaiveArchive, _ snapshots: [SimulatedDatabase.Snapshot], _ settings: ArchiveSettings
  ) throws {
    let old = before.archive.bundles
    try require(after.bundles.count >= old.count, "manifests are gone")
    for (one, other) in zip(old, after.bundles) {
      try require(one.digest == other.digest, "manifest \(one.manifest.sequence) is another now")
    }
    let seen = Set(snapshots.flatMap(\.rows))
    let until = snapshots.map { self.until($0, settings) }.max() ?? .distantPast
    for row in after.bundles[old.count...].flatMap(\.rows) {
      try require(seen.contains(row), "row \(row.idText) is archived, and no run saw it")
      try require(row.createdAt < until, "row \(row.idText) is archived before its day is over")
    }
  }

  /// Every row that a run saw and whose day is over is archived, but for those that follow one whose day is not.
  func checkComplete(
    _ archive: NaiveArchive, _ snapshots: [SimulatedDatabase.Snapshot], _ settings: ArchiveSettings
  ) throws {
    let archived = Set(archive.rows.map(\.id))
    for snapshot in snapshots {
      if let row = due(snapshot, archived, settings).first {
        throw WorldFault("LOST: row \(row.idText) of \(WorldRow.iso(row.createdAt)) is not archived")
      }
      guard let last = archive.bundles.last?.manifest.coverage else { continue }
      let today = Int32(snapshot.now.microseconds / Timestamp.microsecondsPerDay + Timestamp.epochDay)
      let isClosed = last.day.number > today - 1 || last.day.number == today - 1 && last.isLast
      try require(isClosed, "the day is not closed: \(last)")
    }
  }

  /// Rows of a snapshot that have to be archived by now and are not: their day is over, and they follow none whose day is
  /// not.
  private func due(
    _ snapshot: SimulatedDatabase.Snapshot, _ archived: Set<UInt128>, _ settings: ArchiveSettings
  ) -> [WorldRow] {
    let until = self.until(snapshot, settings)
    let byHash = Dictionary(snapshot.rows.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
    return snapshot.rows.filter { row in
      guard !archived.contains(row.id), row.createdAt < until else { return false }
      // What is stamped before what was read already is found by the row that it follows, if that is on the chain; what
      // is not, by a comparison with the table.
      if !traits.isStraight && backdated.contains(row.id) { return false }
      var current = row
      while let previous = current.previous, let parent = byHash[previous], !archived.contains(parent.id),
        current.createdAt < until
      { current = parent }
      return current.createdAt < until
    }
  }
}

// MARK: Twins

extension World {
  /// A night that something happens to and one that nothing happens to, from the same state: both archives have to become
  /// the same, but for where reading goes on.
  func twinNight(_ faults: Faults) throws {
    counts.twins += 1
    let twin = store.copy()
    simulated.forgetSnapshots()
    let quiet = Faults()
    let end = run(settings(quiet), twin, quiet)
    let before = clock.now
    try night(faults: faults)
    guard clock.now.day == before.day, !simulated.isLockHeld else { return }
    try night(faults: Faults())
    let (one, other) = (NaiveArchive(store, lines, known), NaiveArchive(twin, lines, NaiveArchive.Known()))
    try require(other.faults.isEmpty, "the undisturbed night's archive is not sound: \(other.faults) \(end)")
    try require(one.bundles.count == other.bundles.count, "a disturbed night makes other manifests")
    for (left, right) in zip(one.bundles, other.bundles) {
      try require(
        left.manifest.bundle == right.manifest.bundle && left.rows == right.rows
          && left.manifest.coverage == right.manifest.coverage && left.manifest.chain == right.manifest.chain,
        "a disturbed night makes another manifest \(left.manifest.sequence)")
    }
  }
}
