// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Compliance
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

/// Who forges without the key, and writes the files that nothing signs to fit.
@Suite("Attacks on VERIFY.md")
struct GuideAttackTests {
  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Each of them fails by itself.
    let steps: [String]
    let body: @Sendable (CarriedFolder) throws -> Void

    init(_ name: String, fails steps: String..., body: @escaping @Sendable (CarriedFolder) throws -> Void) {
      (testDescription, self.steps, self.body) = (name, steps, body)
    }
  }

  @Test("an attack fails, whatever SHA256SUMS says", arguments: attacks)
  func attack(_ attack: Attack) throws {
    let folder = try CarriedFolder(SignedArchive(), bundles: false)
    try attack.body(folder)
    let sums = try folder.guide.run(
      "rm SHA256SUMS; find . ! -type d | cut -c3- | LC_ALL=C sort | xargs sha256sum > ../sums && mv ../sums SHA256SUMS")
    #expect(sums.status == 0, "\(sums.errorText)")
    for step in attack.steps {
      let output = try folder.guide.run(step: step)
      #expect(output.status != 0 && !output.text.contains("OK:"), "\(step): \(output.text)")
      #expect(!output.errorText.contains("\u{1b}"))
    }
  }

  private static let manifest = "manifests/0000000001.json"
  private static let trusted = "f99aba33c69e7c5e355cec218083305b8bbe4e3ee3470240c023ec057ba921b3"

  /// Signs all manifests anew by a key that nobody trusts, under the id of the one that is.
  private static func forge(_ folder: CarriedFolder) throws -> PublicKey {
    let key = try PrivateKey.generateEd25519()
    for sequence in 0..<4 {
      let name = "manifests/000000000\(sequence).json"
      let document = try SignedDocument(parsing: folder.read(name), .manifest)
      let entry = Proof.Signature(
        signerID: "vector-ed25519", kid: "vector-ed25519", algorithm: "ed25519",
        signature: try key.sign(document.digest))
      let proof = Proof(digest: document.digest, threshold: 1, signatures: [entry])
      try folder.replace(name, SignedDocument(.manifest, document.content, proof: proof).bytes)
    }
    return key.publicKey
  }

  private static func editKey(_ member: String, _ old: String, _ new: String)
    -> @Sendable (CarriedFolder) throws -> Void
  {
    { folder in
      let before = try folder.text("keys.json")
      let text = before.replacing("\"\(member)\": \(old)", with: "\"\(member)\": \(new)")
      guard text != before else { throw TestSupportError("keys.json has no \(member): \(old)") }
      try folder.replace("keys.json", Array(text.utf8))
    }
  }

  private static func editManifest(_ old: String, _ new: String) -> @Sendable (CarriedFolder) throws -> Void {
    { folder in
      let before = try folder.text(manifest)
      let text = before.replacing(old, with: new)
      guard text != before else { throw TestSupportError("the manifest has no \(old)") }
      try folder.replace(manifest, Array(text.utf8))
    }
  }

  static let attacks = [
    Attack("a key's file in the words of its fingerprint", fails: "Nothing in this", "The keys", "Each signature") {
      folder in
      try folder.replace("keys/zz.pem", Array(forge(folder).pem.utf8))
      try editKey(
        "fingerprint", "\"\(trusted)\"",
        #""\#(trusted) keys/f99aba33c69e7c5e.pem \"vector-ed25519\"\r\u001b[8m""#)(folder)
      try editKey("file", "\"keys/f99aba33c69e7c5e.pem\"", "\"keys/zz.pem\"")(folder)
    },
    Attack("another file for a fingerprint", fails: "Nothing in this", "The keys", "Each signature") { folder in
      try folder.replace("keys/zz.pem", Array(forge(folder).pem.utf8))
      try editKey("file", "\"keys/f99aba33c69e7c5e.pem\"", "\"keys/zz.pem\"")(folder)
    },
    Attack(
      "a member that keys.json has not", fails: "The keys",
      body: editKey("kind", "\"public\"", "\"public\", \"pem\": \"x\"")),
    Attack(
      "an algorithm of two words", fails: "The keys", "Each signature",
      body: editKey("alg", "\"ed25519\"", "\"ed25519 keys/zz.pem\"")),
    Attack("two lists of keys", fails: "The keys") { folder in
      try folder.edit("keys.json") { $0 += "{\"keys\": []}\n" }
    },
    Attack(
      "a time with an offset in keys.json", fails: "The keys", "Each signature",
      body: editKey("validUntil", "null", "\"2099-01-01T00:00:00+05:00\"")),
    Attack(
      "a revocation that is no time", fails: "The keys", "Each signature",
      body: editKey("revokedSince", "null", "\"z\"")),
    Attack("a revocation taken out of keys.json alone", fails: "The keys") { folder in
      try folder.edit("registry.json") { text in
        text = text.replacing(
          "\"status\": \"active\"", with: "\"revokedAt\": \"2026-01-02T00:00:00Z\", \"status\": \"revoked\"")
      }
    },
    Attack("a validity stretched in keys.json alone", fails: "The keys") { folder in
      try folder.edit("registry.json") { text in
        text = text.replacing("\"status\": \"active\"", with: "\"notAfter\": \"2026-12-31T00:00:00Z\"")
      }
    },
    Attack("a revocation that the archive's own registry has", fails: "The keys") { folder in
      try folder.registry(revokedAt: "2026-01-02T00:00:00Z", by: SignedArchive.signer(.ed25519))
    },
    Attack(
      "a member beside manifest and proof", fails: "Each manifest is",
      body: editManifest("{\n  \"manifest\": {", "{\n  \"hidden\": \"x\",\n  \"manifest\": {")),
    Attack(
      "a member of the proof", fails: "Each manifest is",
      body: editManifest("    \"threshold\": 1,", "    \"threshold\": 1,\n    \"note\": \"x\",")),
    Attack(
      "a member of a signature", fails: "Each manifest is",
      body: editManifest("        \"alg\": \"ed25519\",", "        \"alg\": \"ed25519\",\n        \"comment\": \"x\",")),
    Attack(
      "a member of the proof in another place", fails: "Each manifest is",
      body: editManifest(
        "        \"kid\": \"vector-ed25519\",\n        \"alg\": \"ed25519\",",
        "        \"alg\": \"ed25519\",\n        \"kid\": \"vector-ed25519\",")),
    Attack("a signature in two words", fails: "Each signature") { folder in
      let signature = try SignedDocument(parsing: folder.read(manifest), .manifest).proof.signatures[0].signature
      let text = Base64.encode(signature)
      try editManifest(text, text + "\\nx")(folder)
    },
    Attack("a time with an offset, rightly signed", fails: "Each signature") { folder in
      let document = try SignedDocument(parsing: folder.read(manifest), .manifest)
      let members = (document.content.members ?? []).map { member in
        member.name == "createdAt" ? JSONValue.Member("createdAt", "2026-11-22T02:00:00+05:00") : member
      }
      try folder.replace(manifest, SignedArchive.signer(.ed25519).sign(.manifest, .object(members)).bytes)
    },
    Attack("a manifest that is a link to elsewhere", fails: "Nothing in this", "Each manifest is") { folder in
      try FileManager.default.moveItem(atPath: "\(folder.path)/\(manifest)", toPath: folder.directory("elsewhere.json"))
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder.path)/\(manifest)", withDestinationPath: folder.directory("elsewhere.json"))
    },
    Attack("an empty folder", fails: "Nothing in this") { folder in
      try FileManager.default.createDirectory(atPath: "\(folder.path)/bundles/x", withIntermediateDirectories: true)
    },
    Attack("a file that no pull makes", fails: "Nothing in this") { try $0.replace("notes.txt", [0x78]) },
    Attack("a bundle with another name", fails: "bundles.sha256") { folder in
      let document = try SignedDocument(parsing: folder.read(manifest), .manifest)
      let old = try #require(document.content["bundle"]?["key"]?.string)
      let text = String(decoding: document.content.prettyBytes, as: UTF8.self).replacing(old, with: "bundles/../x")
      let signed = try SignedArchive.signer(.ed25519).sign(.manifest, JSONValue(parsing: Array(text.utf8)))
      try folder.replace(manifest, signed.bytes)
      try folder.edit("bundles.sha256") { $0 = $0.replacing(old, with: "bundles/../x") }
    },
  ]

  @Test("step 2 shows what each key counts for, and passes over registries of strangers")
  func shown() throws {
    let folder = try CarriedFolder(SignedArchive(), bundles: false)
    try folder.registry(
      revokedAt: "2026-01-02T00:00:00Z", by: LocalSigner(privateKey: .generateEd25519(), kid: "vector-ed25519"))
    let output = try folder.guide.run(step: "The keys")
    #expect(output.status == 0, "\(output.errorText)")
    let line = try #require(output.text.split(separator: "\n").first)
    let key = try JSONValue(parsing: Array(line.utf8))
    #expect(key["fingerprint"]?.string == Self.trusted && key["kid"] == "vector-ed25519")
    #expect(key["status"] == "active" && key["revokedSince"] == .null && key["validUntil"] == .null)
    #expect(key["validFrom"] == "2026-01-01T00:00:00Z" && key["uses"]?.array?.count == 3)
    #expect(output.text.contains("note: none of these keys signed signers/2.json"))
    try folder.registry(revokedAt: nil, by: SignedArchive.signer(.ed25519))
    #expect(try folder.guide.run(step: "The keys").text.contains("1 signed versions"))
  }

  @Test("an id of hostile characters is shown as ASCII on one line")
  func ascii() throws {
    let folder = try CarriedFolder(SignedArchive(), bundles: false)
    try Self.editKey("kid", "\"vector-ed25519\"", #""a\r\n\u001b[8m\u009b\u202e\u007f""#)(folder)
    try folder.remove("registry.json")
    let output = try folder.guide.run(step: "The keys")
    #expect(output.status == 0, "\(output.errorText)")
    #expect(output.text.utf8.allSatisfy { $0 == 0x0a || (0x20..<0x7f).contains($0) }, "\(output.text)")
    #expect(output.text.split(separator: "\n").first?.contains(#""kid":"a\r\n\u001b[8m"#) == true)
  }
}

extension CarriedFolder {
  /// Puts a signed version of the registry into the folder, which may revoke the folder's key.
  fileprivate func registry(revokedAt: String?, by signer: any Signer) throws {
    let listed = try JSONValue(parsing: read("registry.json"))["signers"]?.array ?? []
    let signers = listed.map { entry in
      let members = (entry.members ?? []).filter { $0.name != "status" }
      return JSONValue.object(members + (revokedAt.map { [JSONValue.Member("revokedAt", .string($0))] } ?? []))
    }
    let content = JSONValue.object(["format": "audit-signers/v1", "version": 2, "signers": .array(signers)])
    try FileManager.default.createDirectory(atPath: "\(path)/signers", withIntermediateDirectories: true)
    try replace("signers/2.json", signer.sign(.registry, content).bytes)
  }
}
