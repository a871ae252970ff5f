// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import Postgres
import TestSupport
import Testing

@Suite("Stamps that no honest clock gives", .enabled(if: TemporaryPostgres.isUsable))
struct StampTests {
  @Test("a stamp from the future holds the chain back, and that is said every night")
  func future() throws {
    let scenario = try Scenario()
    let sound = try scenario.append("2026-11-17 10:00:00", "2026-11-17 11:00:00")
    try scenario.append("2399-01-01 00:00:00", "2026-11-17 12:00:00", "2026-11-18 10:00:00")
    let first = try scenario.night("2026-11-18")
    #expect(first.waiting?.rows == 2)
    #expect(first.waiting?.behind.iso == "2399-01-01T00:00:00.000000Z")
    #expect(!first.isSound)
    #expect(first.anomalies.isEmpty)
    #expect(try scenario.archivedIDs() == sound.map(\.id))
    try scenario.append("2026-11-19 10:00:00")
    #expect(try scenario.night("2026-11-19").waiting?.rows == 3)
    #expect(try scenario.verify().isIntact)
    // The day before the stamp is corrected by whoever is responsible, nothing has been lost.
    try scenario.execute("UPDATE public.audit_events SET created_at = '2026-11-19' WHERE created_at > '2300-01-01'")
    let repaired = try scenario.night("2026-11-20")
    #expect(repaired.waiting == nil)
    #expect(repaired.rows == 4)
    #expect(try scenario.unionIsTheTable())
  }

  @Test("more rows wait behind the future than may wait in memory")
  func longWait() throws {
    let scenario = try Scenario()
    let sound = try scenario.append("2026-11-17 10:00:00")
    try scenario.append("2399-01-01 00:00:00")
    // Rows of half a megabyte: some hundred of them are more than a walk holds.
    try scenario.appendLarge(rows: 160, bytes: 500_000, "2026-11-17 12:00:00")
    let report = try scenario.night("2026-11-18")
    #expect(report.waiting?.rows == 160)
    #expect(report.anomalies.isEmpty)
    #expect(try scenario.archivedIDs() == sound.map(\.id))
  }

  @Test("today's rows with --until now: those of tomorrow wait")
  func untilNow() throws {
    let scenario = try Scenario()
    let sound = try scenario.append("2026-11-17 10:00:00", "now()")
    try scenario.append("2399-01-01 00:00:00", "now()")
    let report = try scenario.run { $0.includesToday = true }
    #expect(report.waiting?.rows == 1)
    #expect(try scenario.archivedIDs() == sound.map(\.id))
  }

  @Test(
    "a stamp that has no day, or none that a document can name, stays where the chain has it",
    arguments: ["infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "0001-01-01 00:00:00+00"])
  func dayless(stamp: String) throws {
    let scenario = try Scenario()
    let rows = try scenario.append("2026-11-17 10:00:00", "2026-11-17 11:00:00", "2026-11-17 12:00:00")
    try scenario.execute("UPDATE public.audit_events SET created_at = '\(stamp)' WHERE id = '\(rows[1].id)'")
    #expect(try scenario.night("2026-11-17").anomalies.isEmpty)
    try scenario.append("2026-11-18 10:00:00")
    #expect(try scenario.night("2026-11-18").rows == 1)
    try scenario.append("2026-11-19 10:00:00")
    #expect(try scenario.night("2026-11-19").rows == 1)
    #expect(try scenario.archivedIDs().prefix(3) == rows.map(\.id).prefix(3))
    #expect(try scenario.unionIsTheTable())
    #expect(try scenario.verify().isIntact)
    #expect(try scenario.verifyBoth().isIntact)
  }

  @Test("a first row without a day, and one that comes late with none")
  func daylessFirst() throws {
    let scenario = try Scenario()
    let first = try scenario.append("2026-11-17 10:00:00", "2026-11-17 11:00:00")
    try scenario.execute("ALTER TABLE public.audit_events ALTER created_at DROP NOT NULL")
    try scenario.execute("UPDATE public.audit_events SET created_at = NULL WHERE id = '\(first[0].id)'")
    try scenario.night("2026-11-17")
    let second = try scenario.append("2026-11-18 10:00:00", "2026-11-18 11:00:00")
    try scenario.execute("UPDATE public.audit_events SET created_at = 'infinity' WHERE id = '\(second[1].id)'")
    #expect(try scenario.night("2026-11-18").rows == 2)
    #expect(try scenario.unionIsTheTable())
    #expect(try scenario.verifyBoth().isIntact)
  }
}
