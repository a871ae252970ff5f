// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import TestSupport
import Testing

@Suite("VERIFY.md, by the system's tools alone")
struct VerifyGuideTests {
  @Test("the tools' folder has nothing of ours")
  func tools() throws {
    let folder = try CarriedFolder(SignedArchive(), bundles: false)
    let output = try folder.guide.run("command -v memoryctl; command -v swift; command -v psql; echo \"<$PATH>\"")
    #expect(!output.text.contains("/memoryctl\n") && !output.text.contains("/swift"))
    #expect(output.text.contains("/memoryctl-tools-"))
  }

  @Test("every command says OK", arguments: SignedArchive.Key.allCases)
  func sound(key: SignedArchive.Key) throws {
    let folder = try CarriedFolder(SignedArchive(key))
    #expect(folder.guide.steps.count == 10)
    try Data("vector-key".utf8).write(to: URL(fileURLWithPath: folder.directory("secret")))
    let secret: [String: String?] = key == .hmac ? ["HMAC_KEY_FILE": folder.directory("secret")] : [:]
    for step in folder.guide.steps {
      let output = try folder.guide.run(step.commands, environment: secret)
      #expect(output.status == 0, "\(step.title): \(output.text)\(output.errorText)")
      #expect(output.text.split(separator: "\n").last?.hasPrefix("OK: ") == true, "\(step.title): \(output.text)")
    }
  }

  @Test("the line that runs all of them does, with bundles and without", arguments: [true, false])
  func allAtOnce(bundles: Bool) throws {
    let folder = try CarriedFolder(SignedArchive(), bundles: bundles)
    let text = try folder.text("VERIFY.md")
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("sed -n") })
    let output = try folder.guide.run(String(line))
    #expect(output.status == 0, "\(output.errorText)")
    #expect(output.text.split(separator: "\n").filter { $0.hasPrefix("OK: ") }.count == (bundles ? 10 : 6))
    try folder.replace("manifests/0000000002.json", [0x7b, 0x7d])
    #expect(try folder.guide.run(String(line)).status != 0)
  }

  @Test("a MAC says that it needs the secret, and another secret does not do")
  func secret() throws {
    let folder = try CarriedFolder(SignedArchive(.hmac), bundles: false)
    let without = try folder.guide.run(step: "Each signature")
    #expect(without.status != 0 && without.errorText.contains("HMAC_KEY_FILE"), "\(without.errorText)")
    try Data("vector-kez".utf8).write(to: URL(fileURLWithPath: folder.directory("secret")))
    let wrong = try folder.guide.run(
      step: "Each signature", environment: ["HMAC_KEY_FILE": folder.directory("secret")])
    #expect(wrong.status != 0 && wrong.errorText.contains("does not verify"), "\(wrong.errorText)")
    let keys = try folder.guide.run(step: "The keys").text
    #expect(keys.contains("{\"fingerprint\":null,") && keys.contains("\"kid\":\"local-hmac\""), "\(keys)")
  }

  /// What somebody does to a folder, and the step that fails then though `SHA256SUMS` was made anew.
  struct Tampering: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let step: String
    let body: @Sendable (CarriedFolder) throws -> Void

    init(_ name: String, fails step: String, _ body: @escaping @Sendable (CarriedFolder) throws -> Void) {
      (testDescription, self.step, self.body) = (name, step, body)
    }
  }

  @Test("what was tampered with fails, by the sums and by its own step", arguments: tamperings)
  func tampered(_ tampering: Tampering) throws {
    let folder = try CarriedFolder(SignedArchive())
    try tampering.body(folder)
    let stale = try folder.guide.run(step: "Nothing in this folder has changed")
    #expect(stale.status != 0, "\(stale.text)")
    try folder.sumAgain()
    #expect(try folder.guide.run(step: "Nothing in this folder has changed").status == 0)
    let output = try folder.guide.run(step: tampering.step)
    #expect(output.status != 0, "\(output.text)")
    #expect(!output.text.contains("OK:"))
  }

  private static let second = "manifests/0000000001.json"

  static let tamperings = [
    Tampering("a byte of a manifest", fails: "Each manifest is") { folder in
      try folder.edit(second) { $0 = $0.replacing("\"count\": 64", with: "\"count\": 65") }
    },
    Tampering("white space of a manifest", fails: "Each manifest is") { folder in
      try folder.edit(second) { $0 += "\n" }
    },
    Tampering("a member that occurs twice", fails: "Each manifest is") { folder in
      try folder.edit(second) { $0 = $0.replacing("\"sequence\": 1,", with: "\"sequence\": 7,\n    \"sequence\": 1,") }
    },
    Tampering("a manifest and its digest", fails: "Each signature") { folder in
      var document = try SignedDocument(parsing: folder.read(second), .manifest)
      let members = document.content.members ?? []
      let content = JSONValue.object(members.map { $0.name == "tool" ? JSONValue.Member("tool", "another") : $0 })
      let proof = Proof(
        digest: SignedDocument.digest(of: content), threshold: 1, signatures: document.proof.signatures)
      document = SignedDocument(.manifest, content, proof: proof)
      try folder.replace(second, document.bytes)
    },
    Tampering("a manifest that another key signed under our key's id", fails: "Each signature") { folder in
      let document = try SignedDocument(parsing: folder.read(second), .manifest)
      let signature = try PrivateKey.generateEd25519().sign(document.digest)
      let entry = Proof.Signature(
        signerID: "vector-ed25519", kid: "vector-ed25519", algorithm: "ed25519", signature: signature)
      let proof = Proof(digest: document.digest, threshold: 1, signatures: [entry])
      try folder.replace(second, SignedDocument(.manifest, document.content, proof: proof).bytes)
    },
    Tampering("a proof that asks for more signers than it has", fails: "Each signature") { folder in
      try folder.edit(second) { $0 = $0.replacing("\"threshold\": 1", with: "\"threshold\": 2") }
    },
    Tampering("a manifest that is none", fails: "Each manifest is") { try $0.replace(second, Array("[]\n".utf8)) },
    Tampering("a manifest that is no JSON", fails: "Each manifest is") { try $0.replace(second, Array("{".utf8)) },
    Tampering("the last manifest is none", fails: "Each signature") {
      try $0.replace("manifests/0000000003.json", Array("[]\n".utf8))
    },
    Tampering("two manifests swapped", fails: "The manifests follow") { folder in
      let (first, other) = try (folder.read(second), folder.read("manifests/0000000002.json"))
      try folder.replace(second, other)
      try folder.replace("manifests/0000000002.json", first)
    },
    Tampering("the first manifest dropped", fails: "The manifests follow") {
      try $0.remove("manifests/0000000000.json")
    },
    Tampering("a manifest dropped", fails: "The manifests follow") { try $0.remove(second) },
    Tampering("the last manifest dropped", fails: "The manifests follow") {
      try $0.remove("manifests/0000000003.json")
    },
    Tampering("another key in its place", fails: "The keys") { folder in
      let pem = try PrivateKey.generateEd25519().publicKey.pem
      try folder.replace("keys/f99aba33c69e7c5e.pem", Array(pem.utf8))
    },
    Tampering("another key, listed as ours", fails: "Each signature") { folder in
      let key = try PrivateKey.generateEd25519().publicKey
      let file = "keys/\(key.fingerprint.hex.prefix(16)).pem"
      try folder.replace(file, Array(key.pem.utf8))
      try folder.edit("keys.json") { text in
        text = text.replacing("keys/f99aba33c69e7c5e.pem", with: file)
          .replacing("f99aba33c69e7c5e355cec218083305b8bbe4e3ee3470240c023ec057ba921b3", with: key.fingerprint.hex)
      }
    },
    Tampering("a key that was no key at the time", fails: "Each signature") { folder in
      try folder.edit("keys.json") { text in
        text = text.replacing("\"revokedSince\": null", with: "\"revokedSince\": \"2026-01-02T00:00:00Z\"")
      }
    },
    Tampering("a byte of a bundle", fails: "The bundles are") { folder in
      let name = try folder.bundle()
      var bytes = try folder.read(name)
      bytes[bytes.count / 2] ^= 1
      try folder.replace(name, bytes)
    },
    Tampering("the list of bundles", fails: "bundles.sha256") { folder in
      try folder.edit("bundles.sha256") { $0 = $0.replacing("8bfef5d88e517dda979d", with: "8bfef5d88e517dda979e") }
    },
    Tampering("a row that was made anew, and the list with it", fails: "The bundles are") {
      try $0.alterRow(listed: true)
    },
    Tampering("a row's leaf", fails: "The rows make") { try $0.alterRow() },
    Tampering("a row's payload", fails: "Each row's hash") { try $0.alterRow() },
    Tampering("a row taken out", fails: "Each row follows") { folder in
      try folder.repack { rows in rows.remove(at: 5) }
    },
  ]
}

