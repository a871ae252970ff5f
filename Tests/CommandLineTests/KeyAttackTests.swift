// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

/// Who holds one key and may write to the archive.
@Suite("A thief of one key", .enabled(if: TemporaryPostgres.isUsable))
struct KeyAttackTests {
  private func key(_ kid: String, _ keys: KeySite) throws -> PrivateKey {
    try PrivateKey(pem: Array(Data(contentsOf: URL(fileURLWithPath: keys.pem(kid)))))
  }

  /// Writes a document into the archive, signed by somebody's key.
  private func plant(
    _ kind: SignedDocument.Kind, _ content: JSONValue, by kid: String, as name: String? = nil, at path: String,
    _ keys: KeySite
  ) throws {
    let signer = LocalSigner(privateKey: try key(kid, keys), kid: name ?? kid)
    let file = URL(fileURLWithPath: keys.path("archive/memory-layer/" + path))
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try? FileManager.default.removeItem(at: file)
    try Data(signer.sign(kind, content).bytes).write(to: file)
  }

  private func stored(_ sequence: Int, _ keys: KeySite) throws -> SignedDocument {
    let path = keys.path("archive/memory-layer/manifests/000000000\(sequence).json")
    return try SignedDocument(parsing: Array(Data(contentsOf: URL(fileURLWithPath: path))), .manifest)
  }

  private func findings(_ output: CommandOutput) throws -> [String] {
    try json(output)["findings"]?.array?.compactMap { $0["reason"]?.string } ?? []
  }

