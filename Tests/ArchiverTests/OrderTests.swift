// SPDX-License-Identifier: Apache-2.0
import Archiver
import AuditCore
import Cryptography
import Foundation
import Postgres
import Testing
import TestSupport

@Suite("Clock order is not chain order", .enabled(if: TemporaryPostgres.isUsable))
struct OrderTests {
  @Test("days are cut where the chain reaches them, midnight itself included", arguments: StoreKind.usable)
  func midnight(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
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

  @Test(
    "ties and times that go back keep the chain's order, whatever the order in the table", arguments: StoreKind.usable)
  func ties(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
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

  @Test("a row stamped in a closed day but chained later is in the next bundle", arguments: StoreKind.usable)
  func straggler(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    let first = try scenario.append(
      "2026-11-18 10:00:00", "2026-11-19 00:00:01", "2026-11-18 23:59:59", "2026-11-19 08:00:00")
    try scenario.night("2026-11-18")
    #expect(try scenario.archivedIDs() == [first[0].id])
    try scenario.night("2026-11-19")
    #expect(try scenario.archivedIDs() == first.map(\.id))
    #expect(try scenario.verifyBoth().isIntact)
  }

  @Test(
    "one night, several missed nights, and years of backlog give the same rows in the same order",
    arguments: StoreKind.usable)
  func backlog(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
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

  @Test("a transaction that is open over the nightly run is in the next one", arguments: StoreKind.usable)
  func lateCommit(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
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

  @Test("a prepared transaction is waited for", arguments: StoreKind.usable)
  func prepared(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    try scenario.append("2026-11-20 10:00:00")
    let row = try scenario.row("now()")
    do {
      let session = try PostgresSession(scenario.url)
      try session.executeScript("BEGIN")
      try session.execute(row.sql)
      try session.executeScript("PREPARE TRANSACTION 'late in \(kind)'")
    }
    try scenario.run { $0.includesToday = true }
    try scenario.execute("COMMIT PREPARED 'late in \(kind)'")
    try scenario.run { $0.includesToday = true }
    #expect(try scenario.unionIsTheTable())
  }

  @Test("bundles are cut at their greatest number of rows", arguments: StoreKind.usable)
  func parts(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    try scenario.load("chain/clean-hmac.tsv")
    try scenario.run { $0.bundles.maxRows = 50 }
    let manifests = try scenario.manifests().filter { $0.rowCount > 0 }
    #expect(manifests.allSatisfy { $0.rowCount <= 50 })
    #expect(manifests.count >= 8)
    #expect(try scenario.verifyBoth().isIntact)
  }
}
