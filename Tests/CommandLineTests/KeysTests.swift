// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import TestSupport
import Testing

@Suite("keys", .enabled(if: TemporaryPostgres.isUsable))
struct KeysTests {
  @Test("from an empty list to a registry that verifiers follow, each step an event of the chain")
  func founding() throws {
    let keys = try KeySite.founded()
    let listed = try json(try keys.must("keys", "list", "--json"))
    #expect(listed["version"] == 1 && listed["findings"] == .array([]))
    #expect(listed["multisig"]?["threshold"] == 3 && listed["multisig"]?["signers"]?.array?.count == 5)
    try keys.must("audit", "archive")
    try keys.must("audit", "verify", "--require-signatures")
    #expect(try keys.events("signer.added").count == 6)
    let promoted = try keys.events("signer.promoted")
    #expect(promoted.count == 6 && promoted.allSatisfy { $0["registryDigest"] == listed["digest"] })
    #expect(promoted.allSatisfy { $0["approvedBy"] == .array(["op1", "op2", "op3"]) && $0["proofSha256"] != .null })
    // Who knows no more than the digest gets there too, and who knows nothing trusts nothing.
    let digest = try #require(listed["digest"]?.string)
    let pinned: [String: String?] = ["AUDIT_SIGNERS_FILE": nil, "AUDIT_SIGNERS_PIN": "1:" + digest]
    try keys.must("audit", "verify", with: pinned)
    let other = pinned.merging(["AUDIT_SIGNERS_PIN": String(repeating: "0", count: 64)]) { $1 }
    #expect(try keys.run("audit", "verify", with: other).status == 65)
    #expect(try keys.run("keys", "list", with: pinned.merging(["AUDIT_SIGNERS_PIN": "1"]) { $1 }).status == 78)
    let unpinned = try keys.run(
      "keys", "retire", "op1", "--propose", keys.fresh("json"), with: ["AUDIT_SIGNERS_FILE": nil])
    #expect(unpinned.status == 78 && unpinned.errorText.contains("AUDIT_SIGNERS_PIN"), "\(unpinned.errorText)")
  }

  @Test("a candidate counts for nothing; without a combined proof, or with too small a one, nothing is promoted")
  func promotion() throws {
    let keys = try KeySite.founded()
    try keys.add("new", use: "manifests")
    #expect(try keys.must("keys", "test").text.contains("ok      new"))
    let asNew: [String: String?] = ["AUDIT_MANIFEST_SIGNER": "local:" + keys.pem("new")]
    #expect(try keys.run("audit", "archive", with: asNew).status == 78)
    let bare = try keys.run("keys", "promote", "new")
    #expect(bare.status == 73 && bare.errorText.contains("combined proof"))
    let payload = try keys.propose("promote", ["new"], ["--reason", "rotation"])
    var approvals: [String] = []
    for kid in ["op1", "op2"] {
      approvals.append(keys.fresh("approval.json"))
      try keys.must(
        "multisig", "sign", "--payload", payload, "--signer", "local:" + keys.pem(kid), "--out", approvals.last!)
    }
    let few = try keys.run(["multisig", "combine", "--payload", payload, "--out", keys.path("few.proof")] + approvals)
    #expect(few.status == 65 && few.text.contains("2 distinct signers approved, 3 are needed"))
    #expect(!FileManager.default.fileExists(atPath: keys.path("few.proof")))
    // The two signatures by hand, with a threshold that they meet.
    let entries = try approvals.map { path in
      let approval = try JSONValue(parsing: String(contentsOfFile: path, encoding: .utf8))
      return try #require(approval["proof"]?["signatures"]?.array?.first)
    }
    let digest = try #require(
      try JSONValue(parsing: String(contentsOfFile: approvals[0], encoding: .utf8))["proof"]?["digestHex"])
    let lowered = JSONValue.object(["digestHex": digest, "threshold": 2, "signatures": .array(entries)])
    try Data(lowered.prettyBytes).write(to: URL(fileURLWithPath: keys.path("lowered.proof")))
    let refused = try keys.run(
      "keys", "promote", "new", "--payload", payload, "--proof", keys.path("lowered.proof"))
    #expect(refused.status == 65 && refused.errorText.contains("3 are needed"), "\(refused.errorText)")
    #expect(!FileManager.default.fileExists(atPath: keys.registry(2)))
    #expect(try keys.events("signer.promoted").count == 6)

