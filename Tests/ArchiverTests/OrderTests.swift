// SPDX-License-Identifier: Apache-2.0
import Archiver
import AuditCore
import Postgres
import Testing
import TestSupport

@Suite("Clock order is not chain order", .enabled(if: TemporaryPostgres.isUsable))
struct OrderTests {
  @Test("days are cut where the chain reaches them, midnight itself included")
  func midnight() throws {
    let scenario = try Scenario()
    let rows = try scenario.append(
      "2026-11-18 00:00:00", "2026-11-17 23:59:59.999999", "2026-11-18 23:59:59.999999", "2026-11-19 00:00:00",
      "2026-11-18 23:59:58", "2026-11-21 12:00:00")
    try scenario.night("2026-11-21")
    let manifests = try scenario.manifests()
    #expect(manifests.map(\.coverage.day.description) == ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"])
    #expect(manifests.map(\.rowCount) == [3, 2, 0, 1])
    #expect(manifests.allSatisfy { $0.coverage.isLast && $0.coverage.part == 0 })
    #expect(manifests[2].bundle == nil)
    #expect(try scenario.archivedIDs() == rows.map(\.id))
    #expect(try scenario.verifyBoth().isIntact)
  }

  @Test("ties and times that go back keep the chain's order, whatever the order in the table")
  func ties() throws {
    let scenario = try Scenario()
    let rows = try (0..<40).map { index in
      try scenario.append("2026-11-20 10:00:0\(index % 3 == 0 ? 0 : index % 10)")[0]
    }
    // Updated rows move to the table's end.
    for row in [rows[3], rows[17], rows[4]] {
      try scenario.execute("UPDATE public.audit_events SET event_type = 'moved' WHERE id = '\(row.id)'")
    }
    try scenario.night("2026-11-20")
    #expect(try scenario.archivedIDs() == rows.map(\.id))
    #expect(try scenario.verifyBoth().isIntact)
  }

  @Test("a row stamped in a closed day but chained later is in the next bundle")
  func straggler() throws {
    let scenario = try Scenario()
    let first = try scenario.append(
      "2026-11-18 10:00:00", "2026-11-19 00:00:01", "2026-11-18 23:59:59", "2026-11-19 08:00:00")
    try scenario.night("2026-11-18")
    #expect(try scenario.archivedIDs() == [first[0].id])
    try scenario.night("2026-11-19")
    #expect(try scenario.archivedIDs() == first.map(\.id))
    #expect(try scenario.verifyBoth().isIntact)
  }

  @Test("one night, several missed nights, and years of backlog give the same rows in the same order")
  func backlog() throws {
    let scenario = try Scenario()
    var ids = try scenario.append("2024-01-01 12:00:00", "2024-06-01 12:00:00").map(\.id)
    try scenario.night("2024-06-01")
    ids += try scenario.append("2024-06-05 12:00:00", "2026-01-01 00:00:00").map(\.id)
    try scenario.night("2026-01-01")
    #expect(try scenario.archivedIDs() == ids)
    let manifests = try scenario.manifests()
    #expect(manifests.count == 732)
    #expect(manifests.allSatisfy { $0.coverage.isLast })
    #expect(try scenario.verifyBoth().isIntact)
  }

  @Test("a transaction that is open over the nightly run is in the next one")
  func lateCommit() throws {
    let scenario = try Scenario()
    try scenario.append("2026-11-20 10:00:00")
    let late = try PostgresSession(scenario.url)
    try late.executeScript("BEGIN")
    let row = try scenario.row("now()")
    try late.execute(row.sql)
    try scenario.run { $0.includesToday = true }
    #expect(try scenario.archivedIDs().count == 1)
    try late.executeScript("COMMIT")
    scenario.setHead(row.hash)
    let after = try scenario.append("now()")
    try scenario.run { $0.includesToday = true }
    #expect(try scenario.archivedIDs().suffix(2) == [row.id, after[0].id])
    #expect(try scenario.unionIsTheTable())
    // Again: the rows are within the window that is read again, and are not archived twice.
    try scenario.append("now()")
    try scenario.run { $0.includesToday = true }
    #expect(try scenario.unionIsTheTable())
    #expect(try scenario.verifyBoth().isIntact)
  }

  @Test("a prepared transaction is waited for")
  func prepared() throws {
    let scenario = try Scenario()
    try scenario.append("2026-11-20 10:00:00")
    let row = try scenario.row("now()")
    do {
      let session = try PostgresSession(scenario.url)
      try session.executeScript("BEGIN")
      try session.execute(row.sql)
      try session.executeScript("PREPARE TRANSACTION 'late'")
    }
    try scenario.run { $0.includesToday = true }
    try scenario.execute("COMMIT PREPARED 'late'")
    try scenario.run { $0.includesToday = true }
    #expect(try scenario.unionIsTheTable())
  }

