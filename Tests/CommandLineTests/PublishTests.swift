// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Postgres
import TestSupport
import Testing

@Suite("Publishing and signing off once", .enabled(if: TemporaryPostgres.isUsable))
struct PublishTests {
  private func recorded(_ keys: KeySite) throws -> [String] {
    try keys.events("multisig.signature_collected").compactMap { $0["kid"]?.string }.sorted()
      + keys.events("multisig.quorum_reached").map { _ in "quorum" }
  }

  @Test("several at once record each event once")
  func together() async throws {
    let keys = try KeySite.founded()
    let payload = try keys.proposeUpgrade()
    let proof = try keys.approve(payload)
    let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try await Lanes.run { try keys.run("multisig", "publish", "--payload", payload, "--proof", proof).status }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses == [0, 0, 0, 0])
    #expect(try recorded(keys) == ["op1", "op2", "op3", "quorum"])
    try keys.must("audit", "verify", "--database", keys.site.source)
  }

  @Test("with another proof that is enough, too: the first one stays, and nothing is recorded of the other")
  func again() throws {
    let keys = try KeySite.founded()
    let payload = try keys.proposeUpgrade()
    let (first, second) = (try keys.approve(payload), try keys.approve(payload, by: ["op3", "op4", "op5"]))
    try keys.must("multisig", "publish", "--payload", payload, "--proof", first)
    let output = try keys.must("multisig", "publish", "--json", "--payload", payload, "--proof", second)
    #expect(try json(output)["signers"] == .array(["op1", "op2", "op3"]))
    #expect(output.errorText.contains("published before, with another proof"))
    #expect(try recorded(keys) == ["op1", "op2", "op3", "quorum"])
  }

  @Test("rows that somebody put there who cannot sign are no events: the events are appended all the same")
  func planted() throws {
    let keys = try KeySite.founded()
    let payload = try keys.proposeUpgrade()
    let proof = try keys.approve(payload)
    let other = try KeySite.founded()
    // What will be recorded is no secret.
    try FileManager.default.removeItem(atPath: other.file)
    try FileManager.default.copyItem(atPath: keys.file, toPath: other.file)
    try FileManager.default.removeItem(atPath: other.path("archive"))
    try FileManager.default.copyItem(atPath: keys.path("archive"), toPath: other.path("archive"))
    try other.must("multisig", "publish", "--payload", payload, "--proof", proof)
    let theirs = try PostgresSession(other.site.source)
    let ours = try PostgresSession(keys.site.source)
    let first = try #require(
      try ours.execute("SELECT hash FROM public.audit_events ORDER BY created_at LIMIT 1")[0][0])
    let rows = try theirs.execute(
      "SELECT event_type, payload::text, signature FROM public.audit_events WHERE event_type LIKE 'multisig%'")
    #expect(rows.count == 4)
    for (index, row) in rows.enumerated() {
      // One unsigned, one on no chain, one with a hash that is not its own, one with another row's signature.
      let previous: String? = index == 1 ? String(repeating: "1", count: 64) : first
      try ours.execute(
        """
        INSERT INTO public.audit_events (event_type, payload, hash, prev_hash, signature, created_at)
        VALUES ($1, $2::jsonb, encode(sha256($3::bytea), 'hex'), $4, $5, now() - interval '1 hour')
        """, [row[0], row[1], "row \(index)", previous, index == 0 ? nil : row[2]])
    }
    try keys.must("multisig", "publish", "--payload", payload, "--proof", proof)
    try ours.execute(
      "DELETE FROM public.audit_events WHERE hash IN (SELECT encode(sha256(('row ' || n)::bytea), 'hex') FROM generate_series(0, 3) n)"
    )
    #expect(try recorded(keys) == ["op1", "op2", "op3", "quorum"])
    try keys.must("audit", "verify", "--database", keys.site.source)
  }

  @Test("lines within a field do not pass for lines of the proposal")
  func lines() throws {
    let keys = try KeySite.founded()
    let payload = keys.fresh("json")
    try keys.must(
      "multisig", "propose", "--id", "u1\npatch: none", "--type", "upgrade", "--target", "t\nimpact: none",
      "--rationale",
      "r\nimpact: none", "--impact", "much", "--proposer", "p\npatch: none", "--out", payload)
    let shown = try keys.must(
      "multisig", "sign", "--payload", payload, "--signer", "local:" + keys.pem("op1"), "--out", keys.fresh("approval"))
    let lines = shown.text.split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("impact:") } == 1 && lines.contains("impact: much"), "\(shown.text)")
    #expect(lines.count { $0.hasPrefix("patch:") } == 1, "\(shown.text)")
    #expect(lines.contains("    | impact: none"), "\(shown.text)")
  }

  @Test("a sign-off is of all signatures, says so, and goes into the chain that is archived")
  func signoff() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    try Data("- [x] done\n".utf8).write(to: URL(fileURLWithPath: keys.path("list.md")))
    let arguments = [
      "signoff", "--json", "--checklist", keys.path("list.md"), "--approver", "a", "--role", "r", "--module", "m",
      "--change", "c", "--signer", "local:" + keys.pem("op1"),
    ]
    for policy in ["none", "sample:10"] {
      #expect(try keys.run(arguments + ["--signatures", policy]).status == 64)
    }
    let other = try Site()
    try other.makeChain(rows: 5)
    let elsewhere = try keys.run(arguments, with: ["DATABASE_URL": other.source])
    #expect(elsewhere.status == 73 && elsewhere.errorText.contains("another chain"), "\(elsewhere.errorText)")
    let signed = try json(try keys.must(arguments))["signoff"]?["archive"]
    #expect(signed?["verdict"] == "intact" && signed?["signatures"]?["valid"] == signed?["rows"], "\(signed ?? .null)")
  }
}
