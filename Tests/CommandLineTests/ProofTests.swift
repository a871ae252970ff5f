// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

/// A site with an archive, whose proofs are checked by public keys alone.
private struct ProofSite {
  let site: Site
  let change: [String: String?]

  init(_ kind: StoreKind = .file, prepare: (Site) throws -> Void, archive arguments: [String] = []) throws {
    let bucket = kind == .s3 ? try BucketSite() : nil
    site = try bucket?.site ?? Site()
    change = (bucket?.change ?? [:]).merging(["AUDIT_SIGNERS_FILE": Fixtures.path("registry.json")]) { $1 }
    try prepare(site)
    try archive(arguments)
  }

  func archive(_ arguments: [String] = []) throws {
    let output = try run(["audit", "archive"] + arguments)
    guard output.status == 0 || output.status == 65 else { throw TestSupportError(output.errorText) }
  }

  func run(_ arguments: [String], _ more: [String: String?] = [:]) throws -> CommandOutput {
    try site.run(arguments, change: change.merging(more) { $1 })
  }

  func prove(_ arguments: String...) throws -> CommandOutput { try run(["audit", "prove"] + arguments) }

  /// Checks a proof with nothing at hand but the registry.
  func check(_ proof: [UInt8], _ arguments: [String] = [], registry: String? = nil) throws -> CommandOutput {
    let file = site.directory("\(UInt64.random(in: 0 ... .max)).proof")
    try Data(proof).write(to: URL(fileURLWithPath: file))
    return try Command.run(
      site.program, ["audit", "check-proof", file, "--json"] + arguments,
      environment: ["AUDIT_SIGNERS_FILE": registry ?? Fixtures.path("registry.json")], inheritsEnvironment: false)
  }

  func query(_ sql: String) throws -> [[String?]] { try PostgresSession(site.source).execute(sql) }
}

