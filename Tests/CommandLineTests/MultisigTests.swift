// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import TestSupport
import Testing

@Suite("multisig", .enabled(if: TemporaryPostgres.isUsable))
struct MultisigTests {
  private func propose(_ keys: KeySite, _ more: String...) throws -> String {
    let payload = keys.fresh("json")
    try keys.must(
      [
        "multisig", "propose", "--id", "2026-12-upgrade", "--type", "upgrade", "--target", "memory-layer 2.1",
        "--rationale", "a fix", "--impact", "none", "--precondition", "backup taken", "--proposer", "alice", "--out",
        payload,
      ] + more)
    return payload
  }

  @Test("propose, sign, combine, verify with the artifact, publish with events, and once more")
  func whole() throws {
    let keys = try KeySite.founded()
    let artifact = keys.path("artifact")
    try Data("release".utf8).write(to: URL(fileURLWithPath: artifact))
    let payload = try propose(keys, "--artifact", artifact)
    let proof = try keys.approve(payload, by: ["op5", "op1", "op3"])
    let verify = ["multisig", "verify", "--payload", payload, "--proof", proof]
    try keys.must(verify + ["--artifact", artifact, "--type", "upgrade"])
    #expect(try keys.run(verify + ["--type", "rollback"]).status == 65)
    let other = try keys.run(verify + ["--artifact", payload])
    #expect(other.status == 65 && other.text.contains("the artifact's SHA-256"))
    // A pipeline needs no archive where it has a signed version; a list that nobody has signed says nothing of thresholds.
    try keys.must(verify + ["--artifact", artifact], with: ["AUDIT_ARCHIVE_URL": nil])
    let list: [String: String?] = ["AUDIT_ARCHIVE_URL": nil, "AUDIT_SIGNERS_FILE": Fixtures.path("registry.json")]
    #expect(try keys.run(verify, with: list).status == 78)
    let elsewhere = try keys.run(verify + ["--stream", "other"])
    #expect(elsewhere.status != 0)
    for _ in 0..<2 { try keys.must("multisig", "publish", "--payload", payload, "--proof", proof) }
    let digest = SHA256.hash(Array(try Data(contentsOf: URL(fileURLWithPath: payload)).dropLast()))
    let stored = try Data(contentsOf: URL(fileURLWithPath: keys.path("archive/memory-layer/proofs/\(digest.hex).json")))
    #expect(try SignedDocument(parsing: Array(stored), .payload).proof.signatures.map(\.kid) == ["op5", "op1", "op3"])
    let collected = try keys.events("multisig.signature_collected")
    #expect(collected.compactMap { $0["kid"]?.string } == ["op5", "op1", "op3"])
    #expect(collected.allSatisfy { $0["digestHex"]?.string == digest.hex && $0["alg"] == "ed25519" })
    let reached = try keys.events("multisig.quorum_reached")
    #expect(reached.count == 1 && reached[0]["threshold"] == 3 && reached[0]["id"] == "2026-12-upgrade")
    try keys.must("audit", "verify", "--database", keys.site.source)
  }

  @Test("a proof is worth nothing for another payload, nor with a stranger's or the same signature in it")
  func forged() throws {
    let keys = try KeySite.founded()
    let (first, second) = (try propose(keys), try propose(keys, "--patch-sha256", String(repeating: "a", count: 64)))
    let proof = try keys.approve(first)
    let replayed = try keys.run("multisig", "verify", "--payload", second, "--proof", proof)
    #expect(replayed.status == 65 && replayed.text.contains("the proof is over"))
    #expect(try keys.run("multisig", "publish", "--payload", second, "--proof", proof).status == 65)
    func altered(_ body: ([JSONValue]) -> [JSONValue]) throws -> CommandOutput {
      let json = try JSONValue(parsing: String(contentsOfFile: proof, encoding: .utf8))
      let changed = JSONValue.object([
        "digestHex": json["digestHex"] ?? .null, "threshold": 3,
        "signatures": .array(body(json["signatures"]?.array ?? [])),
      ])
      let path = keys.fresh("proof")
      try Data(changed.prettyBytes).write(to: URL(fileURLWithPath: path))
      return try keys.run("multisig", "verify", "--payload", first, "--proof", path)
    }
    #expect(try altered { $0 }.status == 0)
    let twice = try altered { [$0[0], $0[1], $0[1]] }
    #expect(twice.status == 65 && twice.text.contains("\"op2\" is listed twice"), "\(twice.text)")
    let renamed = try altered { entries in
      let entry = entries[1].members!.map { member in
        ["signerId", "kid"].contains(member.name) ? JSONValue.Member(member.name, "op4") : member
      }
      return [entries[0], entries[1], .object(entry)]
    }
    #expect(renamed.status == 65 && renamed.text.contains("\"op4\" did not make this signature"), "\(renamed.text)")
  }

  /// A port of 127.0.0.1 at which nobody answers.
  private func dead() throws -> String { "proxy:http://127.0.0.1:\(try FaultServer.closedPort())" }

