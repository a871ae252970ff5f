// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Signing
import Testing
import TestSupport

@Suite("The life of a registered key")
struct KeyStandingTests {
  private let digest = SHA256.hash(Array("row".utf8))

  /// The registry with members added to the Ed25519 key's entry.
  private func registry(_ members: String) throws -> String {
    try Fixtures.text("registry.json").replacingOccurrences(
      of: "\"signer_kid\": \"vector-ed25519\"", with: "\(members), \"signer_kid\": \"vector-ed25519\"")
  }

  private struct Verdicts: Equatable {
    var manifest: Bool
    var row: SignatureVerdict
  }

  /// What the key's signatures over a manifest and a row of that time are worth.
  private func verdicts(_ members: String, at text: String) throws -> Verdicts {
    let keys = try ring([:], registry(members))
    let time = try #require(Timestamp(text))
    let signature = try PrivateKey(pem: Fixtures.bytes("chain/ed25519.pem")).sign(digest)
    let entry = Proof.Signature(
      signerID: "vector-ed25519", kid: "vector-ed25519", algorithm: "ed25519", signature: signature)
    let proof = Proof(digest: digest, threshold: 1, signatures: [entry])
    var checker = RowSignatureChecker(keys, .all)
    return Verdicts(
      manifest: keys.verify(proof, over: digest, at: time, for: .manifests) == .valid(["vector-ed25519"]),
      row: checker.check(Base64.encode(signature), digest, at: time, by: "vector-ed25519"))
  }

  @Test(
    "which signatures count",
    arguments: [
      (#""status": "active""#, "2026-06-01T00:00:00Z", true),
      (#""status": "candidate""#, "2026-06-01T00:00:00Z", false),
      (#""status": "retired", "retiredAt": "2026-06-01T00:00:00Z""#, "2026-06-01T00:00:00Z", true),
      (#""status": "retired", "retiredAt": "2026-06-01T00:00:00Z""#, "2026-06-01T00:00:01Z", false),
      (#""retiredAt": "2026-06-01T00:00:00Z""#, "2026-06-01T00:00:01Z", false),
      (#""retiredAt": "2026-06-01T00:00:00Z", "notAfter": "2026-05-01T00:00:00Z""#, "2026-05-01T00:00:01Z", false),
      (#""status": "revoked", "revokedAt": "2026-06-01T00:00:00Z""#, "2026-05-31T23:59:59Z", true),
      (#""status": "revoked", "revokedAt": "2026-06-01T00:00:00Z""#, "2026-06-01T00:00:00Z", false),
      (#""revokedAt": "2026-06-01T00:00:00Z""#, "2026-06-01T00:00:00Z", false),
      (
        #""revokedAt": "2026-06-01T00:00:00Z", "compromisedSince": "2026-03-01T00:00:00Z""#, "2026-03-01T00:00:00Z",
        false
      ),
      (#""compromisedSince": "2026-03-01T00:00:00Z""#, "2026-02-28T23:59:59Z", true),
      (
        #""status": "retired", "retiredAt": "2026-06-01T00:00:00Z", "compromisedSince": "2025-01-01T00:00:00Z""#,
        "2026-02-01T00:00:00Z", false
      ),
    ])
  func counting(members: String, time: String, counts: Bool) throws {
    // What a revoked key signed is told apart from what nobody did.
    let isUntrusted = !counts && (members.contains("revokedAt") || members.contains("compromisedSince"))
    #expect(
      try verdicts(members, at: time)
        == Verdicts(manifest: counts, row: counts ? .valid : isUntrusted ? .untrusted : .invalid))
  }

  @Test(
    "a registry that leaves open since when is refused, and names the key",
    arguments: [
      #""status": "revoked""#, #""status": "retired""#, #""status": "lost""#, #""status": 1"#,
      #""revokedAt": "yesterday""#, #""compromisedSince": 7"#,
    ])
  func open(members: String) throws {
    let text = try registry(members)
    let failure = #expect(throws: Failure.self) { try KeyRegistry(parsing: Array(text.utf8), name: "signers.json") }
    #expect(failure?.status == .configuration && failure?.problem.contains("vector-ed25519") == true)
  }

  @Test("nobody signs with a key whose signature would not count")
  func signing() throws {
    let signer = LocalSigner(
      privateKey: try PrivateKey(pem: Fixtures.bytes("chain/ed25519.pem")), kid: "vector-ed25519")
    func refusal(_ members: String) throws -> Failure? {
      let registry = try KeyRegistry(parsing: Array(registry(members).utf8), name: "signers.json")
      do throws(Failure) { try registry.refuse(signer, for: .manifests, at: .now()) } catch { return error }
      return nil
    }
    #expect(try refusal(#""status": "active""#) == nil)
    #expect(try refusal(#""status": "candidate""#)?.status == .configuration)
    #expect(try refusal(#""revokedAt": "2026-02-01T00:00:00Z""#)?.problem.contains("revoked since") == true)
    #expect(try refusal(#""uses": ["events"]"#)?.problem.contains("may not sign manifests") == true)
  }

  @Test("a proof that lists one key twice is refused")
  func twice() throws {
    let signature = try PrivateKey(pem: Fixtures.bytes("chain/ed25519.pem")).sign(digest)
    let entry = Proof.Signature(
      signerID: "vector-ed25519", kid: "vector-ed25519", algorithm: "ed25519", signature: signature)
    let verdict = try ring([:]).verify(
      Proof(digest: digest, threshold: 1, signatures: [entry, entry]), over: digest,
      at: Timestamp("2026-06-01T00:00:00Z")!, for: .manifests)
    #expect(verdict == .invalid("it lists \"vector-ed25519\" twice"))
  }

  private static let builtIn = "mock-local-signing-key-do-not-use-in-prod"
  private static var hex: String {
    builtIn.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  @Test(
    "the mock's built-in key is no key where signing is demanded, in whatever form",
    arguments: [
      ["MOCK_AUDIT_SIGNING_KEY": builtIn], ["MOCK_AUDIT_SIGNING_KEY": hex],
      ["MOCK_AUDIT_SIGNING_KEY": hex.uppercased()], ["MOCK_AUDIT_SIGNING_KEY": builtIn + "\n"],
      ["MOCK_AUDIT_SIGNING_KEY": hex, "AUDIT_MANIFEST_SIGNER": "mock"],
      ["AUDIT_SIGNING_KEY": builtIn], ["AUDIT_SIGNING_SECRET": builtIn], ["AUDIT_SIGNING_KEY": hex],
      ["AUDIT_SIGNING_KEY": "sound", "AUDIT_SIGNING_SECRET": builtIn],
    ])
  func mock(variables: [String: String]) throws {
    for demand in [["REQUIRE_KMS": "true"], ["NODE_ENV": "production"]] {
      let environment = Environment(variables.merging(demand) { a, _ in a })
      let failure = #expect(throws: Failure.self) { try SignerChoice.manifests(environment, registry: nil) }
      #expect(failure?.status == .configuration)
      #expect(failure?.description.contains(Self.builtIn) == false)
      let keys = try? KeyRing(environment, registry: nil).keys
      #expect(keys?.isEmpty ?? true)
    }
    #expect(throws: Never.self) { try SignerChoice.manifests(Environment(variables), registry: nil) }
  }
}