@Suite("Proofs of single rows", .enabled(if: TemporaryPostgres.isUsable))
struct ProofTests {
  @Test("days of several parts and frames: the first and the last row of each are proved", arguments: StoreKind.usable)
  func parts(kind: StoreKind) throws {
    let place = try ProofSite(
      kind, prepare: { try $0.makeChain(rows: 9000, days: 2) }, archive: ["--max-rows", "4200"])
    for (manifest, rows, count) in [(0, [0, 4095, 4096, 4199], 4200), (1, [0, 299], 300), (3, [299], 300)] {
      for row in rows {
        let proved = try place.prove("--manifest", "\(manifest)", "--row", "\(row)")
        #expect(proved.status == 0, "\(proved.errorText)")
        let checked = try place.check(proved.standardOutput)
        let report = try json(checked)
        #expect(checked.status == 0 && report["verdict"] == "proved", "\(checked.text)\(checked.errorText)")
        #expect(report["sequence"] == .integer(Int64(manifest)) && report["row"] == .integer(Int64(row)))
        #expect(report["rows"] == .integer(Int64(count)) && report["signers"] == .array(["vector-ed25519"]))
        #expect(report["signature"] == "unverifiable" && report["part"] == .integer(Int64(manifest % 2)))
        // The same row by its id in its day, by its hash, and by its time.
        let (id, day) = (try #require(report["id"]?.string), try #require(report["day"]?.string))
        let (hash, time) = (try #require(report["hash"]?.string), try #require(report["createdAt"]?.string))
        for selection in [["--id", id, "--day", day], ["--hash", hash, "--from", day], ["--id", id, "--at", time]] {
          let again = try place.run(["audit", "prove"] + selection)
          #expect(again.status == 0 && again.standardOutput == proved.standardOutput, "\(selection) \(again.errorText)")
        }
        let row = try place.query("SELECT hash FROM public.audit_events WHERE id = '\(id)'")
        #expect(row[0][0] == hash)
      }
    }
    #expect(try place.prove("--manifest", "1", "--row", "300").status == 66)
  }

  @Test("days of one row, days of none, and rows that come late", arguments: StoreKind.usable)
  func oddDays(kind: StoreKind) throws {
    let place = try ProofSite(
      kind,
      prepare: { site in
        try site.makeChain(rows: 3, days: 3)
        try PostgresSession(site.source).executeScript(
          """
          UPDATE public.audit_events SET created_at = created_at - interval '2 days'
          WHERE prev_hash IS NULL
          """)
      })
    let ids = try place.query("SELECT id, hash FROM public.audit_events ORDER BY created_at").map { $0[0] ?? "" }
    let listed = try #require(try json(place.run(["manifest", "list", "--json"]))["manifests"]?.array)
    #expect(listed.map { $0["rows"] } == [1, 0, 0, 1, 1])
    for (id, manifest) in zip(ids, [0, 3, 4]) {
      let proved = try place.prove("--id", id)
      let report = try json(place.check(proved.standardOutput))
      #expect(report["verdict"] == "proved" && report["rows"] == 1 && report["sequence"] == .integer(Int64(manifest)))
      #expect(try InclusionProof(parsing: proved.standardOutput).path == [])
    }
    let empty = try #require(listed[1]["day"]?.string)
    let none = try place.prove("--id", ids[0], "--day", empty)
    #expect(none.status == 66 && none.errorText.contains("no such row"), "\(none.errorText)")
    #expect(try place.prove("--manifest", "1", "--row", "0").status == 66)

    // A row that is stamped in the first day, and chained behind the last one.
    let file = place.site.directory("payload.json")
    try "{}".write(toFile: file, atomically: true, encoding: .utf8)
    let event = try json(place.run(["audit", "append", "--type", "late", "--payload", file, "--json"]))
    let late = try #require(event["id"]?.string)
    let first = try #require(listed[0]["day"]?.string)
    _ = try place.query(
      "UPDATE public.audit_events SET created_at = '\(first)T23:00:00Z' WHERE id = '\(late)' RETURNING 1")
    try place.archive(["--until", "now"])
    for selection in [[], ["--at", "\(first)T23:00:00Z"], ["--from", first]] {
      let proved = try place.run(["audit", "prove", "--id", late] + selection)
      let report = try json(place.check(proved.standardOutput))
      #expect(report["verdict"] == "proved" && report["sequence"] == 5, "\(selection) \(proved.errorText)")
      #expect(report["createdAt"]?.string?.hasPrefix(first) == true && report["day"]?.string != first)
    }
    #expect(try place.prove("--id", late, "--day", first).status == 66)
    #expect(try place.prove("--id", late, "--at", "\(first)T23:00:01Z").status == 66)
  }

  @Test("a row of an open day, an unknown one, no archive, several rows, and what else users get wrong")
  func mistakes() throws {
    let place = try ProofSite(prepare: { try $0.makeChain(rows: 40, days: 2) })
    let id = try #require(try place.query("SELECT id FROM public.audit_events LIMIT 1")[0][0])
    let today = Timestamp.now().day
    let out = place.site.directory("there.json")
    try "x".write(toFile: out, atomically: true, encoding: .utf8)
    let rows: [(arguments: [String], status: Int32, words: String)] = [
      (["--id", "00000000-0000-0000-0000-000000000000"], 66, "no such row in the 2 bundles"),
      (["--id", "00000000-0000-0000-0000-000000000000"], 66, "days up to \(today.advanced(by: -1)) are closed"),
      (["--id", id, "--day", "\(today)"], 66, "the first audit archive after \(today.next)T00:00:00Z"),
      (["--id", id, "--at", "\(today)T00:00:00.5Z"], 66, "the day \(today) is not closed"),
      (["--id", id, "--day", "2020-01-01"], 66, "no manifest covers the days"),
      (["--id", id, "--archive", "file:///nowhere/at/all"], 66, "there is no manifest"),
      (["--manifest", "9", "--row", "1"], 66, "there is no manifest 9"),
      (["--id", "memory.node.created", "--column-id", "event_type"], 73, "rows are meant: --manifest 0 --row"),
      (["--id", id, "--out", out], 73, "the file exists"),
      (["--id", id, "--out", "postgresql://user:secret@host/db"], 64, "FILE is the path of a file"),
      ([], 64, "give one of --id, --hash and --row"), (["--id", ""], 64, "--id is empty"),
      (["--id", id, "--hash", "00"], 64, "give one of"), (["--hash", "00"], 64, "64 lower-case hex digits"),
      (["--row", "1"], 64, "--manifest"), (["--manifest=-1", "--row", "1"], 64, "from 0 to"),
      (["--id", id, "--day", "yesterday"], 64, "is no day like"), (["--id", id, "--at", "noon"], 64, "is no UTC time"),
      (["--id", id, "--day", "2026-01-01", "--from", "2026-01-01"], 64, "give one of"),
    ]
    for row in rows {
      let output = try place.run(["audit", "prove"] + row.arguments)
      #expect(output.status == row.status, "\(row.arguments): \(output.status) \(output.errorText)")
      #expect(output.errorText.contains(row.words) && output.text.isEmpty, "\(row.arguments): \(output.errorText)")
    }
    #expect(try String(contentsOfFile: out, encoding: .utf8) == "x")
    // Without a key nothing is vouched for, and nothing proved.
    let keyless = try place.run(
      ["audit", "prove", "--id", id],
      ["AUDIT_SIGNERS_FILE": nil, "AUDIT_MANIFEST_SIGNER": nil, "AUDIT_SIGNING_KEY": nil])
    #expect(keyless.status == 65 && keyless.errorText.contains("signature-unverifiable"), "\(keyless.errorText)")
  }

  @Test("check-proof: what is no proof, and what cannot be read")
  func noProofs() throws {
    let directory = try TemporaryDirectory("proofs")
    let files: [(name: String, text: String?, status: Int32, words: String)] = [
      ("missing", nil, 64, "cannot be read"), ("empty", "", 66, "it is empty"), ("text", "Dear Sir", 65, "not a JSON"),
      ("object", "{}", 65, "format is missing"), ("array", "[1]\n", 65, "is no object"),
      ("manifest", try Fixtures.text("golden-archive/memory-layer/manifests/0000000000.json"), 65, "format is missing"),
      ("bundle", "\u{28}\u{b5}\u{2f}\u{fd}", 65, "not a JSON"),
    ]
    for file in files {
      if let text = file.text { try text.write(toFile: directory(file.name), atomically: true, encoding: .utf8) }
      let output = try Command.run(
        Fixtures.product("memoryctl"), ["audit", "check-proof", directory(file.name)], environment: [:],
        inheritsEnvironment: false)
      #expect(output.status == file.status && output.text.isEmpty, "\(file.name): \(output.status)")
      #expect(output.errorText.contains(file.words), "\(file.name): \(output.errorText)")
    }
    let folder = try Command.run(Fixtures.product("memoryctl"), ["audit", "check-proof", directory.path])
    #expect(folder.status == 64)
    #expect(try Command.run(Fixtures.product("memoryctl"), ["audit", "check-proof"]).status == 64)
  }

  @Test("a row whose hash does not match is proved as what it is, and exits 65")
  func anomalous() throws {
    let place = try ProofSite(prepare: { site in
      _ = try site.run("dev", "chain", "--rows", "300", "--days", "2", "--broken", "hash", "--at", "120")
    })
    let listed = try json(place.run(["audit", "verify", "--json"]))
    let id = try #require(listed["anomalies"]?.array?.first?["id"]?.string)
    let out = place.site.directory("anomalous.json")
    let proved = try place.run(["audit", "prove", "--id", id, "--out", out, "--json"])
    #expect(try proved.status == 65 && json(proved)["verdict"] == "anomalous", "\(proved.text)\(proved.errorText)")
    let checked = try place.check([UInt8](Data(contentsOf: URL(fileURLWithPath: out))))
    #expect(try checked.status == 65 && json(checked)["anomalies"]?.array?.map { $0["kind"] } == ["hash-mismatch"])
    #expect(try json(checked)["id"] == .string(id))
  }

  @Test("damage beside the row is said; damage of the row's own frame is no proof")
  func damage() throws {
    let place = try ProofSite(prepare: { try $0.makeChain(rows: 90, days: 3) })
    let bundles = try place.site.bundles()
    let id = try #require(
      try place.query("SELECT id FROM public.audit_events ORDER BY created_at, id LIMIT 1")[0][0])
    func bend(_ bundle: String) throws {
      let file = URL(fileURLWithPath: place.site.directory("archive/memory-layer/bundles/\(bundle)"))
      var bytes = try Data(contentsOf: file)
      bytes[100] ^= 1
      try FileManager.default.removeItem(at: file)
      try bytes.write(to: file)
    }
    try bend(bundles[2])
    let out = place.site.directory("proof.json")
    let beside = try place.run(["audit", "prove", "--id", id, "--out", out, "--json"])
    #expect(beside.status == 65 && beside.errorText.contains(bundles[2]), "\(beside.errorText)")
    #expect(try json(beside)["verdict"] == "proved" && json(beside)["findings"]?.array?.count == 1)
    #expect(try place.check([UInt8](Data(contentsOf: URL(fileURLWithPath: out)))).status == 0)
    let day = try #require(try json(beside)["day"]?.string)
    #expect(try place.prove("--id", id, "--day", day).status == 0)
    let unknown = try place.prove("--id", "00000000-0000-0000-0000-000000000000")
    #expect(unknown.status == 65 && unknown.errorText.contains("may be where nobody could look"))
    try bend(bundles[0])
    let own = try place.prove("--id", id, "--day", day)
    #expect(own.status == 65 && own.text.isEmpty && own.errorText.contains(bundles[0]), "\(own.errorText)")
  }

  @Test("from a bucket the end of the bundle and one frame are fetched, and no more", .enabled(if: SeaweedS3.isUsable))
  func fetchedBytes() throws {
    let place = try ProofSite(.s3, prepare: { try $0.makeChain(rows: 20_000, days: 1) })
    let fetched = Mutex<[(range: String?, bytes: Int)]>([])
    let forward = FaultServer.forwarding(to: try SeaweedS3.shared().url)
    let front = try FaultServer { request in
      let response = try forward(request)
      if request.method == "GET", request.target.contains("/bundles/") {
        fetched.withLock { $0.append((request.header("range"), response.body.count)) }
      }
      return response
    }
    let sql = """
      SELECT id, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
      FROM public.audit_events ORDER BY created_at OFFSET 10000 LIMIT 1
      """
    let row = try place.query(sql)[0]
    let (id, time) = (try #require(row[0]), try #require(row[1]))
    let output = try place.run(["audit", "prove", "--id", id, "--at", time], ["S3_ENDPOINT": front.url])
    #expect(output.status == 0, "\(output.errorText)")
    let proof = try InclusionProof(parsing: output.standardOutput)
    let bundle = try #require(proof.manifest.bundle)
    let parts = fetched.withLock { $0 }
    #expect(bundle.frames == 5 && parts.count == 2 && parts.allSatisfy { $0.range != nil }, "\(parts)")
    let bytes = parts.reduce(0) { $0 + $1.bytes }
    // A fifth of the rows, and some three kilobytes.
    #expect(bytes < bundle.bytes / 4 && bytes > bundle.bytes / 6, "\(bytes) of \(bundle.bytes)")
    #expect(try place.check(output.standardOutput).status == 0)
  }
}