  @Test("an event's or an operator's key signs no manifest, under whatever id")
  func otherUse() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    try keys.add("new", use: "events")
    try keys.change("promote", ["new"])
    let last = try stored(1, keys)
    for (kid, name, words) in [
      ("new", "new", "may not sign manifests"), ("new", "archive", "does not verify"),
      ("op1", "op1", "may not sign manifests"), ("op1", "archive", "does not verify"),
      ("thief", "thief", "no key at hand"), ("thief", "archive", "does not verify"),
    ] {
      try plant(.manifest, last.content, by: kid, as: name, at: "manifests/0000000001.json", keys)
      let output = try keys.run("audit", "verify", "--json")
      #expect(
        try output.status == 65 && findings(output).contains { $0.contains(words) }, "\(kid) as \(name): \(output.text)"
      )
    }
  }

  @Test("countersignatures by the stolen key, backdated or not, by other uses and for other manifests change nothing")
  func countersignature() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    try keys.add("new", use: "manifests")
    try keys.change("promote", ["new"])
    let (first, second) = (try stored(0, keys), try stored(1, keys))
    let made = try #require(first.content["createdAt"]?.string)
    try keys.change("revoke", ["archive"], "--compromised-since", made)
    func content(of document: SignedDocument, sequence: Int, at time: String = made, despite: [String] = ["archive"])
      -> JSONValue
    {
      Countersignature(
        stream: "memory-layer", sequence: sequence, manifest: document.digest, createdAt: Timestamp(time)!,
        despite: despite, reason: "trust me"
      ).json
    }
    let future = Timestamp.now().advanced(bySeconds: 86_400).isoSeconds
    let now = Timestamp.now().isoSeconds
    for (kid, name, planted) in [
      ("archive", "archive", content(of: first, sequence: 0)),
      ("archive", "archive", content(of: first, sequence: 0, at: now)),
      ("archive", "archive", content(of: first, sequence: 0, at: "2026-01-02T00:00:00Z")),
      ("archive", "new", content(of: first, sequence: 0, at: now)),
      ("op1", "op1", content(of: first, sequence: 0, at: now)),
      ("thief", "thief", content(of: first, sequence: 0, at: now)),
      ("new", "new", content(of: second, sequence: 0, at: now)),
      ("new", "new", content(of: first, sequence: 1, at: now)),
      ("new", "new", content(of: first, sequence: 0, at: future)),
      ("new", "new", content(of: first, sequence: 0, at: now, despite: [])),
      ("new", "new", content(of: first, sequence: 0, at: "2026-01-02T00:00:00Z")),
    ] {
      let path = "countersignatures/0000000000/\(UInt64.random(in: 0 ... .max)).json"
      try plant(.countersignature, planted, by: kid, as: name, at: path, keys)
    }
    let output = try keys.run("audit", "verify", "--json")
    let untrusted = try findings(output).filter { $0.hasPrefix("untrusted: \"archive\" is revoked since") }
    #expect(output.status == 65 && untrusted.count == 2, "\(output.text)")
    // One that is right counts, whatever lies beside it.
    let asNew: [String: String?] = ["AUDIT_MANIFEST_SIGNER": "local:" + keys.pem("new")]
    try keys.must("manifest", "countersign", "--all", "--reason", "compared", with: asNew)
    try keys.must("audit", "verify")
    #expect(try keys.run("manifest", "countersign", "--all", "--reason", "again", with: asNew).status == 66)
  }

  @Test("junk beside the registry is reported by audit verify, and keeps nobody from revoking, approving and archiving")
  func junk() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    let first = try RegistryVersion(
      parsing: Array(Data(contentsOf: URL(fileURLWithPath: keys.registry(1)))))
    try plant(.registry, first.registry.json, by: "thief", as: "op1", at: "signers/9.json", keys)
    try plant(.revocation, first.registry.json, by: "thief", as: "op1", at: "revocations/x.json", keys)
    #expect(try keys.run("audit", "verify").status == 65)
    #expect(try keys.run("keys", "list").status == 65)
    try keys.must("audit", "archive", "--until", "now")
    try keys.change("revoke", ["op5"], "--compromised-since", "2026-11-01T00:00:00Z")
    let listed = try json(try keys.run("keys", "list", "--json"))
    #expect(listed["version"] == 2 && listed["multisig"]?["signers"]?.array?.count == 4, "\(listed)")
    // A pinned version that is gone is another matter: nothing is decided by that registry.
    try FileManager.default.removeItem(atPath: keys.registry(2))
    let refused = try keys.run("keys", "retire", "op4", "--propose", keys.fresh("json"))
    #expect(refused.status == 65 && refused.errorText.contains("a gap"), "\(refused.errorText)")
  }

  @Test("a bundle that does not verify is countersigned by nobody")
  func damaged() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    try keys.add("new", use: "manifests")
    try keys.change("promote", ["new"])
    try keys.change("revoke", ["archive"], "--compromised-since", "2026-01-01T00:00:00Z")
    let bundle = keys.path("archive/memory-layer/bundles/\(try #require(try keys.site.bundles().first))")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: bundle))
    bytes[bytes.count / 2] ^= 1
    try FileManager.default.removeItem(atPath: bundle)
    try bytes.write(to: URL(fileURLWithPath: bundle))
    let output = try keys.run(
      "manifest", "countersign", "--all", "--reason", "unseen",
      with: ["AUDIT_MANIFEST_SIGNER": "local:" + keys.pem("new")])
    #expect(output.status == 65, "\(output.text)\(output.errorText)")
    #expect(!FileManager.default.fileExists(atPath: keys.path("archive/memory-layer/countersignatures")))
  }

  @Test("an emergency: in force at once and said to be unratified; a stranger's is none; three may dismiss it")
  func emergency() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    let listed = try json(try keys.must("keys", "list", "--json"))
    let digest = try #require(listed["digest"]?.string.flatMap { Digest(hex: $0) })
    func revoke(_ kid: String) throws -> CommandOutput {
      try keys.run(
        "keys", "revoke", "archive", "--compromised-since", "2026-01-02T00:00:00Z", "--emergency", "--reason", "lost",
        "--signer", "local:" + keys.pem(kid))
    }
    for kid in ["thief", "archive"] { #expect(try revoke(kid).status == 73, "\(kid)") }
    let forged = EmergencyRevocation(
      stream: "memory-layer", registry: digest, createdAt: Timestamp("2026-11-01T00:00:00Z")!, kid: "op1",
      compromisedSince: Timestamp("2026-01-01T00:00:00Z")!, reason: "")
    try plant(.revocation, forged.json, by: "thief", as: "op2", at: "revocations/x.json", keys)
    let junk = try keys.run("keys", "list", "--json")
    #expect(try junk.status == 65 && json(junk)["unratified"] == .array([]))
    try FileManager.default.removeItem(atPath: keys.path("archive/memory-layer/revocations/x.json"))

    for _ in 0..<2 { #expect(try revoke("op2").status == 0) }
    #expect(try keys.events("signer.revoked").count == 1)
    let verified = try keys.run("audit", "verify", "--json")
    #expect(try findings(verified).filter { $0.hasPrefix("untrusted: ") }.count == 2, "\(verified.text)")
    #expect(verified.errorText.contains("nobody has ratified"))
    let open = try json(try keys.must("keys", "list", "--json"))["unratified"]?.array ?? []
    let word = try #require(open.first)
    let revocation = SignedDocument.digest(of: word)
    // It changes no threshold, and no operator's word by itself.
    let payload = keys.fresh("json")
    try keys.must("keys", "revoke", "--dismiss", revocation.hex, "--reason", "found again", "--propose", payload)
    let proof = try keys.approve(payload)
    try keys.must("keys", "revoke", "--dismiss", revocation.hex, "--payload", payload, "--proof", proof)
    let settled = try json(try keys.must("keys", "list", "--json"))
    #expect(settled["unratified"] == .array([]) && settled["version"] == 2)
    #expect(
      try keys.events("signer.revocation_dismissed").map { $0["dismissed"] } == [.array([.string(revocation.hex)])])
    try keys.must("audit", "verify")
  }
}
