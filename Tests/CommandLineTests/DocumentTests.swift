// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import Postgres
import TestSupport
import Testing

@Suite("The main job, and the documents of --json", .enabled(if: TemporaryPostgres.isUsable))
struct DocumentTests {
  @Test("from a chain to a passed drill")
  func mainJob() throws {
    let site = try Site()
    try site.makeChain(rows: 900)
    let archived = try site.run("audit", "archive", "--json")
    #expect(archived.status == 0, "\(archived.errorText)")
    let archive = try json(archived)
    #expect(
      names(archive) == [
        "manifests", "rows", "anomalies", "anomalyList", "signatures", "headHash", "dryRun", "waiting",
      ])
    #expect(archive["rows"] == 900)
    #expect(archive["manifests"]?.array == [0, 1, 2])

    let verified = try site.run(
      "audit", "verify", "--archive", "file://" + site.directory("archive"), "--database", site.source, "--json")
    #expect(verified.status == 0, "\(verified.text)")
    let verdict = try json(verified)
    #expect(
      names(verdict) == [
        "verdict", "rows", "manifests", "anomalies", "anomaliesTotal", "findings", "findingsTotal", "signatures",
        "manifestSignatures", "headHash", "notes",
      ])
    #expect(verdict["verdict"] == "intact")
    #expect(names(verdict["signatures"]) == ["valid", "unsigned", "invalid", "unverifiable", "skipped", "untrusted"])
    #expect(verdict["headHash"] == archive["headHash"])

    let drilled = try site.run("audit", "drill", "--select", "all", "--json")
    #expect(drilled.status == 0, "\(drilled.text)")
    let drill = try json(drilled)
    #expect(
      names(drill) == [
        "verdict", "days", "rows", "manifests", "steps", "recoverySeconds", "recoveryPoint", "anomalies",
        "anomaliesTotal",
        "findings", "signatures", "headHash", "report",
      ])
    #expect(drill["verdict"] == "passed")
    #expect(drill["steps"]?.array?.allSatisfy { names($0) == ["name", "seconds", "ok", "detail"] } == true)

    let status = try site.run("audit", "status", "--json")
    #expect(status.status == 0, "\(status.text)")
    #expect(try json(status)["lastDrill"] != .null)
    let list = try json(try site.run("manifest", "list", "--json"))
    #expect(list["manifests"]?.array?.count == 3)
    #expect(try site.run("manifest", "verify", "1").status == 0)
  }

  @Test("a broken chain exits 65 from archive, verify and drill, and is archived whole")
  func broken() throws {
    let site = try Site()
    let made = try site.run("dev", "chain", "--rows", "300", "--days", "2", "--broken", "hash", "--at", "120")
    #expect(made.status == 0, "\(made.errorText)")
    let archived = try site.run("audit", "archive", "--json")
    #expect(archived.status == 65)
    #expect(try json(archived)["rows"] == 300)
    let verified = try site.run("audit", "verify", "--json")
    #expect(verified.status == 65)
    #expect(try json(verified)["anomalies"]?.array?.first?["kind"] == "hash-mismatch")
    #expect(try site.run("audit", "drill", "--select", "all").status == 65)
  }

  @Test("a damaged archive and a table give one document with what is wrong with both")
  func damagedArchive() throws {
    let site = try Site()
    try site.makeChain(rows: 300)
    #expect(try site.run("audit", "archive").status == 0)
    for object in ["manifests/0000000001.json", "bundles/\(try site.bundles()[0])"] {
      let path = site.directory("archive/memory-layer/\(object)")
      try FileManager.default.removeItem(atPath: path)
      try "{}".write(toFile: path, atomically: true, encoding: .utf8)
    }
    try PostgresSession(site.source).executeScript(
      "UPDATE public.audit_events SET payload = '{}' WHERE ctid = (SELECT ctid FROM public.audit_events LIMIT 1)")
    let arguments = ["audit", "verify", "--archive", "file://" + site.directory("archive"), "--json", "--database"]
    let output = try site.run(arguments + [site.source])
    #expect(output.status == 65)
    let document = try json(output)
    #expect(document["verdict"] == "broken" && document["findingsTotal"] == 2)
    #expect(document["anomalies"]?.array?.map { $0["kind"] } == ["hash-mismatch"])
    #expect(document["notes"]?.array?.contains { $0.string?.contains("not compared") == true } == true)
    // What is known of the archive is not lost with the database.
    let alone = try site.run(arguments + ["postgresql://postgres@127.0.0.1:1/x"])
    #expect(alone.status == 65)
    #expect(try json(alone)["findingsTotal"] == 2)
  }

  @Test("logs on standard error are a JSON object a line")
  func logs() throws {
    let site = try Site()
    try site.makeChain(rows: 50)
    let output = try site.run("audit", "archive")
    let lines = output.errorText.split(separator: "\n")
    #expect(lines.count >= 3)
    for line in lines {
      #expect(names(try JSONValue(parsing: String(line))).starts(with: ["ts", "level", "msg", "run"]))
    }
  }

  @Test("an appended event is part of the chain, also when many append at once")
  func append() throws {
    let site = try Site()
    try site.makeChain(rows: 20)
    let first = try site.run(
      "audit", "append", "--type", "t", "--payload", "-", "--json", input: #"{"b":1.50,"a":"é"}"#)
    #expect(first.status == 0, "\(first.errorText)")
    #expect(names(try json(first)) == ["id", "hash", "prevHash", "createdAt", "signer"])
    let payload = site.directory("payload")
    try "{}".write(toFile: payload, atomically: true, encoding: .utf8)
    let commands = try (0..<8).map { _ in try site.start("audit", "append", "--type", "t", "--payload", payload) }
    for command in commands { #expect(try command.wait().status == 0) }
    let verified = try site.run("audit", "verify", "--database", site.source, "--json")
    #expect(verified.status == 0)
    #expect(try json(verified)["rows"] == 29)
    #expect(try site.run("audit", "append", "--type", "t", "--payload", "-", input: "{").status == 64)
  }

  @Test("append refuses a chain whose end goes round in a circle, and lets go of the table")
  func appendToCircle() throws {
    let site = try Site()
    try site.makeChain(rows: 20)
    let hash = String(repeating: "c", count: 64)
    try PostgresSession(site.source).executeScript(
      """
      INSERT INTO public.audit_events (event_type, payload, hash, prev_hash, created_at)
      VALUES ('self', '{}', '\(hash)', '\(hash)', now())
      """)
    let appended = try site.run("audit", "append", "--type", "t", "--payload", "-", input: "{}")
    #expect(appended.status == 65, "\(appended.errorText)")
    #expect(try PostgresSession(site.source).execute("SELECT 1 FROM public.audit_events").count == 21)
  }

  @Test("rows that wait behind a stamp from the future page someone")
  func waiting() throws {
    let site = try Site()
    try site.makeChain(rows: 60)
    try PostgresSession(site.source).executeScript(
      """
      UPDATE public.audit_events SET created_at = '2399-01-01'
      WHERE id = (SELECT id FROM public.audit_events ORDER BY created_at OFFSET 40 LIMIT 1)
      """)
    let archived = try site.run("audit", "archive", "--json")
    #expect(archived.status == 65)
    let document = try json(archived)
    #expect(document["rows"] == 40)
    #expect(document["anomalies"] == 0)
    #expect(names(document["waiting"]) == ["rows", "behind"])
    #expect(document["waiting"]?["rows"] == 19)
    #expect(try site.run("audit", "verify").status == 0)
  }

  @Test("an event is appended to a table whose columns have other names")
  func appendByOtherNames() throws {
    let site = try Site()
    try site.makeChain(rows: 20)
    try PostgresSession(site.source).executeScript(
      """
      ALTER TABLE public.audit_events RENAME hash TO "Hash of it";
      ALTER TABLE public.audit_events RENAME prev_hash TO "before";
      ALTER TABLE public.audit_events RENAME created_at TO "at"
      """)
    let columns = ["--column-hash", "Hash of it", "--column-prev-hash", "before", "--column-created-at", "at"]
    let payload = site.directory("payload")
    try "{}".write(toFile: payload, atomically: true, encoding: .utf8)
    let appended = try site.run(["audit", "append", "--type", "t", "--payload", payload] + columns)
    #expect(appended.status == 0, "\(appended.errorText)")
    let verified = try site.run(["audit", "verify", "--database", site.source, "--json"] + columns)
    #expect(verified.status == 0, "\(verified.text)")
    #expect(try json(verified)["rows"] == 21)
  }
}
