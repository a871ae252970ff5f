// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

/// Proofs by the rules of a signer registry, with nothing of the archive at hand.
@Suite("Proofs and the signer registry", .enabled(if: TemporaryPostgres.isUsable))
struct ProofKeyTests {
  /// Checks a proof by a registry's file.
  private func check(
    _ keys: KeySite, _ proof: String, registry: String, pin: String? = nil, _ arguments: String...
  ) throws -> CommandOutput {
    try Command.run(
      keys.site.program, ["audit", "check-proof", proof, "--json"] + arguments,
      environment: ["AUDIT_SIGNERS_FILE": registry, "AUDIT_SIGNERS_PIN": pin], inheritsEnvironment: false)
  }

  private func prove(_ keys: KeySite, _ status: Int32 = 0) throws -> String {
    let out = keys.fresh("proof.json")
    let output = try keys.run("audit", "prove", "--manifest", "0", "--row", "3", "--out", out)
    #expect(output.status == status, "\(output.text)\(output.errorText)")
    return out
  }

  private func problems(_ output: CommandOutput) throws -> String {
    try json(output)["problems"]?.array?.compactMap(\.string).joined(separator: "; ") ?? ""
  }

  @Test("a stolen key: untrusted by the registry since, proved again once somebody has countersigned")
  func stolen() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    try keys.add("new", use: "manifests")
    try keys.change("promote", ["new"])
    let proof = try prove(keys)
    let sound = try check(keys, proof, registry: keys.registry(1))
    #expect(try sound.status == 0 && json(sound)["signers"] == .array(["archive"]), "\(sound.text)\(sound.errorText)")
    try keys.change("revoke", ["archive"], "--compromised-since", "2026-01-02T00:00:00Z")
    let revoked = try check(keys, proof, registry: keys.registry(3))
    #expect(try revoked.status == 65 && problems(revoked).contains("untrusted"), "\(revoked.text)\(revoked.errorText)")
    let refused = try keys.run("audit", "prove", "--manifest", "0", "--row", "3")
    #expect(refused.status == 65 && refused.errorText.contains("untrusted") && refused.text.isEmpty)

    try keys.must(
      "manifest", "countersign", "--all", "--reason", "compared",
      with: ["AUDIT_MANIFEST_SIGNER": "local:" + keys.pem("new")])
    let vouched = try prove(keys)
    let again = try check(keys, vouched, registry: keys.registry(3))
    #expect(try again.status == 0 && json(again)["signers"] == .array(["new"]), "\(again.text)\(again.errorText)")
    // An older registry knows of no theft, and of both keys.
    #expect(try check(keys, vouched, registry: keys.registry(2)).status == 0)
    #expect(try check(keys, vouched, registry: keys.registry(1)).status == 65)
    let whole = try JSONValue(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: vouched))))
    let beside = try #require(whole["countersignature"])
    // What is bent in the countersignature is found as well; each check is a process, so that not all ways are tried.
    let bent = beside.mutations.filter { $0.kind != .moved }
    for mutation in stride(from: 0, to: bent.count, by: max(1, bent.count / 40)).map({ bent[$0] }) {
      let members = (whole.members ?? []).map {
        $0.name == "countersignature" ? JSONValue.Member($0.name, mutation.value) : $0
      }
      let file = keys.fresh("json")
      try Data(JSONValue.object(members).prettyBytes).write(to: URL(fileURLWithPath: file))
      #expect(try check(keys, file, registry: keys.registry(3)).status == 65, "\(mutation.name)")
    }
    let file = keys.fresh("json")
    try Data(JSONValue.object((whole.members ?? []).dropLast()).prettyBytes).write(to: URL(fileURLWithPath: file))
    #expect(try check(keys, file, registry: keys.registry(3)).status == 65)
  }

  @Test("an emergency revocation counts where it is given, a stranger's is refused, and both need a signed registry")
  func emergency() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    let proof = try prove(keys)
    try keys.must(
      "keys", "revoke", "archive", "--compromised-since", "2026-01-02T00:00:00Z", "--emergency", "--reason", "lost",
      "--signer", "local:" + keys.pem("op2"))
    let folder = keys.path("archive/memory-layer/revocations")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
    let file = "\(folder)/\(name)"
    let revoked = try check(keys, proof, registry: keys.registry(1), "--revocation", file)
    #expect(try revoked.status == 65 && problems(revoked).contains("untrusted"), "\(revoked.text)\(revoked.errorText)")

    let document = try SignedDocument(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: file))), .revocation)
    let thief = LocalSigner(
      privateKey: try PrivateKey(pem: [UInt8](Data(contentsOf: URL(fileURLWithPath: keys.pem("thief"))))), kid: "op2")
    let forged = keys.fresh("json")
    try Data(thief.sign(.revocation, document.content).bytes).write(to: URL(fileURLWithPath: forged))
    let refused = try check(keys, proof, registry: keys.registry(1), "--revocation", forged)
    #expect(refused.status == 65 && refused.text.isEmpty && refused.errorText.contains(forged), "\(refused.errorText)")
    #expect(try check(keys, proof, registry: keys.registry(1), "--revocation", keys.fresh("none")).status == 64)
    let plain = try check(keys, proof, registry: Fixtures.path("registry.json"), "--revocation", file)
    #expect(plain.status == 78 && plain.errorText.contains("signed version of the registry"), "\(plain.errorText)")
  }

  @Test("the registry itself must verify, be of the stream, and be the pinned one")
  func pins() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    let proof = try prove(keys)
    let digest = try #require(try json(keys.must("keys", "list", "--json"))["digest"]?.string)
    for (pin, status) in [
      (digest, 0), ("1:\(digest)", 0), ("1", 0), ("2", 65), (String(repeating: "0", count: 64), 65),
    ] {
      #expect(try check(keys, proof, registry: keys.registry(1), pin: pin).status == status, "\(pin)")
    }
    #expect(try check(keys, proof, registry: keys.registry(1), pin: "x").status == 78)
    let plain = keys.fresh("json")
    let listed = try JSONValue(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: keys.registry(1)))))
    let signers = try #require(listed["registry"]?["signers"])
    try Data(JSONValue.object(["signers": signers]).prettyBytes).write(to: URL(fileURLWithPath: plain))
    #expect(try check(keys, proof, registry: plain).status == 0)
    #expect(try check(keys, proof, registry: plain, pin: digest).status == 78)
    // Whoever clears or adds a key in a signed version is found.
    let text = try String(contentsOfFile: keys.registry(1), encoding: .utf8)
    let bent = keys.fresh("json")
    try text.replacing("2026-01-01T00:00:00Z", with: "2025-01-01T00:00:00Z").write(
      toFile: bent, atomically: true, encoding: .utf8)
    let refused = try check(keys, proof, registry: bent)
    #expect(refused.status == 65 && refused.text.isEmpty, "\(refused.text)\(refused.errorText)")
    try keys.must("audit", "archive", "--stream", "other", "--until", "now", with: ["AUDIT_SIGNERS_FILE": plain])
    let other = keys.fresh("json")
    try keys.must(
      "audit", "prove", "--stream", "other", "--manifest", "0", "--row", "0", "--out", other,
      with: ["AUDIT_SIGNERS_FILE": plain])
    let strange = try check(keys, other, registry: keys.registry(1))
    #expect(try strange.status == 65 && problems(strange).contains("of the stream"), "\(strange.text)")
  }
}
