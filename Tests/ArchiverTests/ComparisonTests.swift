// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import Archiver
import AuditCore
import DrillRunner
import Foundation
import Postgres
import TestSupport
import Testing

@Suite("A table and its archive against each other", .enabled(if: TemporaryPostgres.isUsable))
struct ComparisonTests {
  private func removeManifests(_ scenario: Scenario, _ sequences: ClosedRange<Int>) throws {
    for sequence in sequences {
      let path = scenario.path(Archive.manifestKey(sequence))
      try FileManager.default.removeItem(atPath: path)
    }
  }

  @Test("an archive whose tail was cut is broken")
  func cutTail() throws {
    let scenario = try Scenario()
    try scenario.append("2026-11-17 10:00:00", "2026-11-18 10:00:00", "2026-11-19 10:00:00", "2026-11-20 10:00:00")
    try scenario.night("2026-11-20")
    try scenario.append("now()")
    let sound = try scenario.verifyBoth()
    #expect(sound.isIntact)
    #expect(sound.notes.contains { $0.hasPrefix("1 rows of the table are newer") })
    try removeManifests(scenario, 2...3)
    #expect(try scenario.verify().isIntact)
    let report = try scenario.verifyBoth()
    #expect(report.anomalies.isEmpty)
    let finding = try #require(report.findings.first)
    #expect(report.findings.count == 1 && finding.object == scenario.archive.url)
    for words in [
      "ends with day 2026-11-18", "holds 2 rows of days up to 2026-11-20", "its tail was cut", "2 bundles lie behind",
      "bundles/0000000002-",
    ] { #expect(finding.reason.contains(words), "\(finding.reason)") }
  }

  @Test("a cut within a day, of rows without a day too")
  func cutWithinDay() throws {
    let scenario = try Scenario()
    let rows = try scenario.append(
      "2026-11-18 10:00:00", "2026-11-18 11:00:00", "2026-11-18 12:00:00", "2026-11-18 13:00:00")
    try scenario.execute("UPDATE public.audit_events SET created_at = 'infinity' WHERE id = '\(rows[3].id)'")
    try scenario.run {
      $0.lastDay = UTCDay("2026-11-18")
      $0.bundles.maxRows = 2
    }
    #expect(try scenario.verifyBoth().isIntact)
    try removeManifests(scenario, 1...1)
    let report = try scenario.verifyBoth()
    #expect(report.findings.first?.reason.contains("ends within day 2026-11-18, yet the table holds 2 rows") == true)
  }

  @Test("a row that came late to yesterday is waited for, one of an older day is not")
  func late() throws {
    let scenario = try Scenario()
    let yesterday = Timestamp.now().day.advanced(by: -1)
    try scenario.append("2026-11-18 10:00:00", "\(yesterday) 10:00:00")
    try scenario.night("\(yesterday)")
    try scenario.append("\(yesterday) 23:00:00")
    let report = try scenario.verifyBoth()
    #expect(report.isIntact, "\(report.anomalies.listed)")
    #expect(report.notes.contains { $0.hasPrefix("1 rows of the table are newer") })
    let old = try scenario.append("2026-11-18 23:00:00")
    #expect(try scenario.verifyBoth().anomalies.listed.map(\.id) == [old[0].id])
  }

  @Test("each anomaly is reported once", arguments: ["hash", "sig", "fork", "orphan", "delete"])
  func once(fixture: String) throws {
    let scenario = try Scenario()
    try scenario.load("chain/broken-\(fixture).tsv")
    try scenario.run()
    let archived = try scenario.verify().anomalies
    #expect(archived.total > 0)
    #expect(try scenario.verifyBoth().anomalies == archived)
  }

  @Test("what changed in the table alone is reported beside what the archive has")
  func both() throws {
    let scenario = try Scenario()
    try scenario.load("chain/broken-hash.tsv")
    try scenario.run()
    let archived = try scenario.verify().anomalies
    let rows = try scenario.query("SELECT id::text FROM public.audit_events ORDER BY created_at, id LIMIT 3")
    let (changed, deleted) = (rows[0][0] ?? "", rows[2][0] ?? "")
    try scenario.execute("UPDATE public.audit_events SET payload = '{}' WHERE id = '\(changed)'")
    try scenario.execute("DELETE FROM public.audit_events WHERE id = '\(deleted)'")
    let found = try scenario.verifyBoth().anomalies
    let new = found.listed.dropFirst(archived.total)
    #expect(Array(found.listed.prefix(archived.total)) == archived.listed)
    // The changed row differs from the archive and from its own hash; the deleted one leaves two sides of a gap.
    #expect(new.filter { $0.id == changed }.map(\.kind) == [.hashMismatch, .hashMismatch])
    #expect(new.filter { $0.kind == .gap }.count == 2)
    #expect(found.total == archived.total + 4)
  }

  @Test("rows that an accepted rewind cut off may be missing, others may not")
  func acceptedRewind() throws {
    let scenario = try Scenario()
    let rows = try scenario.append(
      "2026-11-17 10:00:00", "2026-11-17 11:00:00", "2026-11-18 10:00:00", "2026-11-18 11:00:00")
    try scenario.night("2026-11-18")
    try scenario.execute("DELETE FROM public.audit_events WHERE id IN ('\(rows[2].id)', '\(rows[3].id)')")
    #expect(try scenario.verifyBoth().anomalies.total == 2)
    scenario.setHead(rows[1].hash)
    let branch = try scenario.append("2026-11-19 10:00:00", "2026-11-19 11:00:00")
    try scenario.run {
      $0.lastDay = UTCDay("2026-11-19")
      $0.acceptsRewind = true
    }
    let report = try scenario.verifyBoth()
    #expect(report.isIntact, "\(report.anomalies.listed) \(report.findings)")
    #expect(report.notes.contains { $0.hasPrefix("2 archived rows are not in the table: a rewind") })
    // A second rewind, within the branch, to before the first.
    try scenario.execute("DELETE FROM public.audit_events WHERE id <> '\(rows[0].id)'")
    scenario.setHead(rows[0].hash)
    try scenario.append("2026-11-20 10:00:00")
    try scenario.run {
      $0.lastDay = UTCDay("2026-11-20")
      $0.acceptsRewind = true
    }
    let second = try scenario.verifyBoth()
    #expect(second.isIntact, "\(second.anomalies.listed) \(second.findings)")
    #expect(second.notes.contains { $0.hasPrefix("5 archived rows are not in the table") })
    try scenario.execute("DELETE FROM public.audit_events WHERE id = '\(rows[0].id)'")
    #expect(try scenario.verifyBoth().anomalies.listed.contains { $0.id == rows[0].hash.hex })
    _ = branch
  }
}

@Suite("A table that changed since it was archived", .enabled(if: TemporaryPostgres.isUsable))
struct SchemaChangeTests {
  private func scenario() throws -> Scenario {
    let scenario = try Scenario()
    try scenario.execute("ALTER TABLE public.audit_events ADD note jsonb")
    try scenario.append("2026-11-17 10:00:00", "2026-11-17 11:00:00")
    try scenario.execute("UPDATE public.audit_events SET note = 'null' WHERE created_at < '2026-11-17 10:30:00+00'")
    try scenario.execute("UPDATE public.audit_events SET note = '[1, null]' WHERE note IS NULL")
    try scenario.night("2026-11-17")
    return scenario
  }

