// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import Postgres
import TestSupport
import Testing

@Suite("Archives of the older tools, from a file and from a bucket", .enabled(if: TemporaryPostgres.isUsable))
struct OldArchiveTests {
  private static func path(_ name: String) -> String { Fixtures.path("legacy/\(name).json") }

  private static let digests = [
    "array": "7f4d1fcbfcece93a675b8703ab52a008535a886ecf4f3c8ece558a5f71ae033a",
    "object": "2402956c4f1611f446b6aaac70bde55f097d5afe008f29e1c8ea188d93f31355",
  ]

  @Test(
    "both shapes verify against their manifest, and are restored and verified there", arguments: ["array", "object"])
  func whole(name: String) throws {
    let site = try Site()
    let verified = try site.run("audit", "verify", "--from-file", Self.path(name), "--compare-manifest", "--json")
    #expect(verified.status == 0, "\(verified.errorText) \(verified.text)")
    let document = try json(verified)
    #expect(document["rows"] == 120 && document["verdict"] == "intact")
    #expect(names(document["file"]) == ["name", "bytes", "sha256", "manifest"])
    #expect(document["file"]?["sha256"]?.string == Self.digests[name])
    #expect(document["file"]?["manifest"] == "matches")

    let arguments = ["audit", "verify", "--from-file", Self.path(name), "--replay", "--verify-db", "--schema", "older"]
    let planned = try site.run(arguments + ["--dry-run", "--json"])
    #expect(planned.status == 0, "\(planned.errorText)")
    let plan = try json(planned)
    #expect(names(plan) == ["dryRun", "file", "manifest", "table", "replacesSchema", "notes"])
    #expect(plan["dryRun"] == true && plan["file"]?["shape"] == "legacy" && plan["table"] == #""older"."audit_events""#)
    let staging = try PostgresSession(site.staging)
    #expect(try staging.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'older'").isEmpty)

    let restored = try site.run(arguments + ["--json"])
    #expect(restored.status == 0, "\(restored.errorText) \(restored.text)")
    let result = try json(restored)
    #expect(result["rows"] == 120 && result["database"]?["rows"] == 120 && result["database"]?["verdict"] == "intact")
    #expect(result["database"]?["headHash"] == result["headHash"])
    #expect(try staging.execute("SELECT 1 FROM older.audit_events").count == 120)
    #expect(try site.run(arguments).status == 73)
    let again = try site.run(
      "audit", "replay", "--from-file", Self.path(name), "--schema", "older", "--force", "--verify-db", "--json")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try json(again)["database"]?["verdict"] == "intact")
  }

  @Test("a manifest that differs is 65, one that is not there 66, one that is none 65")
  func manifests() throws {
    let site = try Site()
    let copy = site.directory("copy.json")
    try FileManager.default.copyItem(atPath: Self.path("array"), toPath: copy)
    func compare(_ arguments: String...) throws -> CommandOutput {
      try site.run(["audit", "verify", "--from-file", copy, "--json"] + arguments)
    }
    #expect(try json(compare())["file"]?["manifest"] == "not compared")
    let absent = try compare("--compare-manifest")
    #expect(absent.status == 66 && absent.errorText.contains("copy.json.manifest.json"), "\(absent.errorText)")
    let matching = try compare("--compare-manifest", Self.path("array") + ".manifest.json")
    #expect(matching.status == 0)
    #expect(try json(matching)["file"]?["manifest"] == "matches")
    let other = try compare("--compare-manifest", Self.path("object") + ".manifest.json")
    #expect(other.status == 65)
    #expect(try json(other)["file"]?["manifest"] == "differs")
    let none = try compare("--compare-manifest", Self.path("array"))
    #expect(none.status == 65, "\(none.text)")
    // One beside it is taken without being asked for.
    try #"{"sha256":"00","count":120}"#.write(toFile: copy + ".manifest.json", atomically: false, encoding: .utf8)
    #expect(try compare().status == 65)
    // What differs is restored for looking at, and said.
    let restored = try site.run("audit", "replay", "--from-file", copy, "--compare-manifest", "--json")
    #expect(restored.status == 65)
    #expect(try json(restored)["file"]?["manifest"] == "differs")
  }

  @Test("a damaged file is said whole: its fault, its digest, and what of it was restored")
  func damaged() throws {
    let site = try Site()
    var text = try Fixtures.text("legacy/array.json")
    let copy = site.directory("copy.json")
    text = text.replacingOccurrences(of: "memory.ttl.deleted", with: "memory.ttl.removed")
    try text.write(toFile: copy, atomically: false, encoding: .utf8)
    try text.dropLast(5000).write(toFile: site.directory("cut.json"), atomically: false, encoding: .utf8)
    let manifest = Self.path("array") + ".manifest.json"
    // No hash covers the type of an event: only the file's digest tells.
    #expect(try site.run("audit", "verify", "--from-file", copy).status == 0)
    #expect(try site.run("audit", "verify", "--from-file", copy, "--compare-manifest", manifest).status == 65)
    let cut = try site.run(
      "audit", "verify", "--from-file", site.directory("cut.json"), "--compare-manifest", manifest, "--replay",
      "--verify-db", "--json")
    #expect(cut.status == 65)
    let findings = try json(cut)["findings"]?.array?.compactMap { $0["reason"]?.string } ?? []
    #expect(findings.count == 2 && findings.contains { $0.contains("SHA-256") }, "\(findings)")
    #expect(try json(cut)["database"]?["verdict"] == "intact", "\(cut.text)")
  }

  @Test("a manifest that is named and absent is 66, and a directory in the place of a file 78")
  func places() throws {
    let site = try Site()
    let file = ["audit", "verify", "--from-file", Self.path("array")]
    for more in [[], ["--dry-run"], ["--replay"]] {
      let absent = try site.run(file + ["--compare-manifest", site.directory("nix")] + more)
      #expect(absent.status == 66 && absent.errorText.contains("no such manifest"), "\(absent.errorText)")
    }
    let directory = site.directory.path
    for arguments in [
      ["--from-file", directory], ["--from-file", Self.path("array"), "--compare-manifest", directory],
    ] {
      let refused = try site.run(["audit", "verify"] + arguments)
      #expect(refused.status == 78 && refused.errorText.contains("a directory"), "\(refused.errorText)")
      #expect(!refused.errorText.contains("plain files alone"))
    }
  }

  @Test("what was not compared or checked is said: a number of rows, and the chain before the file's beginning")
  func notes() throws {
    let site = try Site()
    func notes(_ output: CommandOutput) throws -> String {
      try json(output)["notes"]?.array?.compactMap(\.string).joined(separator: "\n") ?? ""
    }
    let bare = site.directory("bare.json")
    try #"{"sha256":"\#(Self.digests["array"] ?? "")"}"#.write(toFile: bare, atomically: false, encoding: .utf8)
    let file = ["audit", "verify", "--from-file", Self.path("array"), "--json"]
    let uncounted = try site.run(file + ["--compare-manifest", bare])
    #expect(uncounted.status == 0)
    #expect(try notes(uncounted).contains("number was not compared"), "\(uncounted.text)")
    let whole = try notes(site.run(file + ["--compare-manifest"]))
    #expect(!whole.contains("not compared") && !whole.contains("middle of the chain"), "\(whole)")
    let rows = try JSONSerialization.jsonObject(with: Data(Fixtures.bytes("legacy/array.json"))) as? [[String: Any]]
    let previous = try #require(rows?[1]["prev_hash"] as? String)
    let text = try Fixtures.text("legacy/array.json")
    let second = try #require(text.ranges(of: "\n{").dropFirst().first)
    let rest = site.directory("rest.json")
    try ("[" + text[second.lowerBound...]).write(toFile: rest, atomically: false, encoding: .utf8)
    let later = try site.run("audit", "verify", "--from-file", rest, "--json")
    #expect(later.status == 0)
    #expect(try json(later)["rows"] == 119, "\(later.text)")
    #expect(try notes(later).contains("middle of the chain, behind hash \(previous)"), "\(later.text)")
  }

  @Test("bytes that are no UTF-8 are a finding that says so, verified and restored alike")
  func noText() throws {
    let site = try Site()
    var bytes = try Fixtures.bytes("legacy/array.json")
    let type = try #require(bytes.firstRange(of: Array("memory.ttl.deleted".utf8)))
    bytes[type.lowerBound] = 0xff
    let copy = site.directory("copy.json")
    try Data(bytes).write(to: URL(fileURLWithPath: copy))
    for command in ["verify", "replay"] {
      let output = try site.run("audit", command, "--from-file", copy, "--json")
      #expect(output.status == 65, "\(output.errorText)")
      let reason = try json(output)["findings"]?.array?.first?["reason"]?.string ?? ""
      #expect(reason.contains("row 0") && reason.contains("UTF-8"), "\(output.text)")
    }
  }

  @Test("--force replaces what a replay made, and nothing else")
  func force() throws {
    let site = try Site()
    let staging = try PostgresSession(site.staging)
    try staging.executeScript("CREATE SCHEMA mine; CREATE TABLE mine.precious AS SELECT 1")
    let file = Self.path("array")
    for schema in ["mine", "public"] {
      for dry in [[], ["--dry-run"]] {
        let refused = try site.run(["audit", "replay", file, "--schema", schema, "--force"] + dry)
        #expect(refused.status == 73 && refused.errorText.contains("no replay"), "\(refused.errorText)")
      }
    }
    #expect(try staging.execute("SELECT * FROM mine.precious").count == 1)
    // What is not staging is refused with it as without it.
    let own = try site.run(
      "audit", "replay", file, "--staging", site.staging, "--database", site.staging, "--force")
    #expect(own.status == 73 && own.errorText.contains("DATABASE_URL"), "\(own.errorText)")
    try site.makeChain(rows: 20)
    let source = try site.run(
      "audit", "replay", file, "--staging", site.source, "--force", change: ["DATABASE_URL": nil])
    #expect(source.status == 73 && source.errorText.contains("no staging"), "\(source.errorText)")
    // So is the archive's own source.
    #expect(try site.run("audit", "archive").status == 0)
    #expect(try site.run("audit", "replay", "--staging", site.source, "--force").status == 73)
    let plan = try site.run("audit", "replay", "--dry-run", "--json")
    #expect(plan.status == 0, "\(plan.errorText)")
    #expect(names(try json(plan)) == ["dryRun", "manifests", "rows", "table", "replacesSchema"])
    #expect(try json(plan)["rows"] == 20)
    #expect(try staging.execute("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'memoryctl%'").isEmpty)
    #expect(try site.run("audit", "replay", "--verify-db").status == 0)
    #expect(try site.run("audit", "replay").status == 73)
    let again = try site.run("audit", "replay", "--force", "--verify-db", "--json")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try json(again)["database"]?["rows"] == 20)
  }

  @Test("--verify-db without --replay verifies the database that is given, beside the file")
  func database() throws {
    let site = try Site()
    let arguments = ["audit", "verify", "--from-file", Self.path("array"), "--verify-db", "--json"]
    #expect(try site.run(arguments, change: ["DATABASE_URL": nil]).status == 78)
    #expect(try site.run("dev", "chain", "--rows", "50", "--broken", "hash", "--at", "20").status == 0)
    let output = try site.run(arguments)
    #expect(output.status == 65)
    #expect(try json(output)["verdict"] == "intact" && json(output)["database"]?["verdict"] == "broken")
  }

  private static let contradicting: [(arguments: [String], words: String)] = [
    (["verify", "--from-file", "a", "--from-s3", "s3://b/k"], "one object"),
    (["verify", "a", "--from-file", "b"], "one object"),
    (["verify", "--from-file", "a", "--archive", "file:///tmp/x"], "by itself"),
    (["verify", "--from-file", "a", "--database", "postgresql://h/d"], "--verify-db"),
    (["verify", "--from-file", "a", "--force"], "--replay"),
    (["verify", "--from-file", "a", "--schema", "s"], "--replay"),
    (["verify", "--from-file", "a", "--staging", "postgresql://h/d"], "--replay"),
    (["verify", "--from-file", "a", "--shard", "0/2", "--run", "r"], "archive"),
    (["verify", "--replay"], "--from-file"), (["verify", "--verify-db"], "--from-file"),
    (["verify", "--dry-run"], "--from-file"), (["verify", "--compare-manifest"], "--from-file"),
    (["verify", "--compare-manifest", "a"], "--from-file"),
    (["verify", "--from-s3", "https://b/k"], "s3://bucket/key"),
    (["verify", "--from-s3", "s3://b"], "--from-s3 takes"),
    (["verify", "--from-s3", "s3://b/"], "s3://bucket/key"), (["verify", "--from-file", "s3://b/k"], "--from-s3"),
    (["replay", "--from-file", "a", "--select", "all"], "--select"),
    (["replay", "--from-file", "a", "--archive", "file:///tmp/x"], "--archive"),
    (["replay", "a", "--from-s3", "s3://b/k"], "one object"), (["replay", "--compare-manifest"], "--from-file"),
    (["replay", "a", "--schema", ""], "63 bytes"), (["drill", "--schema", ""], "63 bytes"),
    (["verify", "a", "--replay", "--schema", String(repeating: "ä", count: 32)], "63 bytes"),
    (["replay", "a", "--schema", "pg_mine"], "pg_"),
  ]

  @Test("contradicting flags are a matter of usage, in a sentence", arguments: contradicting)
  func contradictions(_ row: (arguments: [String], words: String)) throws {
    let output = try Command.run(
      Fixtures.product("memoryctl"), ["audit"] + row.arguments,
      environment: ["DATABASE_URL": "postgresql://h/d", "STAGING_DATABASE_URL": "postgresql://h/s"],
      inheritsEnvironment: false)
    #expect(output.status == 64, "\(output.errorText)")
    #expect(output.errorText.contains(row.words), "\(output.errorText)")
  }

  @Test("our own bundles and manifests go by the same flags; only the older tools' have another manifest")
  func own() throws {
    let site = try Site()
    try site.makeChain(rows: 60, days: 1)
    #expect(try site.run("audit", "archive").status == 0)
    let bundle = site.directory("archive/memory-layer/bundles/\(try site.bundles()[0])")
    let verified = try site.run("audit", "verify", "--from-file", bundle, "--json")
    #expect(verified.status == 0)
    #expect(try json(verified)["rows"] == 60)
    #expect(bundle.contains(try json(verified)["file"]?["sha256"]?.string?.prefix(16) ?? "?"))
    #expect(try site.run("audit", "verify", bundle).status == 0)
    let manifest = site.directory("archive/memory-layer/manifests/0000000000.json")
    #expect(try site.run("audit", "verify", "--from-file", manifest).status == 0)
    for flags in [["--compare-manifest", manifest], ["--replay"], ["--replay", "--dry-run"]] {
      #expect(try site.run(["audit", "verify", "--from-file", bundle] + flags).status == 64, "\(flags)")
    }
  }

  @Test("from a bucket: streamed, the oldest version, with its manifest beside it", .enabled(if: SeaweedS3.isUsable))
  func bucket() throws {
    let place = try BucketSite()
    let keys = ["old/2026 11/ä+b.json", "old/object.json"]
    for (key, name) in zip(keys, ["array", "object"]) {
      try place.bucket.put(key, Fixtures.bytes("legacy/\(name).json"))
    }
    try place.bucket.put(keys[0] + ".manifest.json", Fixtures.bytes("legacy/array.json.manifest.json"))
    let url = "s3://\(place.bucket.client.bucket)/"
    let verified = try place.run("audit", "verify", "--from-s3", url + keys[0], "--compare-manifest", "--json")
    #expect(verified.status == 0, "\(verified.errorText) \(verified.text)")
    #expect(try json(verified)["rows"] == 120 && json(verified)["file"]?["manifest"] == "matches")
    #expect(try json(verified)["file"]?["name"]?.string == url + keys[0])
    #expect(try place.run("audit", "verify", "--from-s3", url + keys[1]).status == 0)
    #expect(try place.run("audit", "verify", "--from-s3", url + keys[1], "--compare-manifest").status == 66)
    let local = try place.run(
      "audit", "verify", "--from-s3", url + keys[1], "--compare-manifest", Self.path("object") + ".manifest.json")
    #expect(local.status == 0)
    #expect(try place.run("audit", "verify", "--from-s3", url + "old/none.json").status == 66)
    // What was put on top later does not hide what was archived.
    try place.bucket.put(keys[0], Array("[]".utf8))
    let replayed = try place.run(
      "audit", "replay", "--from-s3", url + keys[0], "--compare-manifest", "--verify-db", "--json")
    #expect(replayed.status == 0, "\(replayed.errorText) \(replayed.text)")
    #expect(try json(replayed)["notes"]?.array?.contains { $0.string?.contains("later versions") == true } == true)
    #expect(try json(replayed)["database"]?["rows"] == 120)

    try place.site.makeChain(rows: 60, days: 1)
    #expect(try place.run("audit", "archive").status == 0)
    let bundle = try #require(try place.keys("bundles").first)
    #expect(try place.run("audit", "verify", "--from-s3", url + bundle).status == 0)
  }
}