  @Test("bundles are cut at their greatest number of rows")
  func parts() throws {
    let scenario = try Scenario()
    try scenario.load("chain/clean-hmac.tsv")
    try scenario.run { $0.bundles.maxRows = 50 }
    let manifests = try scenario.manifests().filter { $0.rowCount > 0 }
    #expect(manifests.allSatisfy { $0.rowCount <= 50 })
    #expect(manifests.count >= 8)
    #expect(try scenario.verifyBoth().isIntact)
  }
}

@Suite("Mishaps", .enabled(if: TemporaryPostgres.isUsable))
struct MishapTests {
  @Test("a database set back to an earlier point: nothing is appended until it is accepted")
  func rewound() throws {
    let scenario = try Scenario()
    let rows = try scenario.append("2026-11-18 10:00:00", "2026-11-18 11:00:00", "2026-11-19 10:00:00")
    try scenario.night("2026-11-19")
    try scenario.execute("DELETE FROM public.audit_events WHERE id = '\(rows[2].id)'")
    scenario.setHead(rows[1].hash)
    let branch = try scenario.append("2026-11-20 10:00:00")
    let failure = #expect(throws: Failure.self) { try scenario.night("2026-11-20") }
    #expect(failure?.status == .integrity)
    #expect(failure?.problem.contains(rows[1].hash.hex) == true)
    #expect(try scenario.manifests().count == 2)
    let report = try scenario.run {
      $0.lastDay = UTCDay("2026-11-20")
      $0.acceptsRewind = true
    }
    #expect(report.anomalies.listed.map(\.kind) == [.rewound])
    let last = try #require(try scenario.manifests().last)
    #expect(last.chain.acceptedRewind == rows[1].hash)
    #expect(try scenario.ids(last) == [branch[0].id])
    #expect(try scenario.verify().isIntact)
  }

  @Test("a fork at the head whose other side goes on the next day")
  func forkAtHead() throws {
    let scenario = try Scenario()
    let start = try scenario.append("2026-11-18 10:00:00")[0]
    let left = try scenario.row("2026-11-18 11:00:00")
    let right = try scenario.row("2026-11-18 11:30:00")
    try scenario.execute(left.sql)
    try scenario.execute(right.sql)
    #expect(try scenario.night("2026-11-18").anomalies.listed.map(\.id) == [right.id])
    scenario.setHead(right.hash)
    let next = try scenario.append("2026-11-19 10:00:00")[0]
    let second = try scenario.night("2026-11-19").anomalies.listed
    #expect(second.map(\.kind) == [.fork])
    #expect(try scenario.archivedIDs() == [start.id, left.id, right.id, next.id])
    #expect(try scenario.unionIsTheTable())
  }

  @Test("two runs at once: the second is told to come back")
  func lock() throws {
    let scenario = try Scenario()
    try scenario.append("2026-11-18 10:00:00")
    let other = try PostgresSession(scenario.url)
    #expect(try other.tryAdvisoryLock("memoryctl archive memory-layer"))
    let failure = #expect(throws: Failure.self) { try scenario.run() }
    #expect(failure?.status == .tryLater)
  }

  @Test("an empty table is nothing to check, and a table that does not exist is a configuration")
  func nothing() throws {
    let scenario = try Scenario()
    #expect(#expect(throws: Failure.self) { try scenario.run() }?.status == .nothingToCheck)
    let failure = #expect(throws: Failure.self) {
      try scenario.run { $0.table = TableName(schema: "public", name: "audit_event") }
    }
    #expect(failure?.status == .configuration)
    #expect(failure?.remedy?.contains("public.audit_events") == true)
  }

  @Test("a dry run says what would be archived and writes nothing")
  func dryRun() throws {
    let scenario = try Scenario()
    try scenario.load("chain/broken-hash.tsv")
    let report = try scenario.run { $0.isDryRun = true }
    #expect(report.rows == 120)
    #expect(report.anomalies.total == 1)
    #expect(try scenario.manifests().isEmpty)
  }

  @Test("a second run the same day has nothing to do")
  func again() throws {
    let scenario = try Scenario()
    try scenario.load("chain/clean-hmac.tsv")
    let first = try scenario.run()
    let second = try scenario.run()
    #expect(second.sequences.isEmpty)
    #expect(second.rows == 0)
    #expect(try scenario.manifests().count == first.sequences.count)
  }
}