extension CarriedFolder {
  /// The first bundle's name.
  func bundle() throws -> String { String(try text("bundles.sha256").split(separator: "\n")[0].dropFirst(66)) }

  /// Unpacks the first bundle, changes its rows, and packs them again.
  func repack(_ change: (inout [Substring]) -> Void) throws {
    let name = try bundle()
    let unpacked = try guide.run("zstd -dcq \(name)")
    var rows = unpacked.text.split(separator: "\n")
    change(&rows)
    try Data((rows.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: directory("rows")))
    let packed = try guide.run("zstd -qf ../rows -o ../packed && rm -f \(name) && mv ../packed \(name)")
    guard packed.status == 0 else { throw TestSupportError(packed.errorText) }
  }

  /// Changes a payload that jq can write canonically.
  ///
  /// - Parameter listed: `bundles.sha256` is changed to fit.
  func alterRow(listed: Bool = false) throws {
    try repack { rows in
      rows = rows.map { row in
        row.contains("7147706b-36a6-4f91-ad59-e8705017c8e6")
          ? Substring(row.replacing("\"seq\": 4", with: "\"seq\": 5")) : row
      }
    }
    guard listed else { return }
    let name = try bundle()
    let output = try guide.run(
      "sha256sum \(name) > ../new && sed 1d bundles.sha256 >> ../new && mv -f ../new bundles.sha256")
    guard output.status == 0 else { throw TestSupportError(output.errorText) }
  }
}
