// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import TestSupport
import Testing

/// What is approved is what is shown, and what is shown is what is done.
@Suite("Proposed versions of the registry", .enabled(if: TemporaryPostgres.isUsable))
struct KeyProposalTests {
  /// A proposal with its JSON changed, in the canonical form.
  private func edited(
    _ payload: String, _ keys: KeySite, _ body: (inout [String: JSONValue], inout [[String: JSONValue]]) -> Void
  ) throws -> String {
    let json = try JSONValue(parsing: String(contentsOfFile: payload, encoding: .utf8))
    func fields(_ value: JSONValue) -> [String: JSONValue] {
      Dictionary(uniqueKeysWithValues: (value.members ?? []).map { ($0.name, $0.value) })
    }
    func object(_ fields: [String: JSONValue]) -> JSONValue {
      .object(fields.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value) })
    }
    var top = fields(json)
    var signers = (json["signers"]?.array ?? []).map(fields)
    body(&top, &signers)
    top["signers"] = .array(signers.map(object))
    let path = keys.fresh("json")
    try Data(object(top).canonicalBytes + [0x0a]).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func sign(_ payload: String, _ keys: KeySite, with more: [String: String?] = [:]) throws -> CommandOutput {
    try keys.run(
      "multisig", "sign", "--payload", payload, "--signer", "local:" + keys.pem("op1"), "--out",
      keys.fresh("approval.json"), with: more)
  }

  @Test("multisig sign shows every member of every signer, what changes, and the fingerprint beside each id")
  func shown() throws {
    let keys = try KeySite.founded()
    try keys.add("new", use: "manifests", "--description", "from December on")
    let promotion = try sign(try keys.propose("promote", ["new"], ["--reason", "yearly"]), keys).text
    let pem = try Data(contentsOf: URL(fileURLWithPath: keys.pem("new")))
    let fingerprint = try PrivateKey(pem: Array(pem)).publicKey.fingerprint.hex
    for words in [
      "signer.promoted: new [\(fingerprint.prefix(16))]", "reason: yearly", "key \(fingerprint)", "what it changes:",
      "new: new [\(fingerprint.prefix(16))]", "description from December on", "source local:\(keys.pem("new"))",
      "notBefore 20", "deployedAt 20", "follows: ", "multisig: 3 of op1 [",
    ] { #expect(promotion.contains(words), "\(words): \(promotion)") }
    let payload = try keys.propose("revoke", ["archive"], ["--compromised-since", "2026-11-25T01:02:03Z"])
    let revocation = try sign(payload, keys).text
    for words in [
      "compromisedSince: none -> 2026-11-25T01:02:03", "status: active -> revoked",
      "compromisedSince 2026-11-25T01:02:03",
    ] { #expect(revocation.contains(words), "\(words): \(revocation)") }
    // Who has no older version at hand is told that only the whole can be compared.
    let offline = try sign(payload, keys, with: ["AUDIT_SIGNERS_FILE": nil]).text
    #expect(offline.contains("what it changes: not shown") && offline.contains("compromisedSince 2026-11-25T01:02:03"))
    let dismissed = SHA256.hash([1]).hex
    let dismissal = try sign(try keys.propose("revoke", [], ["--dismiss", dismissed]), keys).text
    #expect(dismissal.contains("dismissed emergency revocation: \(dismissed)"))
    // A description cannot draw lines of its own.
    try keys.must(
      "keys", "add", "--kid", "thief", "--signer", "local:" + keys.pem("thief"), "--use", "manifests", "--description",
      "x\n  revoked    thief")
    #expect(try !sign(try keys.propose("promote", ["thief"], []), keys).text.contains("\n  revoked"))
  }

  @Test("a version that does more than its change says is signed by nobody, and made by nobody")
  func hidden() throws {
    let keys = try KeySite.founded()
    try keys.add("new", use: "manifests")
    let honest = try keys.propose("promote", ["new"], [])
    let made = try #require(try JSONValue(parsing: String(contentsOfFile: honest, encoding: .utf8))["createdAt"])
    func change(_ kid: String, _ members: [String: JSONValue?]) -> (inout [[String: JSONValue]]) -> Void {
      { signers in
        for index in signers.indices where signers[index]["signer_kid"] == .string(kid) {
          for (name, value) in members { signers[index][name] = value }
        }
      }
    }
    let edits: [(String, (inout [String: JSONValue], inout [[String: JSONValue]]) -> Void)] = [
      ("settles emergency revocations", { top, _ in top["dismissed"] = .array([.string(SHA256.hash([1]).hex)]) }),
      (
        "something else to \"new\"",
        { change("new", ["notBefore": "2020-01-01T00:00:00Z", "deployedAt": "2020-01-01T00:00:00Z"])(&$1) }
      ),
      ("changes source of \"op1\"", { change("op1", ["source": "proxy:http://203.0.113.9:1"])(&$1) }),
      ("of \"op4\"", { change("op4", ["status": "retired", "retiredAt": made])(&$1) }),
      (
        "takes \"op4\" into the multisig or out of it",
        { top, _ in
          top["multisig"] = .object(["signers": .array(["op1", "op2", "op3", "op5"]), "threshold": 3])
        }
      ),
      ("\"archive\" is missing", { $1.removeAll { $0["signer_kid"] == "archive" } }),
      ("does not name: \"comment\"", { top, _ in top["comment"] = "unseen" }),
      ("does not name: \"weight\"", { change("op1", ["weight": 2])(&$1) }),
      (
        "begins or ends with a blank",
        { top, signers in
          change("new", ["signer_kid": "new "])(&signers)
          top["change"] = .object(["event": "signer.promoted", "reason": "", "signers": .array(["new "])])
        }
      ),
    ]
    for (words, edit) in edits {
      let payload = try edited(honest, keys, edit)
      let signed = try sign(payload, keys)
      #expect(signed.status == 73 || signed.status == 65, "\(words): \(signed.status)")
      #expect(signed.errorText.contains(words), "\(words): \(signed.errorText)")
      // Three who sign blindly do not get it made either.
      let digest = SHA256.hash(Array(try Data(contentsOf: URL(fileURLWithPath: payload)).dropLast()))
      let signatures = try ["op1", "op2", "op3"].map { kid in
        let pem = Array(try Data(contentsOf: URL(fileURLWithPath: keys.pem(kid))))
        return Proof.Signature(
          signerID: kid, kid: kid, algorithm: "ed25519", signature: try PrivateKey(pem: pem).sign(digest))
      }
      let proof = keys.fresh("proof")
      try Data(Proof(digest: digest, threshold: 3, signatures: signatures).json.prettyBytes).write(
        to: URL(fileURLWithPath: proof))
      let kid = words.contains("blank") ? "new " : "new"
      let refused = try keys.run("keys", "promote", kid, "--payload", payload, "--proof", proof)
      #expect(refused.status == 65 && refused.errorText.contains(words), "\(words): \(refused.errorText)")
    }
    #expect(!FileManager.default.fileExists(atPath: keys.registry(2)))
    #expect(try sign(try edited(honest, keys) { _, _ in }, keys).status == 0)
  }

  @Test("ids that cannot be told apart by eye are not taken in")
  func ids() throws {
    let keys = try KeySite.founded()
    for kid in [
      " ", "op1 ", "\u{a0}x", "a\u{202e}b", "a\u{200b}b", "a\nb", "a\u{3164}b", String(repeating: "x", count: 201),
    ] {
      let output = try keys.run(
        "keys", "add", "--kid", kid, "--signer", "local:" + keys.pem("new"), "--use", "manifests")
      #expect(output.status == 64 && output.errorText.contains("--kid"), "\(kid): \(output.errorText)")
    }
    try keys.add("new", use: "manifests")
    #expect(try keys.must("keys", "list").text.contains("new  ed25519  manifests  key "))
  }
}
