// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import Postgres
import TestSupport
import Testing

@Suite("The report after a theft", .enabled(if: TemporaryPostgres.isUsable))
struct CompromiseReportTests {
  /// A site whose events are signed by a key of the registry, with an archive of all but the last two rows.
  private func site() throws -> KeySite {
    let keys = try KeySite.founded()
    try keys.add("new", use: "events", "--not-before", "2026-01-01T00:00:00Z")
    try keys.change("promote", ["new"])
    try keys.must("audit", "archive", "--until", "now")
    try Data(#"{"x":1}"#.utf8).write(to: URL(fileURLWithPath: keys.path("event.json")))
    for _ in 0..<2 {
      try keys.must(["audit", "append", "--type", "t", "--payload", keys.path("event.json")], with: asNew(keys))
    }
    return keys
  }

  private func asNew(_ keys: KeySite) -> [String: String?] {
    ["AUDIT_SIGNING_PRIVATE_KEY": keys.pem("new"), "AUDIT_SIGNING_ALG": "ed25519"]
  }

  private func report(
    _ keys: KeySite, _ signer: String, since: String, _ more: String..., with change: [String: String?] = [:]
  ) throws -> (status: Int32, json: JSONValue) {
    let output = try keys.run(
      ["audit", "verify", "--json", "--since", since, "--signer", signer] + more, with: change)
    do { return (output.status, try json(output)) } catch {
      throw TestSupportError("\(output.status): \(output.text)\(output.errorText)")
    }
  }

  private let early = "2026-01-01T00:00:00Z"

  @Test("archive and database are both looked at; what was not makes the report incomplete, never unaffected")
  func lookedAt() throws {
    let keys = try site()
    let (status, both) = try report(keys, "new", since: early)
    #expect(status == 65 && both["verdict"] == "affected" && both["complete"] == true, "\(both)")
    #expect(both["untrustedRows"] == 2 && both["tableRows"] == 2 && both["archivedRows"] == 0)
    #expect(both["rows"]?.array?.count == 2 && both["rows"]?.array?.allSatisfy { $0["kind"] == "table-row" } == true)
    #expect(both["lookedAt"]?["archive"]?["manifests"] != 0 && both["lookedAt"]?["database"]?["rows"] != .null)
    #expect(both["otherAnomalies"] == .array([]) && both["otherFindings"] == .array([]))
    let text = try keys.run("audit", "verify", "--since", early, "--signer", "new").text
    #expect(
      text.contains("rows that the key signed since then: 2, 0 in the archive, 2 in the database alone"), "\(text)")

    let away: [String: String?] = ["DATABASE_URL": nil]
    let half = try report(keys, "new", since: early, with: away)
    #expect(half.status == 78 && half.json["verdict"] == "incomplete" && half.json["complete"] == false, "\(half)")
    #expect(half.json["notLookedAt"]?.array?.count == 1)
    let table = try report(keys, "archive", since: early, with: ["AUDIT_ARCHIVE_URL": nil])
    #expect(table.status == 78 && table.json["verdict"] == "incomplete", "\(table)")
    // A key of manifests has signed no rows of the table that it would take a database to find.
    let later = Timestamp.now().advanced(bySeconds: 3600).isoSeconds
    let manifests = try report(keys, "archive", since: later, with: away)
    #expect(manifests.status == 0 && manifests.json["verdict"] == "unaffected", "\(manifests)")
    let none = try report(keys, "new", since: later)
    #expect(none.status == 0 && none.json["verdict"] == "unaffected" && none.json["complete"] == true, "\(none)")

    // Archived since, they are listed where they are archived, and once.
    try keys.must("audit", "archive", "--until", "now")
    let archived = try report(keys, "new", since: early).json
    #expect(archived["untrustedRows"] == 2 && archived["archivedRows"] == 2, "\(archived)")
    #expect(archived["rows"]?.array?.compactMap { $0["sequence"]?.integer }.count == 2)
    let bundle = keys.path("archive/memory-layer/bundles/\(try #require(try keys.site.bundles().first))")
    try FileManager.default.removeItem(atPath: bundle)
    let unread = try report(keys, "op5", since: later)
    #expect(unread.status == 65 && unread.json["verdict"] == "incomplete", "\(unread)")
  }

  @Test(
    "what would leave signatures out is refused",
    arguments: [
      ["--no-signatures"], ["--signatures", "none"], ["--signatures", "sample:2"], ["--run", "r"],
      ["--since", "2062-01-01T00:00:00Z"],
    ])
  func refused(options: [String]) throws {
    let keys = try KeySite()
    let output = try keys.run(["audit", "verify", "--since", early, "--signer", "op1"] + options)
    #expect(output.status == 64, "\(output.text)\(output.errorText)")
    #expect(try keys.run("audit", "verify", "--list", keys.path("list")).status == 64)
  }

