// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Signing
import Testing
import TestSupport

@Suite("Proofs")
struct ProofTests {
  private let digest = SHA256.hash(Array("manifest".utf8))
  private let time = Timestamp("2026-11-23T02:00:00Z")!

  private func entry(_ file: String, _ kid: String, _ algorithm: String) throws -> Proof.Signature {
    Proof.Signature(
      signerID: kid, kid: kid, algorithm: algorithm,
      signature: try PrivateKey(pem: Fixtures.bytes("chain/\(file).pem")).sign(digest))
  }

  private func verdict(_ entries: [Proof.Signature], threshold: Int = 1, policy: Int = 1, _ keys: KeyRing? = nil)
    throws -> ProofVerdict
  {
    try (keys ?? ring()).verify(
      Proof(digest: digest, threshold: threshold, signatures: entries), over: digest, at: time, for: .manifests,
      threshold: policy)
  }

  private func isInvalid(_ verdict: ProofVerdict) -> Bool { if case .invalid = verdict { true } else { false } }

  @Test("threshold, names, algorithms and distinct keys")
  func rules() throws {
    let ed25519 = try entry("ed25519", "vector-ed25519", "ed25519")
    let rsa = try entry("rsa", "vector-rsa", "rsa-sha256")
    #expect(try verdict([ed25519]) == .valid(["vector-ed25519"]))
    #expect(try verdict([ed25519, rsa], threshold: 2) == .valid(["vector-ed25519", "vector-rsa"]))
    #expect(isInvalid(try verdict([ed25519, ed25519], threshold: 2)))
    #expect(isInvalid(try verdict([ed25519], policy: 2)))
    #expect(isInvalid(try verdict([])))
    #expect(isInvalid(try verdict([entry("ed25519", "vector-ed25519", "hmac-sha256")])))
    #expect(isInvalid(try verdict([entry("ed25519", "vector-ed25519", "Ed25519")])))
    #expect(isInvalid(try verdict([entry("rsa", "vector-ed25519", "ed25519")])))
    let torn = Proof.Signature(
      signerID: "vector-rsa", kid: "vector-ed25519", algorithm: "ed25519", signature: ed25519.signature)
    #expect(isInvalid(try verdict([torn])))
    // The sign of kelvin is no K: what is outside the digest could else be bent unseen.
    let named = KeyRing([
      VerificationKey(
        kid: "K", algorithm: .ed25519,
        material: .published(try PublicKey(pem: Fixtures.bytes("chain/ed25519.pub.pem"))))
    ])
    #expect(try verdict([entry("ed25519", "K", "ed25519")], named) == .valid(["K"]))
    guard case .unverifiable = try verdict([entry("ed25519", "\u{212a}", "ed25519")], named) else {
      Issue.record("a key counts under another id")
      return
    }
    let stranger = try entry("ed25519", "stranger", "ed25519")
    #expect(try verdict([stranger]) == .unverifiable("no key at hand for stranger"))
    #expect(try verdict([ed25519, stranger]) == .unverifiable("no key at hand for stranger"))
    #expect(isInvalid(try verdict([stranger, entry("rsa", "vector-ed25519", "ed25519")])))
  }

  @Test(
    "an id is one spelling: signs that Unicode takes for equal are not the same bytes",
    arguments: [("Key-1", "\u{212a}ey-1"), ("cl\u{e9}", "cle\u{301}"), ("\u{c5}", "\u{212b}")])
  func spellings(kid: String, other: String) throws {
    #expect(kid == other)
    let key = VerificationKey(
      kid: kid, algorithm: .ed25519,
      material: .published(try PublicKey(pem: Fixtures.bytes("chain/ed25519.pub.pem"))))
    let keys = KeyRing([key])
    #expect(try verdict([entry("ed25519", kid, "ed25519")], keys) == .valid([kid]))
    #expect(try verdict([entry("ed25519", other, "ed25519")], keys) == .unverifiable("no key at hand for \(other)"))
    let entry = try entry("ed25519", kid, "ed25519")
    let torn = Proof.Signature(signerID: other, kid: kid, algorithm: "ed25519", signature: entry.signature)
    #expect(isInvalid(try verdict([torn], keys)))
  }

  @Test("one public key under two ids counts once")
  func twins() throws {
    let key = VerificationKey(
      kid: "twin", algorithm: .ed25519,
      material: .published(try PublicKey(pem: Fixtures.bytes("chain/ed25519.pub.pem"))))
    let keys = KeyRing(try ring().keys + [key])
    let entries = [try entry("ed25519", "vector-ed25519", "ed25519"), try entry("ed25519", "twin", "ed25519")]
    #expect(try verdict(entries, keys) == .valid(["vector-ed25519"]))
    #expect(isInvalid(try verdict(entries, threshold: 2, keys)))
    #expect(isInvalid(try verdict(entries, policy: 2, keys)))
  }

  @Test("the golden archive's manifests verify; for another use, time or digest they do not")
  func golden() throws {
    for sequence in 0..<4 {
      let name = "golden-archive/memory-layer/manifests/000000000\(sequence).json"
      let document = try SignedDocument(parsing: Fixtures.bytes(name), .manifest)
      let keys = try ring()
      #expect(
        keys.verify(document.proof, over: document.digest, at: time, for: .manifests) == .valid(["vector-ed25519"]))
      #expect(isInvalid(keys.verify(document.proof, over: digest, at: time, for: .manifests)))
      let early = Timestamp("2025-01-01T00:00:00Z")!
      #expect(isInvalid(keys.verify(document.proof, over: document.digest, at: early, for: .manifests)))
      let text = try Fixtures.text("registry.json").replacingOccurrences(
        of: "\"signer_kid\"", with: "\"uses\": [\"events\"], \"signer_kid\"")
      let narrow = try ring([:], text)
      #expect(isInvalid(narrow.verify(document.proof, over: document.digest, at: time, for: .manifests)))
    }
  }
}
