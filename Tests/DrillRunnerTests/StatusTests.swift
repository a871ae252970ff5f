// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import DrillRunner
import Foundation
import Postgres
import Signing
import TestSupport
import Testing

@Suite("The status of an archive", .enabled(if: TemporaryPostgres.isUsable))
struct StatusTests {
  private func status(
    _ drill: Drill, keys: KeyRing? = nil, at now: Timestamp = .now(),
    _ change: (inout ArchiveStatus.Limits) -> Void = { _ in }
  ) throws -> ArchiveStatus {
    var limits = ArchiveStatus.Limits()
    limits.newestDayAge = 36_500
    change(&limits)
    return try ArchiveStatus(drill.archive, keys: keys ?? drill.keys, limits: limits, now: now)
  }

  @Test("seams and signatures are checked")
  func manifests() throws {
    let drill = try Drill()
    #expect(try status(drill).problems == [])
    let last = try drill.archive.sequences().upperBound - 1
    try drill.rewriteManifests(isSigned: true) { if $0.sequence == last { $0.rowTotal += 1 } }
    #expect(try status(drill).problems == ["manifest \(last): rows.total is not the sum of what is archived"])
    try drill.rewriteManifests(isSigned: false) { if $0.sequence == last { $0.rowTotal -= 1 } }
    let problems = try status(drill).problems
    #expect(problems.count == last + 1 || problems.count == 1)
    #expect(problems.last?.contains("signature is invalid") == true, "\(problems)")
  }

  @Test("what no key at hand can verify is said, and a problem where keys are demanded")
  func unverifiable() throws {
    let drill = try Drill()
    let lenient = try status(drill, keys: KeyRing([]))
    #expect(lenient.isWell && lenient.unverifiable == lenient.manifests)
    #expect(lenient.notes.contains { $0.contains("signed by no key at hand") })
    let strict = try status(drill, keys: KeyRing([])) { $0.requiresSignatures = true }
    #expect(strict.problems.contains { $0.contains("signed by no key at hand") })
  }

  /// Puts a drill report of a time where the archive keeps them.
  private func put(
    _ drill: Drill, _ time: String, _ verdict: String, stream: String = "memory-layer", by signer: (any Signer)? = nil,
    name: String? = nil
  ) throws {
    let startedAt = try #require(Timestamp(time))
    let document = try (signer ?? drill.signer).sign(
      .report,
      .object([
        "format": "audit-drill/v1", "stream": .string(stream), "startedAt": .string(startedAt.isoSeconds),
        "verdict": .string(verdict),
      ]))
    let key = "memory-layer/drills/" + (name ?? "\(startedAt.compact)-\(document.digest.hex.prefix(8)).json")
    _ = try drill.archive.store.create(
      key, .bytes(document.bytes), retention: Manifest.Retention(until: .now(), hasLegalHold: false))
  }

  @Test("only a report counts that parses, is this stream's, verifies and passed")
  func drills() throws {
    let drill = try Drill()
    let now = try #require(Timestamp("2027-06-01T00:00:00Z"))
    func problems() throws -> [String] { try status(drill, at: now) { $0.retentionWarning = 0 }.problems }
    #expect(try problems().contains { $0.contains("no drill yet") })
    try put(drill, "2027-05-01T00:00:00Z", "passed", stream: "another")
    try put(drill, "2027-05-02T00:00:00Z", "passed", by: LocalSigner(privateKey: PrivateKey.generateEd25519()))
    try put(drill, "2027-05-03T00:00:00Z", "passed", name: "99991231T235959Z-0123abcd.json")
    try put(drill, "2027-05-04T00:00:00Z", "passed", name: "20270504T000000Z.json")
    let junk = Manifest.Retention(until: .now(), hasLegalHold: false)
    _ = try drill.archive.store.create(
      "memory-layer/drills/20270505T000000Z-0123abcd.json", .bytes([0x7b]), retention: junk)
    _ = try drill.archive.store.create("memory-layer/drills/notes.txt", .bytes([0x7b]), retention: junk)
    #expect(try problems().contains { $0.contains("no drill yet") })
    #expect(try status(drill, at: now).notes.count == 4)
    try put(drill, "2027-04-01T00:00:00Z", "passed")
    #expect(try problems() == [])
    #expect(try status(drill, at: now).lastDrill == Timestamp("2027-04-01T00:00:00Z"))
    try put(drill, "2027-04-02T00:00:00Z", "failed")
    #expect(try problems() == ["the drill of 2027-04-02T00:00:00Z failed, and none has passed since"])
    try put(drill, "2027-04-03T00:00:00Z", "passed")
    #expect(try problems() == [])
  }
}

@Suite("Replaying an older archive", .enabled(if: TemporaryPostgres.isUsable))
struct LegacyTargetTests {
  private func replay(_ target: String, production: String? = nil) throws -> FileReplay {
    let keys = try KeyRing(Environment(["AUDIT_SIGNING_KEY": "vector-key"]), registry: nil)
    let file = SingleObject(path: Fixtures.path("legacy/array.json"))
    var replay = FileReplay(FileVerifier(VerifySettings(keys: keys), file), staging: target)
    replay.production = production
    return replay
  }

  @Test("it refuses the service's own database, and one that looks like it")
  func refuses() throws {
    let server = try TemporaryPostgres.shared()
    let staging = try server.createDatabase("staging")
    let same = #expect(throws: Failure.self) {
      try replay(staging, production: staging + "?application_name=another").run(schema: "older")
    }
    #expect(same?.status == .refused && same?.problem.contains("DATABASE_URL") == true)
    let session = try PostgresSession(staging)
    try session.executeScript("SET search_path = public; " + TemporaryPostgres.auditEvents)
    // An empty table is nobody's; an unreachable DATABASE_URL is not this server.
    _ = try replay(staging, production: "postgresql://postgres@127.0.0.1:1/x").run(schema: "older")
    try session.executeScript(
      "INSERT INTO public.audit_events (event_type, payload, hash) VALUES ('t', '{}', repeat('0', 64))")
    let full = #expect(throws: Failure.self) {
      try replay(staging, production: server.createDatabase("source")).run(schema: "older2")
    }
    #expect(full?.status == .refused)
    #expect(try session.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'older2'").isEmpty)
  }
}
