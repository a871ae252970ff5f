// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Signing
import Synchronization
import TestSupport
import Testing

/// A service of a test's own that keeps an HMAC key.
final class FakeService: ServiceSigner {
  let description: SignerDescription
  let signatureLength = 32
  private let hmac: HMACSHA256
  private let asked = Mutex(0)

  init(_ kid: String, key: String) {
    description = SignerDescription(backend: "kms", kid: kid, algorithm: .hmacSHA256, publicKey: nil)
    hmac = HMACSHA256(key: Array(key.utf8))
  }

  var calls: Int { asked.withLock { $0 } }

  func sign(_ digest: Digest) -> [UInt8] { hmac.authenticate(digest).bytes }

  func isValid(_ signature: [UInt8], over digest: Digest) -> Bool {
    asked.withLock { $0 += 1 }
    return signature.withUnsafeBytes { hmac.isValid($0, over: digest) }
  }

  func probe() -> SignerHealth { SignerHealth(isUsable: true, latency: .zero, detail: "") }
}

@Suite("Rows whose key a service keeps")
struct KeptKeyTests {
  private let digest = SHA256.hash(Array("row".utf8))
  private let service = FakeService("kept", key: "kept-key")
  private let time = Timestamp("2026-06-01T00:00:00Z")!

  private func key(_ service: FakeService, from start: String = "2026-01-01T00:00:00Z", uses: Set<KeyUse> = [.events])
    throws -> VerificationKey
  {
    VerificationKey(
      kid: service.description.kid, algorithm: .hmacSHA256, material: .kept(service),
      validity: try #require(Timestamp(start)) ... .distantFuture, uses: uses)
  }

  private func verdict(_ keys: [VerificationKey], _ signature: [UInt8], by kid: String? = nil) throws
    -> SignatureVerdict
  {
    var checker = RowSignatureChecker(KeyRing(keys), .all)
    let verdict = checker.check(Base64.encode(signature), digest, at: time, by: kid)
    return verdict == .deferred ? try #require(try checker.settle().first) : verdict
  }

  @Test("keys at hand go first, and what they verify is asked of nobody")
  func localFirst() throws {
    let own = VerificationKey(
      kid: "own", algorithm: .hmacSHA256, material: .shared(HMACSHA256(key: Array("own-key".utf8))))
    let mac = HMACSHA256(key: Array("own-key".utf8)).authenticate(digest).bytes
    let keys = [own, try key(service)]
    #expect(try verdict(keys, mac) == .valid && service.calls == 0)
    #expect(try verdict(keys, service.sign(digest)) == .valid && service.calls == 1)
    #expect(try verdict(keys, Array(repeating: 7, count: 32)) == .invalid && service.calls == 2)
    // A row that names a key is that key's alone.
    #expect(try verdict(keys, service.sign(digest), by: "own") == .invalid && service.calls == 2)
    #expect(try verdict(keys, mac, by: "kept") == .invalid && service.calls == 3)
    #expect(try verdict(keys, service.sign(digest), by: "kept") == .valid && service.calls == 4)
  }

  @Test("what cannot be the service's is not asked: other lengths, times and uses")
  func unasked() throws {
    let signature = service.sign(digest)
    #expect(try verdict([key(service)], Array(repeating: 7, count: 64)) == .unverifiable)
    #expect(try verdict([key(service)], Array(repeating: 7, count: 64), by: "kept") == .invalid)
    #expect(try verdict([key(service, from: "2026-07-01T00:00:00Z")], signature) == .invalid)
    #expect(try verdict([key(service, from: "2026-07-01T00:00:00Z")], signature, by: "kept") == .invalid)
    #expect(try verdict([key(service, uses: [.manifests])], signature) == .unverifiable)
    #expect(try verdict([key(service, uses: [.manifests])], signature, by: "kept") == .invalid)
    #expect(service.calls == 0)
  }

  @Test("one of several services is enough; verdicts come in the order of the rows")
  func several() throws {
    let other = FakeService("other", key: "other-key")
    let digests = (0..<300).map { SHA256.hash([UInt8($0 & 255), UInt8($0 >> 8)]) }
    var checker = RowSignatureChecker(KeyRing([try key(service), try key(other)]), .all)
    for (index, digest) in digests.enumerated() {
      let mac =
        switch index % 3 {
        case 0: service.sign(digest)
        case 1: other.sign(digest)
        default: Array(repeating: UInt8(index & 255), count: 32)
        }
      #expect(checker.check(Base64.encode(mac), digest, at: time) == .deferred)
    }
    #expect(try checker.settle() == digests.indices.map { $0 % 3 == 2 ? .invalid : .valid })
    #expect(try checker.settle().isEmpty)
  }

  @Test("proofs by a key that a service keeps")
  func proofs() throws {
    let ring = KeyRing([]).adding(service)
    #expect(ring.keys.map(\.kid) == ["kept"] && ring.adding(service).keys.count == 1)
    let document = try service.sign(.manifest, .object(["format": .string("audit-archive/v1")]))
    #expect(ring.verify(document.proof, over: document.digest, at: time, for: .manifests) == .valid(["kept"]))
    let bent = Proof.Signature(
      signerID: "kept", kid: "kept", algorithm: "hmac-sha256", signature: Array(repeating: 7, count: 32))
    let proof = Proof(digest: document.digest, threshold: 1, signatures: [bent])
    #expect(
      ring.verify(proof, over: document.digest, at: time, for: .manifests)
        == .invalid("the signature of \"kept\" does not verify"))
  }
}