  @Test(
    "what leaves the archived columns as they are is no fault",
    arguments: [
      ("ADD signer_id varchar, ADD \"x,\"\"y\" text DEFAULT 'null'", "signer_id, x,\"y"),
      ("ALTER note SET DEFAULT '2', ALTER note SET NOT NULL", nil),
      ("ALTER event_type SET DEFAULT 'x'", nil),
    ] as [(String, String?)])
  func harmless(change: String, added: String?) throws {
    let scenario = try scenario()
    try scenario.execute("ALTER TABLE public.audit_events \(change)")
    let report = try scenario.verifyBoth()
    #expect(report.isIntact, "\(report.anomalies.listed)")
    #expect(report.notes.count == (added == nil ? 1 : 2))
    if let added { #expect(report.notes.first?.hasSuffix("lack: \(added)") == true, "\(report.notes)") }
    // Rows of both shapes, and a change to one of the older rows.
    try scenario.append("2026-11-18 10:00:00")
    try scenario.night("2026-11-18")
    #expect(try scenario.verifyBoth().isIntact)
    try scenario.execute("UPDATE public.audit_events SET event_type = 'x' WHERE note = '[1, null]'")
    #expect(try scenario.verifyBoth().anomalies.listed.map(\.kind) == [.hashMismatch])
  }

  @Test(
    "a column that is gone, renamed or of another type leaves the hashes to compare",
    arguments: [
      ("DROP note", "note jsonb"), ("RENAME note TO remark", "note jsonb"),
      ("ALTER event_type TYPE text", "event_type character varying"),
    ])
  func byHash(change: String, named: String) throws {
    let scenario = try scenario()
    try scenario.execute("ALTER TABLE public.audit_events \(change)")
    try scenario.append("2026-11-18 10:00:00")
    try scenario.night("2026-11-18")
    let report = try scenario.verifyBoth()
    #expect(report.isIntact, "\(report.anomalies.listed)")
    #expect(report.notes.filter { $0.contains("by their hashes alone") && $0.contains(named) }.count == 1)
    // Rows of today's shape are compared whole.
    try scenario.execute("UPDATE public.audit_events SET event_type = 'x'")
    #expect(try scenario.verifyBoth().anomalies.total == 1)
    try scenario.execute("DELETE FROM public.audit_events WHERE created_at < '2026-11-17 10:30:00+00'")
    #expect(try !scenario.verifyBoth().isIntact)
  }

  @Test("a NULL is not the value null of an older shape")
  func lostNull() throws {
    let scenario = try Scenario()
    try scenario.execute("ALTER TABLE public.audit_events ADD note jsonb NOT NULL DEFAULT 'null'")
    try scenario.append("2026-11-17 10:00:00", "2026-11-17 11:00:00")
    try scenario.night("2026-11-17")
    try scenario.execute("ALTER TABLE public.audit_events ALTER note DROP NOT NULL, ADD signer_id varchar")
    #expect(try scenario.verifyBoth().isIntact)
    try scenario.execute("UPDATE public.audit_events SET note = NULL")
    #expect(try scenario.verifyBoth().anomalies.total == 2)
  }
}