  @Test("what was countersigned is listed all the same, and a manifest of the very second counts")
  func manifests() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive", "--until", "now")
    let path = keys.path("archive/memory-layer/manifests/0000000002.json")
    let last = try JSONValue(parsing: String(contentsOfFile: path, encoding: .utf8))
    let made = try #require(last["manifest"]?["createdAt"]?.string.flatMap { Timestamp($0) })
    let within = made.isoSeconds.dropLast() + ".900000Z"
    let same = try report(keys, "archive", since: String(within))
    #expect(same.json["manifests"]?.array?.contains { $0["sequence"] == 2 } == true, "\(same)")
    let next = try report(keys, "archive", since: made.advanced(bySeconds: 1).isoSeconds)
    #expect(next.status == 0 && next.json["verdict"] == "unaffected", "\(next)")

    try keys.add("new", use: "manifests")
    try keys.change("promote", ["new"])
    try keys.change("revoke", ["archive"], "--compromised-since", early)
    let open = try report(keys, "archive", since: early).json
    #expect(open["untrustedManifests"] == 3 && open["toCountersign"]?.array?.count == 3, "\(open)")
    try keys.must(
      "manifest", "countersign", "--all", "--reason", "compared",
      with: ["AUDIT_MANIFEST_SIGNER": "local:" + keys.pem("new")])
    let vouched = try report(keys, "archive", since: early)
    #expect(vouched.status == 65 && vouched.json["verdict"] == "affected", "\(vouched)")
    #expect(vouched.json["untrustedManifests"] == 3 && vouched.json["toCountersign"] == .array([]))
    // The key that vouched for them is asked about in its turn: its words lie in folders of their own.
    let words = try report(keys, "new", since: early)
    #expect(words.json["untrustedDocuments"] == 3 && words.json["untrustedManifests"] == 0, "\(words)")
    #expect(
      words.json["documents"]?.array?.allSatisfy { $0["object"]?.string?.contains("/countersignatures/") == true }
        == true)
    #expect(
      vouched.json["manifests"]?.array?.allSatisfy {
        $0["standing"] == "countersigned" && $0["countersignedBy"] == .array(["new"])
      } == true)
  }

  @Test("an operator's key: the versions of the registry that it approved")
  func documents() throws {
    let keys = try site()
    let (status, found) = try report(keys, "op1", since: early)
    #expect(status == 65 && found["verdict"] == "affected" && found["untrustedDocuments"] == 2, "\(found)")
    let names = found["documents"]?.array?.compactMap { $0["object"]?.string.map { $0.suffix(14) } }
    #expect(names == ["signers/1.json", "signers/2.json"])
    #expect(try report(keys, "op5", since: early).json["verdict"] == "unaffected")
  }

  @Test("what is wrong besides is no word on the key, and yet no success")
  func others() throws {
    let keys = try site()
    let session = try PostgresSession(keys.site.source)
    _ = try session.execute("UPDATE public.audit_events SET event_type = 'x' WHERE event_type = 'signer.added'", [])
    let found = try report(keys, "op5", since: early)
    #expect(found.status == 65 && found.json["verdict"] == "unaffected", "\(found)")
    #expect(found.json["otherAnomalies"]?.array?.isEmpty == false)
    // Another key that was revoked is another matter.
    try keys.change("revoke", ["archive"], "--compromised-since", early)
    let other = try report(keys, "op5", since: early)
    #expect(other.json["verdict"] == "unaffected" && other.json["untrustedManifests"] == 0, "\(other)")
    #expect(other.json["otherFindings"]?.array?.isEmpty == false)
  }

  @Test("all rows are to be had, however many")
  func list() throws {
    let keys = try KeySite.founded(rows: 1200)
    try keys.must("audit", "archive")
    let file = keys.path("list.ndjson")
    let (status, found) = try report(keys, "local-hmac", since: early, "--list", file)
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map {
      try JSONValue(parsing: String($0))
    }
    let rows = lines.filter { $0["hash"] != nil }
    let session = try PostgresSession(keys.site.source)
    let signed = try session.execute("SELECT count(*)::text FROM public.audit_events WHERE signature IS NOT NULL", [])
    #expect(status == 65 && found["untrustedRows"]?.integer.map(String.init) == signed[0][0], "\(status)")
    #expect(rows.count == Int(signed[0][0] ?? "") && Set(rows.map { $0["hash"]?.string }).count == rows.count)
    #expect(rows.contains { $0["kind"] == "table-row" } && rows.contains { $0["kind"] == "archived-row" })
    #expect((found["rows"]?.array?.count ?? 0) < rows.count)
    #expect(lines.last?["kind"] == "end" && lines.last?["counts"]?["archived-row"] == found["archivedRows"])
    let again = try keys.run(
      "audit", "verify", "--since", early, "--signer", "local-hmac", "--list", file)
    #expect(again.status == 73 && again.errorText.contains("is not replaced"), "\(again.errorText)")
  }
}
