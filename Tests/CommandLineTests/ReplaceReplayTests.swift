// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import Postgres
import TestSupport
import Testing

@Suite("Replays in the place of earlier ones", .enabled(if: TemporaryPostgres.isUsable))
struct ReplaceReplayTests {
  private static let file = Fixtures.path("legacy/array.json")

  private func stagedSite() throws -> Site {
    let site = try Site()
    let first = try site.run("audit", "replay", Self.file)
    guard first.status == 0 else { throw TestSupportError(first.errorText) }
    return site
  }

  private static let others: [(sql: String, name: String)] = [
    ("CREATE VIEW public.counted AS SELECT count(*) FROM memoryctl_replay.audit_events", "view public.counted"),
    (
      "CREATE MATERIALIZED VIEW public.saved AS SELECT id FROM memoryctl_replay.audit_events",
      "materialized view public.saved"
    ),
    ("CREATE TABLE public.noted (id int, event memoryctl_replay.audit_events)", "table column public.noted.event"),
    ("CREATE TABLE public.lists (events memoryctl_replay.audit_events[])", "table column public.lists.events"),
    (
      "CREATE FUNCTION public.kind(memoryctl_replay.audit_events) RETURNS text LANGUAGE sql AS 'SELECT $1.event_type'",
      "function public.kind(memoryctl_replay.audit_events)"
    ),
    (
      "CREATE TABLE public.marks (id uuid REFERENCES memoryctl_replay.audit_events)",
      "table constraint marks_id_fkey on public.marks"
    ),
    ("CREATE TABLE public.child () INHERITS (memoryctl_replay.audit_events)", "table public.child"),
    (
      "CREATE PUBLICATION ours FOR TABLE memoryctl_replay.audit_events",
      "publication relation memoryctl_replay.audit_events in publication ours"
    ),
    ("CREATE TABLE memoryctl_replay.mine AS SELECT 1", "table memoryctl_replay.mine"),
    (
      """
      CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER far FOREIGN DATA WRAPPER nothing;
      CREATE FOREIGN TABLE memoryctl_replay.far (id int) SERVER far
      """, "foreign table memoryctl_replay.far"
    ),
    ("CREATE SEQUENCE memoryctl_replay.numbers", "sequence memoryctl_replay.numbers"),
    (
      "CREATE FUNCTION memoryctl_replay.one() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function memoryctl_replay.one()"
    ),
    ("CREATE TYPE memoryctl_replay.mood AS ENUM ('calm')", "type memoryctl_replay.mood"),
  ]

  @Test("what no replay made is never dropped: it is named, by a dry run too", arguments: others)
  func dependants(_ row: (sql: String, name: String)) throws {
    let site = try stagedSite()
    let staging = try PostgresSession(site.staging)
    try staging.executeScript(row.sql)
    let objects = "SELECT count(*) FROM pg_depend"
    let before = try staging.execute(objects)[0][0]
    for arguments in [
      ["replay", Self.file, "--force"], ["replay", Self.file, "--force", "--dry-run"],
      ["verify", Self.file, "--replay", "--force"],
    ] {
      let refused = try site.run(["audit"] + arguments)
      #expect(refused.status == 73, "\(refused.errorText)")
      #expect(refused.errorText.contains(row.name), "\(refused.errorText)")
    }
    #expect(try staging.execute(objects)[0][0] == before)
    #expect(try staging.execute("SELECT 1 FROM ONLY memoryctl_replay.audit_events").count == 120)
  }

  @Test("indexes that were built on the restored table, and columns with defaults, go with it")
  func ownParts() throws {
    let site = try stagedSite()
    let staging = try PostgresSession(site.staging)
    try staging.executeScript(
      """
      CREATE INDEX ON memoryctl_replay.audit_events (event_type, lower(hash));
      ALTER TABLE memoryctl_replay.audit_events ADD note text DEFAULT 'seen', ADD CHECK (note <> '');
      """)
    let again = try site.run("audit", "replay", Self.file, "--force", "--verify-db")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try columns(staging) == 10)
    #expect(try schemas(staging) == ["memoryctl_replay"])
  }

  @Test("a run that fails leaves the earlier replay as it was", arguments: ["cut", "empty", "changed", "no JSON"])
  func failing(fault: String) throws {
    let site = try stagedSite()
    let staging = try PostgresSession(site.staging)
    try staging.executeScript("ALTER TABLE memoryctl_replay.audit_events ADD earlier int")
    let copy = site.directory("copy.json")
    let text = try Fixtures.text("legacy/array.json")
    let damaged =
      switch fault {
      case "cut": String(text.prefix(300))
      case "empty": "[]"
      case "changed": text.replacingOccurrences(of: #""prev_hash": "0"#, with: #""prev_hash": "1"#)
      default: "[ nothing"
      }
    try damaged.write(toFile: copy, atomically: false, encoding: .utf8)
    let failed = try site.run("audit", "replay", copy, "--force", "--verify-db", "--json")
    #expect(failed.status == (fault == "empty" ? 66 : 65), "\(failed.errorText)")
    #expect(try staging.execute("SELECT 1 FROM memoryctl_replay.audit_events").count == 120)
    #expect(try columns(staging) == 11)
    #expect(try schemas(staging) == ["memoryctl_replay"])
    guard failed.status == 65 else { return }
    let document = try json(failed)
    #expect(document["table"] == nil)
    #expect(document["notes"]?.array?.contains { $0.string?.contains("stays as it was") == true } == true)
  }

  @Test("a killed run leaves the earlier replay as it was, and the next one clears up behind it")
  func killed() throws {
    let site = try stagedSite()
    let staging = try PostgresSession(site.staging)
    try staging.executeScript("BEGIN; LOCK TABLE memoryctl_replay.audit_events IN SHARE MODE")
    let run = try site.start("audit", "replay", Self.file, "--force")
    let watcher = try PostgresSession(site.staging)
    // It has restored all, and waits for the earlier table.
    let here = "FROM pg_locks JOIN pg_database d ON d.oid = database WHERE datname = current_database()"
    while try watcher.execute("SELECT 1 \(here) AND NOT granted AND mode = 'AccessExclusiveLock'").isEmpty {
      try #require(run.isRunning)
      usleep(20_000)
    }
    run.signal(SIGKILL)
    _ = try run.wait()
    try staging.executeScript("COMMIT")
    while try !watcher.execute("SELECT 1 \(here) AND locktype = 'advisory'").isEmpty { usleep(20_000) }
    #expect(try staging.execute("SELECT 1 FROM memoryctl_replay.audit_events").count == 120)
    #expect(try schemas(staging).count == 2)
    let again = try site.run("audit", "replay", Self.file, "--force")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(again.errorText.contains("killed run"))
    #expect(try schemas(staging) == ["memoryctl_replay"])
  }

  private func schemas(_ staging: borrowing PostgresSession) throws -> [String] {
    try staging.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'memoryctl%' ORDER BY 1")
      .compactMap { $0[0] }
  }

  private func columns(_ staging: borrowing PostgresSession) throws -> Int {
    try staging.execute(
      """
      SELECT 1 FROM pg_attribute
      WHERE attrelid = 'memoryctl_replay.audit_events'::regclass AND attnum > 0 AND NOT attisdropped
      """
    ).count
  }
}
