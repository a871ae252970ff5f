// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import DrillRunner
import Foundation
import Postgres
import Signing
import TestSupport
import Testing

@Suite("Drills that cannot go on", .enabled(if: TemporaryPostgres.isUsable))
struct DrillMishapTests {
  /// A function that leaves a mark when it is called, and a type's name that calls it.
  private static let trap = """
    CREATE TABLE public.marks (what text);
    CREATE FUNCTION public.pwn(text) RETURNS boolean LANGUAGE plpgsql AS
      'BEGIN INSERT INTO public.marks VALUES ($1); RETURN true; END';
    """
  private static let evilType = "character varying CHECK ( public.pwn(event_type) )"

  private func forge(_ manifest: inout Manifest) {
    for index in manifest.source.columns.indices where manifest.source.columns[index].name == "event_type" {
      manifest.source.columns[index].type = Self.evilType
    }
  }

  @Test("a forged manifest's types are no SQL, whether it is signed or not", arguments: [true, false])
  func forgedType(isSigned: Bool) throws {
    let drill = try Drill()
    try PostgresSession(drill.staging).executeScript(Self.trap)
    try drill.rewriteManifests(isSigned: isSigned, forge)
    let report = try drill.job().run(.all)
    #expect(!report.isPassed && report.exitStatus == .integrity)
    #expect(report.steps.last?.name == (isSigned ? "restore, check and replay" : "check the manifests"))
    #expect(report.steps.last?.detail.contains(isSigned ? "event_type" : "signature is invalid") == true)
    #expect(try drill.stored(report).content["verdict"] == "failed")
    let replay = ReplayJob(VerifySettings(keys: drill.keys), drill.archive, staging: drill.staging)
    let error = #expect(throws: (any Error).self) {
      try replay.run(try drill.archive.sequences(.all), schema: "memoryctl_replay", isLogged: true)
    }
    #expect(error.map { Failure(from: $0).status } == .integrity)
    let staging = try PostgresSession(drill.staging)
    #expect(try staging.execute("SELECT * FROM public.marks").isEmpty)
    #expect(try drill.schemas() == [])
  }

  @Test("a manifest without a key at hand stops drill and replay before anything is created")
  func unknownKey() throws {
    let drill = try Drill()
    let settings = VerifySettings(keys: KeyRing([]))
    let job = DrillJob(settings, drill.archive, staging: drill.staging, signer: drill.signer)
    let report = try job.run(.all)
    #expect(report.steps.map(\.name) == ["check the manifests"])
    #expect(report.exitStatus == .integrity)
    let replay = ReplayJob(settings, drill.archive, staging: drill.staging)
    #expect(throws: ArchiveFinding.self) {
      try replay.run(try drill.archive.sequences(.all), schema: "memoryctl_replay", isLogged: true)
    }
    #expect(try drill.schemas() == [])
  }

  @Test("what is no type's name is refused, and names its column")
  func noType() throws {
    let drill = try Drill()
    for type in [
      "varchar(20", "varchar(20))", "varchar(2)(3)", "numeric(10,--2)", "numeric(10,(2))", "int; SELECT 1", "\"int", "",
      "setof integer", "varchar(public.pwn('x'))", "integer NOT NULL", "a.b.c.d", "varchar(20) COLLATE \"C\"",
      "integer DEFAULT 1", "varchar(20),x integer",
    ] {
      try drill.rewriteManifests(isSigned: true) { manifest in
        for index in manifest.source.columns.indices where manifest.source.columns[index].name == "event_type" {
          manifest.source.columns[index].type = type
        }
      }
      let report = try drill.job().run(.latest)
      #expect(report.exitStatus == .integrity, "\(type): \(report.steps)")
      #expect(report.steps.last?.detail.contains("column \"event_type\"") == true, "\(report.steps)")
    }
    #expect(try drill.schemas() == [])
  }

  @Test("a type that staging lacks is named, with what to do, in a stored report")
  func missingType() throws {
    let change = "CREATE TYPE public.mood AS ENUM ('calm'); ALTER TABLE public.audit_events ADD mood public.mood"
    let drill = try Drill(change: change)
    let report = try drill.job().run(.all)
    #expect(report.exitStatus == .configuration)
    let detail = try #require(report.steps.last?.detail)
    #expect(detail.contains("no type public.mood") && detail.contains("column \"mood\"") && detail.contains("create"))
    #expect(try drill.stored(report).content["verdict"] == "failed")
    #expect(try drill.schemas() == [])
    try PostgresSession(drill.staging).executeScript("CREATE TYPE public.mood AS ENUM ('calm')")
    #expect(try drill.job().run(.all).isPassed)
  }

  @Test("rows are restored that violate a NOT NULL which their source did not enforce")
  func notNull() throws {
    let drill = try Drill()
    try drill.rewriteManifests(isSigned: true) { manifest in
      for index in manifest.source.columns.indices { manifest.source.columns[index].isNotNull = true }
    }
    var job = drill.job()
    job.keepsSchema = true
    let report = try job.run(.all)
    #expect(report.isPassed, "\(report.steps)")
    #expect(report.steps.contains { $0.detail.contains("artifact_id") && $0.detail.contains("NOT NULL") })
    let notNull = try PostgresSession(drill.staging).execute(
      """
      SELECT attname FROM pg_attribute WHERE attrelid = '\(job.schema).audit_events'::regclass AND attnotnull AND attnum > 0
      ORDER BY attnum
      """
    ).map { $0[0] }
    #expect(notNull == ["id", "event_type", "payload", "hash", "signature", "created_at"])
  }

  @Test("schemas of killed drills are dropped; those in use, those kept and those of others are not")
  func abandoned() throws {
    let drill = try Drill()
    let staging = try PostgresSession(drill.staging)
    try staging.executeScript(
      """
      CREATE SCHEMA memoryctl_drill_dead;
      CREATE TABLE memoryctl_drill_dead.audit_events (id integer);
      COMMENT ON TABLE memoryctl_drill_dead.audit_events IS 'restored by memoryctl';
      CREATE SCHEMA memoryctl_drill_alive; CREATE SCHEMA memoryctl_drill_named;
      COMMENT ON SCHEMA memoryctl_drill_named IS 'somebody''s';
      CREATE SCHEMA memoryctl_drill_used; CREATE TABLE memoryctl_drill_used.audit_events (id integer);
      COMMENT ON TABLE memoryctl_drill_used.audit_events IS 'restored by memoryctl';
      CREATE VIEW public.counted AS SELECT count(*) FROM memoryctl_drill_used.audit_events;
      CREATE SCHEMA memoryctl_drill_others AUTHORIZATION pg_monitor; CREATE SCHEMA memoryctl_drillx;
      """)
    #expect(try staging.tryAdvisoryLock("memoryctl_drill_alive"))
    var kept = drill.job()
    kept.keepsSchema = true
    #expect(try kept.run(.all).isPassed)
    let log = Log()
    let job = DrillJob(
      VerifySettings(keys: drill.keys), drill.archive, staging: drill.staging, signer: drill.signer, progress: log)
    try staging.executeScript("CREATE SCHEMA memoryctl_drill_dead")
    #expect(try job.run(.all).isPassed)
    #expect(log.events.contains { $0.contains("memoryctl_drill_dead") })
    #expect(log.events.contains { $0.contains("memoryctl_drill_used") && $0.contains("view public.counted") })
    #expect(try staging.execute("SELECT * FROM public.counted").count == 1)
    #expect(
      try drill.schemas()
        == [
          kept.schema, "memoryctl_drill_alive", "memoryctl_drill_named", "memoryctl_drill_others",
          "memoryctl_drill_used", "memoryctl_drillx",
        ].sorted())
  }

  @Test("a schema that exists is refused and stays")
  func existingSchema() throws {
    let drill = try Drill()
    try PostgresSession(drill.staging).executeScript("CREATE SCHEMA memoryctl_mine")
    var job = drill.job()
    job.schema = "memoryctl_mine"
    #expect(#expect(throws: Failure.self) { try job.run(.all) }?.status == .refused)
    #expect(try drill.schemas() == ["memoryctl_mine"])
  }
}