  @Test("collect: two of five down is enough; three down keeps the two approvals for the next run")
  func collect() throws {
    let keys = try KeySite.founded()
    let payload = try propose(keys)
    let deaf = try DeafServer()
    let down = try ["op1=" + dead(), "op2=proxy:http://127.0.0.1:\(deaf.port)"].flatMap { ["--signer", $0] }
    let base = ["multisig", "collect", "--json", "--payload", payload, "--timeout", "5", "--dir"]
    let two = try keys.run(base + [keys.path("two")] + down)
    #expect(two.status == 0, "\(two.text)\(two.errorText)")
    #expect(try json(two)["approved"] == .array(["op3", "op4", "op5"]))
    let missing = try json(two)["missing"]?.array ?? []
    #expect(missing.compactMap { $0["kid"]?.string } == ["op1", "op2"])
    try keys.must("multisig", "combine", "--payload", payload, "--dir", keys.path("two"), "--out", keys.fresh("proof"))

    let three = try keys.run(base + [keys.path("three")] + down + ["--signer", "op3=" + dead()])
    #expect(three.status == 69, "\(three.text)")
    #expect(try json(three)["approved"] == .array(["op4", "op5"]))
    #expect(try json(three)["missing"]?.array?.compactMap { $0["kid"]?.string } == ["op1", "op2", "op3"])
    let kept = try FileManager.default.contentsOfDirectory(atPath: keys.path("three")).sorted()
    #expect(kept.count == 2)
    // The next run asks those alone that are missing.
    let again = try keys.run(
      base + [keys.path("three")] + down + ["--signer", "op4=" + dead(), "--signer", "op5=" + dead()])
    #expect(again.status == 0, "\(again.text)")
    #expect(try Set(json(again)["approved"]?.array?.compactMap(\.string) ?? []) == ["op3", "op4", "op5"])
  }

  @Test("a signer whose source signs with another key is no approval of his")
  func wrongSource() throws {
    let keys = try KeySite.founded()
    let payload = try propose(keys)
    let output = try keys.run(
      "multisig", "collect", "--json", "--payload", payload, "--dir", keys.path("approvals"), "--signer",
      "op1=local:" + keys.pem("op2"), "--signer", "op3=local:" + keys.pem("thief"))
    let missing = try json(output)["missing"]?.array ?? []
    #expect(missing.compactMap { $0["kid"]?.string } == ["op1", "op3"], "\(output.text)")
    #expect(missing.first?["reason"]?.string?.contains("signs as \"op2\"") == true)
  }

  @Test("signoff: all ticked, the archive intact, or nothing")
  func signoff() throws {
    let keys = try KeySite.founded()
    let arguments = [
      "signoff", "--checklist", keys.path("list.md"), "--approver", "R. L.", "--role", "final approver", "--module",
      "memory-layer", "--change", "PR 12", "--notes", "as agreed", "--signer", "local:" + keys.pem("op1"),
    ]
    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: keys.path("list.md"))) }
    try write("# Done\n- [x] archive\n* [X] drill\n1. [x] docs\n")
    #expect(try keys.run(arguments).status == 66)
    try keys.must("audit", "archive")
    for (list, words) in [
      ("- [x] archive\n- [ ] drill\n", "\"- [ ] drill\""), ("- [x] a\n  - [] b\n", "\"  - [] b\""),
      ("- [-] a\n", "\"- [-] a\""),
      ("nothing\n", "no items"),
    ] {
      try write(list)
      let refused = try keys.run(arguments)
      #expect(refused.status == 73 && refused.errorText.contains(words), "\(list): \(refused.errorText)")
    }
    try write("# Done\n- [x] archive, see [the page](https://example.org)\n")
    let stranger = try keys.run(Array(arguments.dropLast()) + ["local:" + keys.pem("thief")])
    #expect(stranger.status == 78)
    #expect(try keys.events("memory.layer.signoff").isEmpty)
    let done = try json(try keys.must(arguments + ["--json"]))
    let event = try #require(try keys.events("memory.layer.signoff").first)
    let list = SHA256.hash(Array(try Data(contentsOf: URL(fileURLWithPath: keys.path("list.md")))))
    #expect(event["approver"] == "R. L." && event["change"] == "PR 12" && event["signer"] == "op1")
    #expect(event["checklistSha256"]?.string == list.hex && event["module"] == "memory-layer")
    let stored = try keys.path("archive/memory-layer/" + #require(event["object"]?.string))
    let document = try SignedDocument(parsing: Array(Data(contentsOf: URL(fileURLWithPath: stored))), .signoff)
    #expect(document.content == done["signoff"] && event["proofDigest"]?.string == document.digest.hex)

    let bundle = keys.path("archive/memory-layer/bundles/\(try #require(try keys.site.bundles().first))")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: bundle))
    bytes[bytes.count / 2] ^= 1
    try FileManager.default.removeItem(atPath: bundle)
    try bytes.write(to: URL(fileURLWithPath: bundle))
    #expect(try keys.run(arguments).status == 65)
    #expect(try keys.events("memory.layer.signoff").count == 1)
  }
}
