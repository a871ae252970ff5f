// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import Archiver
import AuditCore
import ChainReader
import Cryptography
import Foundation
import Postgres
import Signing
import TestSupport
import Testing

@Suite("What an adversary, or a careless hand, does to the table", .enabled(if: TemporaryPostgres.isUsable))
struct AdversaryTests {
  @Test("a policy that hides rows stops the run instead of passing for an empty table")
  func rowSecurity() throws {
    let scenario = try Scenario()
    try scenario.append("2026-11-18 10:00:00", "2026-11-18 11:00:00")
    let role = "reader_\(UInt32.random(in: 0 ... .max))"
    for sql in [
      "CREATE ROLE \(role) LOGIN", "GRANT SELECT ON public.audit_events TO \(role)",
      "ALTER TABLE public.audit_events ENABLE ROW LEVEL SECURITY",
      "CREATE POLICY hiding ON public.audit_events FOR SELECT USING (payload->>'number' <> '2')",
    ] {
      try scenario.execute(sql)
    }
    let failure = #expect(throws: PostgresError.self) {
      try scenario.run { $0.source = PostgresSource(scenario.url + "?user=\(role)") }
    }
    #expect(failure?.kind == .permission)
    #expect(try scenario.manifests().isEmpty)
  }

  @Test(
    "nothing is appended behind a manifest that no known key verifies; in a bucket it blocks nothing",
    arguments: StoreKind.usable)
  func strangersManifest(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    try scenario.append("2026-11-18 10:00:00")
    try scenario.night("2026-11-18")
    var manifest = try #require(try scenario.manifests().last)
    manifest.previousManifest = try scenario.archive.manifest(0).digest
    manifest.sequence = 1
    manifest.coverage = Manifest.Coverage(day: manifest.coverage.day.next, part: 0, isLast: true)
    manifest.chain.previousHash = manifest.chain.headHash
    manifest.bundle = nil
    manifest.rows = nil
    manifest.rowCount = 0
    manifest.merkleRoot = MerkleTree().root
    manifest.source.resumeFrom = Timestamp("2026-11-30T00:00:00Z")
    let stranger = LocalSigner(privateKey: try PrivateKey.generateEd25519())
    let forged = try stranger.sign(.manifest, manifest.json).bytes
    try scenario.store.overwrite("memory-layer/\(Archive.manifestKey(1))", forged)
    try scenario.append("2026-11-19 10:00:00")
    guard kind == .s3 else {
      let failure = #expect(throws: Failure.self) { try scenario.night("2026-11-20") }
      #expect(failure?.status == .integrity)
      #expect(try scenario.archive.sequences().count == 2)
      return
    }
    #expect(try scenario.night("2026-11-20").sequences == [1, 2])
    #expect(try scenario.unionIsTheTable())
  }

  @Test("junk in the first manifest's place keeps no first night from a bucket", arguments: StoreKind.usable)
  func junkFirst(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    try scenario.append("2026-11-18 10:00:00")
    for sequence in 0..<2 {
      try scenario.store.overwrite("memory-layer/\(Archive.manifestKey(sequence))", Array("junk".utf8))
    }
    guard kind == .s3 else {
      #expect(#expect(throws: Failure.self) { try scenario.night("2026-11-18") }?.status == .integrity)
      return
    }
    #expect(try scenario.night("2026-11-18").sequences == [0])
    try scenario.append("2026-11-19 10:00:00")
    #expect(try scenario.night("2026-11-19").sequences == [1])
    #expect(try scenario.unionIsTheTable())
  }

  @Test("a row that copies an archived one's hash is archived and named", arguments: StoreKind.usable)
  func copiedHash(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    try scenario.execute("ALTER TABLE public.audit_events DROP CONSTRAINT IF EXISTS audit_events_hash_key")
    let rows = try scenario.append("2026-11-18 10:00:00", "2026-11-18 11:00:00")
    try scenario.night("2026-11-18")
    let copy = UUID().uuidString.lowercased()
    try scenario.execute(
      """
      INSERT INTO public.audit_events (id, event_type, payload, hash, prev_hash, created_at)
      SELECT '\(copy)', 'copy', '{"evil": 1}', hash, prev_hash, '2026-11-19 10:00:00+00' FROM public.audit_events WHERE id = '\(rows[1].id)'
      """)
    let next = try scenario.append("2026-11-19 11:00:00")[0]
    let report = try scenario.night("2026-11-19")
    #expect(report.anomalies.listed.filter { $0.kind == .duplicate }.map(\.id) == [copy])
    #expect(!report.anomalies.listed.contains { $0.id == next.id })
    #expect(try scenario.unionIsTheTable())
    #expect(try scenario.night("2026-11-20").rows == 0)
    #expect(try scenario.verify().findings.isEmpty)
  }

  @Test("a session that hides its beginning makes the next run read back as far as it is allowed to")
  func untrackedSession() throws {
    let scenario = try Scenario()
    try scenario.append("2026-11-18 10:00:00", "now()")
    let late = try scenario.row("now()")
    let hidden = try PostgresSession(scenario.url)
    try hidden.executeScript("SET track_activities = off")
    try hidden.executeScript("BEGIN")
    // An hour old, as if the transaction had begun then.
    try hidden.executeScript(late.sql.replacing("now())", with: "now() - interval '1 hour')"))
    try scenario.run { $0.includesToday = true }
    try hidden.executeScript("COMMIT")
    scenario.setHead(late.hash)
    #expect(try scenario.run { $0.includesToday = true }.rows == 1)
    #expect(try scenario.unionIsTheTable())
  }

  @Test("a row that is inserted with an old stamp is found by the row that it follows", arguments: StoreKind.usable)
  func backdated(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    try scenario.append("2026-11-10 10:00:00", "2026-11-18 10:00:00")
    try scenario.night("2026-11-18")
    try scenario.append("2026-11-09 10:00:00", "2026-11-09 11:00:00", "2026-11-19 10:00:00")
    let report = try scenario.night("2026-11-19")
    #expect(report.anomalies.isEmpty, "\(report.anomalies.listed)")
    #expect(report.rows == 3)
    try scenario.append("2026-11-01 10:00:00")
    #expect(try scenario.night("2026-11-20").rows == 1)
    #expect(try scenario.night("2026-11-21").rows == 0)
    #expect(try scenario.archivedIDs().count == 6)
    #expect(try scenario.unionIsTheTable())
    #expect(try scenario.verifyBoth().isIntact)
  }

  @Test("a first row from before all calendars opens no day", arguments: ["0044-03-15 12:00:00+00 BC", "-infinity"])
  func ancientFirst(stamp: String) throws {
    let scenario = try Scenario()
    let rows = try scenario.append("2026-11-17 10:00:00", "2026-11-18 10:00:00")
    try scenario.execute("UPDATE public.audit_events SET created_at = '\(stamp)' WHERE id = '\(rows[0].id)'")
    try scenario.night("2026-11-18")
    #expect(try scenario.manifests().map(\.coverage.day.description) == ["2026-11-18"])
    #expect(try scenario.unionIsTheTable())
    #expect(try scenario.verify().isIntact)
  }

  @Test("one row that joins nothing does not become the head, and accuses no other", arguments: StoreKind.usable)
  func strayRow(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    try scenario.append("2026-11-17 10:00:00", "2026-11-18 10:00:00")
    let head = scenario.head
    let stray = try scenario.row("2026-11-19 10:00:00", after: SHA256.hash([1]))
    try scenario.execute(stray.sql)
    let first = try scenario.night("2026-11-19")
    #expect(first.anomalies.listed.map(\.kind) == [.orphan])
    #expect(first.anomalies.listed.map(\.id) == [stray.id])
    #expect(try scenario.manifests().last?.chain.headHash == head)
    try scenario.append("2026-11-20 10:00:00")
    let second = try scenario.night("2026-11-20")
    #expect(second.anomalies.isEmpty, "\(second.anomalies.listed)")
    #expect(try scenario.unionIsTheTable())
  }

  @Test("a late fork of an old row does not become the head", arguments: StoreKind.usable)
  func lateFork(kind: StoreKind) throws {
    let scenario = try Scenario(kind)
    let rows = try scenario.append("2026-11-17 10:00:00", "2026-11-18 10:00:00", "2026-11-18 11:00:00")
    try scenario.night("2026-11-18")
    let fork = try scenario.row("2026-11-19 10:00:00", after: rows[0].hash)
    try scenario.execute(fork.sql)
    let report = try scenario.night("2026-11-19")
    #expect(report.anomalies.listed.map(\.kind) == [.fork])
    #expect(report.anomalies.listed.map(\.id) == [fork.id])
    try scenario.append("2026-11-20 10:00:00")
    #expect(try scenario.night("2026-11-20").anomalies.isEmpty)
    #expect(try scenario.unionIsTheTable())
    #expect(try scenario.verify().findings.isEmpty)
  }

  @Test("a row whose hash is no hash has no place on the chain", arguments: ["zz", ""])
  func garbageHash(hash: String) throws {
    let scenario = try Scenario()
    let rows = try scenario.append("2026-11-17 10:00:00", "2026-11-18 10:00:00")
    let id = UUID().uuidString.lowercased()
    try scenario.execute(
      """
      INSERT INTO public.audit_events (id, event_type, payload, hash, prev_hash, created_at)
      VALUES ('\(id)', 't', '{}', '\(hash)', '\(rows[1].hash)', '2026-11-18 11:00:00+00')
      """)
    let report = try scenario.night("2026-11-18")
    #expect(Set(report.anomalies.listed.map(\.id)) == [id])
    #expect(Set(report.anomalies.listed.map(\.kind)) == [.orphan, .hashMismatch])
    #expect(try scenario.manifests().last?.chain.headHash == rows[1].hash)
    try scenario.append("2026-11-19 10:00:00")
    #expect(try scenario.night("2026-11-19").anomalies.isEmpty)
    #expect(try scenario.unionIsTheTable())
  }

  @Test("rows that go round in a circle are archived and named, and what is archived is no damage")
  func circle() throws {
    let scenario = try Scenario()
    let (a, b) = (SHA256.hash([1]), SHA256.hash([2]))
    for (hash, previous) in [(a, b), (b, a)] {
      try scenario.execute(
        """
        INSERT INTO public.audit_events (event_type, payload, hash, prev_hash, created_at)
        VALUES ('t', '{}', '\(hash)', '\(previous)', '2026-11-18 11:00:00+00')
        """)
    }
    let report = try scenario.night("2026-11-18")
    #expect(report.rows == 2)
    #expect(report.anomalies.listed.filter { $0.kind == .orphan }.count == 2)
    #expect(try scenario.unionIsTheTable())
    let verified = try scenario.verify()
    #expect(verified.findings.isEmpty, "\(verified.findings)")
    #expect(!verified.isIntact)
  }

  @Test("columns of domains, over enums, arrays, composites and domains")
  func domains() throws {
    let scenario = try Scenario()
    try scenario.execute("CREATE TYPE public.mood AS ENUM ('calm', 'odd')")
    try scenario.execute("CREATE TYPE public.pair AS (a integer, b text)")
    try scenario.execute("CREATE DOMAIN public.humour AS public.mood")
    try scenario.execute("CREATE DOMAIN public.whim AS public.humour")
    try scenario.execute("CREATE DOMAIN public.numbers AS integer[]")
    try scenario.execute("CREATE DOMAIN public.couple AS public.pair")
    try scenario.execute("CREATE DOMAIN public.cursor AS refcursor")
    try scenario.execute(
      """
      ALTER TABLE public.audit_events ADD a public.whim DEFAULT 'odd', ADD b public.numbers DEFAULT '{1,NULL}',
        ADD c public.couple DEFAULT ROW(1, 'x')::public.pair, ADD d public.cursor DEFAULT 'c', ADD e public.mood[] DEFAULT '{calm}'
      """)
    try scenario.append("2026-11-18 10:00:00")
    try scenario.night("2026-11-18")
    let bundle = try #require(try scenario.archive.bundle(try scenario.manifests()[0]))
    let chunk = LineChunk()
    #expect(try bundle.next(chunk))
    let line = String(decoding: chunk.bytes.unsafeBytes(chunk.range(0)), as: UTF8.self)
    #expect(line.hasSuffix(#","a":"odd","b":"{1,NULL}","c":"(1,x)","d":"c","e":"{calm}"}"#), "\(line)")
  }

  @Test("renamed columns are read again under their names")
  func renamedColumns() throws {
    let scenario = try Scenario()
    try scenario.append("2026-11-18 10:00:00", "now()")
    try scenario.execute("ALTER TABLE public.audit_events RENAME id TO \"ID\"")
    func night() throws -> ArchiveReport {
      try scenario.run {
        $0.columns.id = "ID"
        $0.includesToday = true
      }
    }
    #expect(try night().rows == 2)
    #expect(try night().rows == 0)
  }
}