@Suite("Drills over changed columns", .enabled(if: TemporaryPostgres.isUsable))
struct ColumnChangeTests {
  @Test("each stretch of equal columns is restored and verified in a table of its own; replay refuses")
  func stretches() throws {
    let change = """
      ALTER TABLE public.audit_events ADD region varchar(20) DEFAULT 'eu', ALTER memory_node_id TYPE text,
        ALTER artifact_id SET DEFAULT gen_random_uuid()
      """
    let drill = try Drill(nights: [("2026-11-20", change)])
    var job = drill.job()
    job.keepsSchema = true
    let report = try job.run(.all)
    #expect(report.isPassed, "\(report.steps)")
    #expect(report.rows == 400)
    #expect(report.steps.count == 9)
    #expect(
      report.headHash
        == (try drill.archive.manifest(try drill.archive.sequences().upperBound - 1)).manifest.chain.headHash?.hex)
    let staging = try PostgresSession(drill.staging)
    let counts = try (1...2).map {
      try staging.execute("SELECT count(*) FROM \(job.schema).audit_events_\($0)")[0][0].flatMap { Int($0) } ?? 0
    }
    #expect(counts.allSatisfy { $0 > 0 } && counts.reduce(0, +) == 400)
    let replay = ReplayJob(VerifySettings(keys: drill.keys), drill.archive, staging: drill.staging)
    let failure = #expect(throws: Failure.self) {
      try replay.run(try drill.archive.sequences(.all), schema: "memoryctl_replay", isLogged: true)
    }
    #expect(failure?.status == .refused && failure?.remedy?.contains("--select") == true)
  }

  @Test("two stretches that do not join are found")
  func seam() throws {
    let drill = try Drill(nights: [("2026-11-20", "ALTER TABLE public.audit_events ADD region text")])
    let first = try #require(
      try drill.archive.sequences().first { try drill.archive.manifest($0).manifest.source.columns.count == 11 })
    try drill.rewriteManifests(isSigned: true) { manifest in
      if manifest.sequence >= first { manifest.rowTotal += 1 }
    }
    let report = try drill.job().run(.all)
    #expect(report.exitStatus == .integrity)
    #expect(report.findings.contains { $0.contains("rows.total is not the sum") })
  }

  @Test("only a constraint that changed needs no second table")
  func constraints() throws {
    let drill = try Drill(
      nights: [
        (
          "2026-11-20",
          "ALTER TABLE public.audit_events ALTER event_type DROP NOT NULL; CREATE INDEX ON public.audit_events (event_type)"
        )
      ])
    let report = try drill.job().run(.all)
    #expect(report.isPassed && report.steps.count == 5, "\(report.steps)")
  }

  @Test("types keep their modifiers and their odd names")
  func modifiers() throws {
    let types = #"CREATE TYPE public."Odd (3) ""name" AS ENUM ('x'); CREATE DOMAIN public.short AS varchar(5);"#
    let change = """
      \(types) ALTER TABLE public.audit_events ADD a numeric(10,2) DEFAULT 1.5, ADD b varchar(20), ADD c timestamp(3) with time zone,
        ADD d timestamp(0) without time zone[], ADD e bit(3), ADD f bit(1), ADD g "bit", ADD h bpchar, ADD i character(5),
        ADD j integer[], ADD k numeric(10,2)[], ADD l interval day to second(3), ADD m interval year to month,
        ADD n interval(2)[], ADD o public."Odd (3) ""name" DEFAULT 'x', ADD p public.short, ADD q time(2) with time zone,
        ADD r public."Odd (3) ""name"[], ADD s "char", ADD t numeric(3,-2), ADD u interval year to month[], ADD v varbit(7);
      """
    let drill = try Drill(change: change)
    try PostgresSession(drill.staging).executeScript(types)
    let job = ReplayJob(VerifySettings(keys: drill.keys), drill.archive, staging: drill.staging)
    _ = try job.run(try drill.archive.sequences(.all), schema: "replayed", isLogged: true)
    func columns(_ url: String, _ table: String) throws -> [[String?]] {
      try PostgresSession(url).execute(
        """
        SELECT attname, format_type(atttypid, atttypmod), attnotnull::text FROM pg_attribute
        WHERE attrelid = '\(table)'::regclass AND attnum > 0 ORDER BY attnum
        """)
    }
    #expect(try columns(drill.staging, "replayed.audit_events") == columns(drill.source, "public.audit_events"))
    #expect(try Drill.rows(drill.staging, "replayed.audit_events") == Drill.rows(drill.source, "public.audit_events"))
  }
}

/// Remembers events.
private final class Log: ProgressListener, @unchecked Sendable {
  private let lock = NSLock()
  private var lines: [String] = []
  var events: [String] { lock.withLock { lines } }

  func expect(rows: Int) {}
  func advance(rows: Int, bytes: Int) {}
  func event(_ message: String, _ fields: KeyValuePairs<String, JSONValue>) {
    lock.withLock {
      lines.append(message + fields.map { " \($0.key)=\($0.value.string ?? $0.value.compactText)" }.joined())
    }
  }
}
