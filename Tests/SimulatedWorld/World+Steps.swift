// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Pipeline

extension World {
  private enum Step {
    case write, endTransactions, pass, night, together, today, verify, tamper, restore, stranger, retention, cold, clock
  }

  func step() throws {
    let steps: [(Step, Int)] = [
      (.write, 25), (.endTransactions, traits.hasLateCommits ? 10 : 0), (.pass, 15), (.night, 30), (.together, 5),
      (.today, 4), (.verify, 6), (.tamper, traits.hasTampering ? 10 : 0), (.restore, traits.hasRestores ? 10 : 0),
      (.stranger, traits.hasStrangers ? 10 : 0), (.retention, 4), (.cold, traits.hasCold ? 6 : 0),
      (.clock, traits.hasSkew ? 5 : 0),
    ]
    backups.append(simulated.visible)
    switch dice.pick(weighted: steps) {
    case .write: try write(dice.within(1...6))
    case .endTransactions: try endTransactions(all: false)
    case .pass: try pass(dice.pick([3600, 20_000, 86_400, 86_400, 200_000]))
    case .night: try nightStep()
    case .together: try night(faults: faults(), together: true, acceptsRewind: false)
    case .today: try night(faults: faults(), includesToday: true)
    case .verify: try verify(faults: faults())
    case .tamper: try tamper()
    case .restore: try restore()
    case .stranger: stranger()
    case .retention: try extendRetention()
    case .cold: try freezeOrThaw()
    case .clock:
      simulated.skew = dice.within(-4...4)
      hostSkew = dice.pick([0, -3600, 7200, -80_000, 80_000])
    }
  }

  /// Time passes. A standby's archive reads a day back and no further: there no transaction lasts longer.
  private func pass(_ seconds: Int) throws {
    if !traits.knowsTransactions { try endTransactions(all: true) }
    clock.advance(seconds: seconds)
  }

  func faults() -> Faults { traits.hasFaults ? Faults(&dice) : Faults() }

  /// A night some time after midnight, or some nights later.
  private func nightStep() throws {
    if dice.chance(80) { try pass(dice.pick([86_400, 86_400, 90_000, 260_000])) }
    let faults = faults()
    let accepts = traits.hasRestores && dice.chance(50)
    if traits.isSound, traits.hasFaults, !traits.hasLateCommits, dice.chance(40) {
      return try twinNight(faults)
    }
    try night(faults: faults, acceptsRewind: accepts)
  }

  /// The last night: nothing goes wrong any more, and all is as if nothing ever had.
  func end() throws {
    note("the end")
    isQuiet = true
    try endTransactions(all: true)
    clock.advance(seconds: 2 * 86_400)
    if traits.hasSkew {
      // Stamps of clocks that were ahead are past by now.
      clock.advance(seconds: 2 * 86_400)
      hostSkew = 0
    }
    try thaw()
    try night(faults: Faults(), acceptsRewind: traits.hasRestores || traits.hasTampering)
    let writes = store.writes
    try night(faults: Faults())
    try require(store.writes == writes, "a night that has nothing to do has written")
    let snapshot = SimulatedDatabase.Snapshot(rows: simulated.visible, now: simulated.now)
    try checkComplete(try checkArchive(), [snapshot], settings(Faults()))
    try verify(faults: Faults())
  }

  // MARK: Mischief

