// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import DrillRunner
import Pipeline

extension World {
  /// What holds at any time, whatever has happened.
  @discardableResult
  func checkArchive() throws -> NaiveArchive {
    let archive = NaiveArchive(store, lines, known)
    try require(archive.faults.isEmpty, "the archive is not sound: \(archive.faults)")
    var ids: Set<UInt128> = []
    for row in archive.rows {
      try require(ids.insert(row.id).inserted, "TWICE: row \(row.idText) is archived twice")
    }
    try checkLocks()
    return archive
  }

  /// Nothing is unlocked, and no lock ever shrinks.
  private func checkLocks() throws {
    for (key, versions) in store.objects {
      for version in versions where !version.isStrangers {
        let name = "\(key) \(version.id)"
        guard let until = version.lock.until, version.lock.isCompliance else {
          throw WorldFault("UNLOCKED: \(name)")
        }
        try require(until >= locks[name] ?? .distantPast, "the lock of \(name) has shrunk")
        locks[name] = until
      }
    }
    for name in locks.keys {
      let parts = name.split(separator: " ", omittingEmptySubsequences: false)
      let isThere = store.objects[String(parts[0])]?.contains { $0.id == parts[1] } ?? false
      try require(isThere, "GONE: \(name)")
    }
  }

  /// Verifies the archive, and the table against it, and compares both verdicts with what the world knows.
  func verify(faults: Faults) throws {
    counts.verifications += 1
    let naive = try checkArchive()
    note("verifying")
    defer { if faults.hasFired { note("faults: \(faults.log)") } }
    simulated.forgetSnapshots()
    store.faults = faults
    defer { store.faults = Faults() }
    let cancellation = Cancellation()
    faults.cancellation = cancellation
    do {
      let settings = VerifySettings(keys: Self.keys)
      let archive = try archive(store)
      let report = try ArchiveVerifier(settings, archive, cancellation: cancellation).run()
      try check(report, naive)
      let database = DatabaseVerifier(settings, simulated.source(faults), table: Self.table, cancellation: cancellation)
      let both = try Comparison(settings, archive, database).run(archive: report)
      try checkComparison(both, naive, archived: report, faults)
      note("verified: \(both.isIntact ? "intact" : "broken")")
    } catch let fault as WorldFault { throw fault } catch {
      let failure = Failure(from: error)
      let isEmpty = naive.bundles.isEmpty && failure.status == .nothingToCheck
      try require(
        isEmpty || faults.expected.contains(failure.status),
        "verify ended with \(failure.status): \(failure); expected of faults \(faults.expected) \(faults.log)")
      note("verify: \(failure)")
    }
  }

  private func check(_ report: VerifyReport, _ naive: NaiveArchive) throws {
    try require(
      (report.findingsTotal > 0) == isJunked,
      "verify finds \(report.findings.map(\.description)), and the archive is \(isJunked ? "" : "not ")junked")
    let complaints = naive.bundles.flatMap { NaiveArchive.complaints($0, withAccepted: false) }.sorted()
    let found = report.anomalies.listed.map(NaiveArchive.Complaint.init).sorted()
    counts.anomalies += found.count
    try require(found == complaints, "verify finds \(found), the oracle \(complaints)")
    try require(report.rows == naive.rows.count, "verify saw \(report.rows) rows of \(naive.rows.count)")
    try require(report.isIntact == (complaints.isEmpty && !isJunked), "verify's verdict is not the oracle's")
  }

  private func checkComparison(
    _ report: VerifyReport, _ naive: NaiveArchive, archived: VerifyReport, _ faults: Faults
  ) throws {
    guard let snapshot = simulated.seen.last else {
      return try require(isJunked && faults.hasFired, "the table was not looked at")
    }
    // An archive with junk is no yardstick: the table is looked at by itself, and what failed there is a note.
    if isJunked { return try require(!report.isIntact, "a junked archive is called intact") }
    guard let difference = difference(snapshot, naive) else { return counts.undecided += 1 }
    let isIntact = archived.isIntact && difference.isEmpty && isPath(snapshot.rows)
    try require(
      report.isIntact == isIntact,
      """
      verify calls archive and table \(report.isIntact ? "intact" : "broken"): \(report.anomalies.listed) \
      \(report.findings.map(\.description)); the oracle's differences: \(difference), path \(isPath(snapshot.rows))
      """)
  }

  /// How a table differs from an archive; nil where it cannot be told.
  private func difference(_ snapshot: SimulatedDatabase.Snapshot, _ naive: NaiveArchive) -> [String]? {
    guard let cutOff = naive.cutOff else { return nil }
    var found: [String] = []
    let table = Dictionary(uniqueKeysWithValues: snapshot.rows.map { ($0.hash, $0) })
    for row in naive.rows {
      guard let there = table[row.hash] else {
        if !cutOff.contains(row.id) { found.append("the table lacks \(row.idText)") }
        continue
      }
      if there != row { found.append("the table has another \(row.idText)") }
    }
    let archived = Set(naive.rows.map(\.hash))
    let today = Int32(snapshot.now.microseconds / Timestamp.microsecondsPerDay + Timestamp.epochDay)
    for row in snapshot.rows where !archived.contains(row.hash) {
      let day = Int32(row.createdAt.microseconds / Timestamp.microsecondsPerDay + Timestamp.epochDay)
      if day <= today - 2 { found.append("the archive lacks \(row.idText)") }
    }
    return found
  }

  /// Whether a table is one chain from its genesis to its head, with nothing wrong in any row.
  func isPath(_ rows: [WorldRow]) -> Bool {
    if rows.isEmpty { return true }
    if rows.contains(where: { $0.hashIsWrong || $0.signatureIsWrong }) { return false }
    let hashes = Set(rows.map(\.hash))
    let followed = rows.compactMap(\.previous)
    return rows.count { $0.previous == nil } == 1 && Set(followed).count == followed.count
      && followed.allSatisfy(hashes.contains) && hashes.count == rows.count
  }
}
