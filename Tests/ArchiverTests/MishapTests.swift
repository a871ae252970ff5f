// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import Archiver
import AuditCore
import ChainReader
import Cryptography
import Foundation
import Postgres
import TestSupport
import Testing

@Suite("Mishaps", .enabled(if: TemporaryPostgres.isUsable))
struct MishapTests {
  @Test(
    "a database set back to an earlier point: nothing is appended until it is accepted", arguments: StoreKind.usable)
  func rewound(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
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

  @Test("a fork at the head whose other side goes on the next day", arguments: StoreKind.usable)
  func forkAtHead(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
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

  @Test("a day of nothing but rows that have no place on the chain", arguments: StoreKind.usable)
  func offChainOnly(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    let rows = try scenario.append("2026-11-18 10:00:00", "2026-11-18 11:00:00", "2026-11-20 10:00:00")
    try scenario.night("2026-11-18")
    for (hour, previous) in [(10, rows[0].hash), (11, SHA256.hash([1]))] {
      try scenario.execute(try scenario.row("2026-11-19 \(hour):00:00", after: previous).sql)
    }
    try scenario.night("2026-11-19")
    let last = try #require(try scenario.manifests().last)
    #expect(last.rowCount == 2 && last.chain.headHash == last.chain.previousHash)
    let report = try scenario.verify()
    #expect(report.findings.isEmpty, "\(report.findings)")
    #expect(report.anomalies.listed.map(\.kind) == [.fork, .orphan])
    try scenario.night("2026-11-20")
    #expect(try scenario.verify().findings.isEmpty)
    #expect(try scenario.verifyBoth().anomalies.total == 2)
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

  @Test("a second run the same day has nothing to do", arguments: StoreKind.usable)
  func again(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    try scenario.load("chain/clean-hmac.tsv")
    let first = try scenario.run()
    let second = try scenario.run()
    #expect(second.sequences.isEmpty)
    #expect(second.rows == 0)
    #expect(try scenario.manifests().count == first.sequences.count)
  }

  @Test("a standby is as good a source as its primary, with an overlap where it cannot know the transactions")
  func standby() throws {
    let scenario = try Scenario()
    try scenario.load("chain/clean-hmac.tsv")
    let standby = try TemporaryPostgres.shared().startStandby()
    let database = try #require(scenario.url.split(separator: "/").last?.removingPercentEncoding)
    let report = try scenario.run { $0.source = PostgresSource(standby.url(database: database)) }
    #expect(report.rows == 400)
    #expect(try scenario.verifyBoth().isIntact)
    #expect(try scenario.run().rows == 0)
  }

  @Test(
    "nothing is appended behind a manifest whose signature is wrong; a bucket keeps the sound one below it",
    arguments: StoreKind.usable)
  func forgedManifest(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    try scenario.append("2026-11-18 10:00:00")
    try scenario.night("2026-11-18")
    let key = "memory-layer/\(Archive.manifestKey(0))"
    let sound = String(decoding: try #require(try scenario.store.store.read(key, limit: 1 << 20)), as: UTF8.self)
    let stored = try scenario.archive.manifest(0)
    let signature = Base64.encode(stored.proof.signatures[0].signature)
    let forged = sound.replacingOccurrences(of: signature, with: Base64.encode(SHA256.hash([1]).bytes))
    try scenario.store.overwrite(key, Array(forged.utf8))
    guard kind == .s3 else {
      #expect(#expect(throws: Failure.self) { try scenario.night("2026-11-19") }?.status == .integrity)
      return
    }
    try scenario.append("2026-11-19 10:00:00")
    #expect(try scenario.night("2026-11-19").rows == 1)
    let finding = try #require(try scenario.verify().findings.first)
    #expect(finding.object == scenario.archive.name(Archive.manifestKey(0)))
    #expect(finding.reason.contains("2 versions of different content"))
  }

  @Test("a bundle that a crashed run left is used when it is the same, and refused when it is not")
  func debris() throws {
    let scenario = try Scenario()
    try scenario.append("2026-11-18 10:00:00")
    try scenario.night("2026-11-18")
    let bundle = try #require(try scenario.manifests()[0].bundle).key
    let manifest = scenario.path("manifests/0000000000.json")
    try FileManager.default.removeItem(atPath: manifest)
    #expect(try scenario.night("2026-11-18").rows == 1)
    #expect(try scenario.manifests()[0].bundle?.key == bundle)
    try FileManager.default.removeItem(atPath: manifest)
    let path = scenario.path(bundle)
    try FileManager.default.removeItem(atPath: path)
    try Data("another".utf8).write(to: URL(fileURLWithPath: path))
    #expect(#expect(throws: Failure.self) { try scenario.night("2026-11-18") }?.status == .integrity)
  }
}