  private func tamper() throws {
    guard let row = simulated.visible.randomElement(using: &dice) else { return }
    switch dice.below(4) {
    case 0:
      note("row \(row.idText) is deleted")
      try database.delete(row.id)
    case 1:
      var altered = row
      altered.payload = Payload(text: #"{"altered": true}"#, canonical: #"{"altered":true}"#)
      altered.hashIsWrong = true
      note("the payload of row \(row.idText) is altered")
      try replace(altered)
    case 2:
      var altered = row
      altered.eventType = "altered"
      note("the type of row \(row.idText) is altered")
      try replace(altered)
    default:
      let transaction = try database.begin()
      let orphan = makeRow(after: Naive.sha256([UInt8(dice.below(256))]), at: database.now)
      note("an orphan \(orphan.idText)")
      try database.insert(orphan, in: transaction)
      try database.commit(transaction)
      remember(orphan)
    }
  }

  private func replace(_ row: WorldRow) throws {
    remember(row)
    try database.replace(row)
  }

  private func restore() throws {
    guard backups.count > 1 else { return }
    let rows = backups[dice.below(backups.count)]
    note("the database is set back to \(rows.count) rows of \(simulated.visible.count)")
    // A newer state in the place of an older one brings rows with old stamps back.
    backdated.formUnion(Set(rows.map(\.id)).subtracting(simulated.visible.map(\.id)))
    pending = [:]
    try database.restore(rows)
    let followed = Set(rows.compactMap(\.previous))
    tips = rows.map(\.hash).filter { !followed.contains($0) }
    if dice.chance(20) { simulated.systemIdentifier = "73010000000000000\(dice.within(10...99))" }
  }

  /// Somebody who may write to the bucket and not sign.
  private func stranger() {
    let archive = NaiveArchive(store, lines, known)
    guard !archive.bundles.isEmpty else { return }
    isJunked = true
    let ours = store.objects.keys.filter { !$0.contains("/drills/") }.sorted()
    var key = dice.pick(ours)
    if dice.chance(40) {
      let next = String(archive.bundles.count + dice.below(3))
      key = "memory-layer/manifests/" + String(repeating: "0", count: 10 - next.count) + next + ".json"
    }
    let isMarker = dice.chance(25) && store.objects[key] != nil
    let old = store.objects[dice.pick(ours)]?.first?.bytes ?? []
    let bytes: [UInt8] = isMarker ? [] : dice.chance(50) ? Array("junk \(dice.next())".utf8) : old + [0x20]
    let until = dice.chance(30) ? clock.now.advanced(bySeconds: 86_400 * 500) : nil
    note("a stranger writes \(isMarker ? "a delete marker" : "junk") on \(key)\(until == nil ? "" : ", locked")")
    store.objects[key, default: []].append(
      SimulatedStore.Version(
        id: store.newID(), bytes: bytes, isDeleteMarker: isMarker, lock: StoredLock(until: isMarker ? nil : until),
        createdAt: clock.now, isStrangers: true))
  }

  // MARK: The operator

  private func extendRetention() throws {
    let archive = NaiveArchive(store, lines, known)
    guard !archive.bundles.isEmpty else { return }
    let first = dice.below(archive.bundles.count)
    let until = clock.now.advanced(bySeconds: Int64(dice.within(300...800)) * 86_400)
    let faults = faults()
    store.faults = faults
    defer { store.faults = Faults() }
    let cancellation = Cancellation()
    faults.cancellation = cancellation
    let job = LockJob(try self.archive(store), cancellation: cancellation)
    let range = first..<archive.bundles.count
    do {
      if dice.chance(80) {
        _ = try job.extend(range, to: until, keepsLonger: true)
        for version in store.objects.filter({ isOf(range, $0.key) }).flatMap(\.value) where !version.isStrangers {
          try require(version.lock.until ?? .distantPast >= until, "the retention was not extended")
        }
      } else {
        _ = try job.setLegalHold(range, dice.chance(50))
      }
    } catch let fault as WorldFault { throw fault } catch {
      let failure = Failure(from: error)
      try require(faults.expected.contains(failure.status), "retention ended with \(failure) \(faults.expected)")
    }
    if dice.chance(20) { retentionDays = dice.within(400...900) }
    try checkArchive()
  }

  private func isOf(_ range: Range<Int>, _ key: String) -> Bool {
    key.hasPrefix("memory-layer/manifests/")
      && Int(key.dropFirst("memory-layer/manifests/".count).prefix(10)).map(range.contains) ?? false
  }

  private func freezeOrThaw() throws {
    if dice.chance(60) {
      note("what is old is put away")
      store.freeze(olderThan: clock.now.advanced(bySeconds: -Int64(dice.pick([86_400, 300_000]))))
    } else {
      try thaw()
    }
  }

  /// Asks back what lies in cold storage, until all of it can be read.
  private func thaw() throws {
    let archive = try archive(store)
    for _ in 0..<4 {
      let manifests = try archive.restoreManifests(ColdRestore(), Cancellation())
      if manifests.missing == 0 {
        let sequences = 0..<NaiveArchive(store, lines, known).bundles.count
        if try archive.restoreBundles(sequences, ColdRestore(), Cancellation()).missing == 0 { return }
      }
      clock.advance(seconds: 6 * 3600)
    }
    throw WorldFault("what lies in cold storage does not come back")
  }
}