    let proof = try keys.approve(payload)
    let elsewhere = try keys.run("keys", "retire", "new", "--payload", payload, "--proof", proof)
    #expect(elsewhere.status == 73)
    for _ in 0..<2 { try keys.must("keys", "promote", "new", "--payload", payload, "--proof", proof) }
    #expect(try keys.events("signer.promoted").count == 7)
    try keys.must("audit", "archive", with: asNew)
    try keys.must("audit", "verify", with: asNew)
    // A proposal that was overtaken is not made on top of the newer version.
    let stale = try keys.run("keys", "promote", "new", "--propose", keys.fresh("json"))
    #expect(stale.status == 73)
  }

  @Test("the registry rolled back, with a gap, forked, or re-signed by fewer: found by every verifier")
  func attacks() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    let old = try String(contentsOfFile: keys.file, encoding: .utf8)
    try keys.change("retire", ["op5"], "--at", "2030-01-01T00:00:00Z")
    try keys.change("retire", ["op4"], "--at", "2030-01-01T00:00:00Z")
    try keys.must("audit", "verify")
    let pinned: [String: String?] = ["AUDIT_SIGNERS_FILE": keys.path("old.json")]
    try Data(old.utf8).write(to: URL(fileURLWithPath: keys.path("old.json")))
    try keys.must("audit", "verify", with: pinned)

    func expectFound(_ words: String, with more: [String: String?] = [:]) throws {
      let output = try keys.run("audit", "verify", "--json", with: more)
      let findings = try json(output)["findings"]?.array ?? []
      #expect(output.status == 65 && findings.contains { $0["reason"]?.string?.contains(words) == true }, "\(findings)")
      #expect(try keys.run("keys", "list", with: more).status == 65)
    }
    let third = try String(contentsOfFile: keys.registry(3), encoding: .utf8)
    try FileManager.default.removeItem(atPath: keys.registry(3))
    try expectFound("rolled back")
    try keys.must("audit", "verify", with: pinned)
    try expectFound("rolled back", with: pinned.merging(["AUDIT_SIGNERS_PIN": "3"]) { $1 })
    try Data(third.utf8).write(to: URL(fileURLWithPath: keys.registry(3)))

    let second = try String(contentsOfFile: keys.registry(2), encoding: .utf8)
    try FileManager.default.removeItem(atPath: keys.registry(2))
    try expectFound("a gap", with: pinned)
    let fewer = try resigned(second, by: ["op1", "op2"], threshold: 2, keys)
    try Data(fewer.utf8).write(to: URL(fileURLWithPath: keys.registry(2)))
    try expectFound("2 of its predecessor's signers signed it, 3 are needed", with: pinned)
    // One who may approve makes a version of their own under the digest that is known: its successor gives it away.
    let forked = try resigned(
      second.replacingOccurrences(of: "2030-01-01", with: "2031-01-01"), by: ["op1", "op2", "op3"], threshold: 3, keys)
    try keys.alter(keys.registry(2)) { _ in forked }
    try expectFound("previousRegistry is not the digest of version 2", with: pinned)
  }

  /// A version of the registry, signed anew.
  private func resigned(_ text: String, by kids: [String], threshold: Int64, _ keys: KeySite) throws -> String {
    let registry = try #require(try JSONValue(parsing: text)["registry"])
    let digest = SignedDocument.digest(of: registry)
    let signatures = try kids.map { kid in
      Proof.Signature(
        signerID: kid, kid: kid, algorithm: "ed25519",
        signature: try PrivateKey(pem: Array(Data(contentsOf: URL(fileURLWithPath: keys.pem(kid))))).sign(digest))
    }
    let proof = Proof(digest: digest, threshold: Int(threshold), signatures: signatures)
    return String(decoding: SignedDocument(.registry, registry, proof: proof).bytes, as: UTF8.self)
  }

  @Test("signer check goes by the registry that the archive holds, and does without an archive that is away")
  func signerCheck() throws {
    let keys = try KeySite.founded()
    let older = keys.fresh("json")
    try FileManager.default.copyItem(atPath: keys.file, toPath: older)
    let asBefore = ["AUDIT_SIGNERS_FILE": older]
    let refused = "does not let this key sign"
    #expect(try !keys.must("signer", "check", with: asBefore).errorText.contains(refused))
    try keys.add("new", use: "manifests")
    try keys.change("promote", ["new"])
    try keys.change("retire", ["archive"])
    let retired = try keys.run("signer", "test", with: asBefore)
    #expect(retired.status == 78 && retired.text.contains(refused), "\(retired.text)\(retired.errorText)")
    let emptied = try keys.must(
      "signer", "check", with: asBefore.merging(["AUDIT_ARCHIVE_URL": "file:///nowhere"]) { $1 })
    #expect(emptied.errorText.contains("rolled back"), "\(emptied.errorText)")
    let away = ["AUDIT_ARCHIVE_URL": "s3://bucket/a", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-west-1"]
    let output = try keys.must("signer", "check", with: asBefore.merging(away) { $1 })
    #expect(output.errorText.contains("registry was not looked at"), "\(output.errorText)")
  }

  @Test("what keys add refuses: an id or a key that is taken, a secret, a key that is not the signer's")
  func refusals() throws {
    let keys = try KeySite()
    try keys.add("op1", use: "multisig")
    try keys.add("op1", use: "multisig")
    #expect(try keys.events("signer.added").count == 1)
    func refusal(_ arguments: String...) throws -> Int32 { try keys.run(["keys", "add"] + arguments).status }
    #expect(try refusal("--kid", "op1", "--signer", "local:" + keys.pem("op2"), "--use", "multisig") == 73)
    #expect(try refusal("--kid", "twin", "--signer", "local:" + keys.pem("op1"), "--use", "multisig") == 73)
    #expect(try refusal("--kid", "m", "--signer", "mock", "--use", "multisig") == 64)
    #expect(try refusal("--kid", "m", "--signer", "local:" + keys.pem("op2"), "--use", "everything") == 64)
    let proxy = try ServingProgram(["dev", "signing-proxy"], environment: ["AUDIT_SIGNING_KEY": "a-secret"])
    #expect(try refusal("--kid", "p", "--signer", "proxy:" + proxy.url, "--use", "multisig") == 78)
    let honest = try ServingProgram(["dev", "signing-proxy"], environment: [:])
    try Data(
      PrivateKey(pem: Array(Data(contentsOf: URL(fileURLWithPath: keys.pem("op2"))))).publicKey.pem.utf8
    ).write(to: URL(fileURLWithPath: keys.path("other.pub")))
    #expect(
      try refusal(
        "--kid", "p", "--signer", "proxy:" + honest.url, "--use", "multisig", "--public-key", keys.path("other.pub"))
        == 65)
    #expect(try refusal("--kid", "p", "--signer", "proxy:" + honest.url, "--use", "multisig") == 0)
    #expect(try keys.must("keys", "test", "p").status == 0)
  }
}
