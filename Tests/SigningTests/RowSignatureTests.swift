// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Signing
import Testing
import TestSupport

func ring(_ variables: [String: String] = ["AUDIT_SIGNING_KEY": "vector-key"], _ registry: String? = nil) throws
  -> KeyRing
{
  let bytes = try registry.map { Array($0.utf8) } ?? Fixtures.bytes("registry.json")
  return try KeyRing(Environment(variables), registry: KeyRegistry(parsing: bytes, name: "registry"))
}

extension RowSignatureChecker {
  mutating func check(_ text: String?, _ digest: Digest, at time: Timestamp = .now(), by kid: String? = nil)
    -> SignatureVerdict
  {
    let id = kid.map { Array($0.utf8) }
    func run(_ signature: UnsafeRawBufferPointer?) -> SignatureVerdict {
      guard let id else { return check(signature, over: digest, createdAt: time, signerID: nil) }
      return id.withUnsafeBytes { check(signature, over: digest, createdAt: time, signerID: $0) }
    }
    guard let text else { return run(nil) }
    return Array(text.utf8).withUnsafeBytes { run($0) }
  }
}

@Suite("Signatures of rows")
struct RowSignatureTests {
  private let digest = SHA256.hash(Array("row".utf8))

  @Test("the vectors' rows", arguments: ["clean-hmac", "clean-ed25519", "clean-rsa", "broken-sig"])
  func vectors(name: String) throws {
    var checker = RowSignatureChecker(try ring(), .all)
    var counts: [SignatureVerdict: Int] = [:]
    let lines = try Fixtures.bytes("chain/\(name).tsv").split(separator: 0x0a)
    for line in lines {
      let fields = line.split(separator: 0x09, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
      }
      counts[checker.check(fields[7], try #require(Digest(hex: fields[5]))), default: 0] += 1
    }
    let wrong = name == "broken-sig" ? 1 : 0
    #expect(counts[.valid] == lines.count - wrong)
    #expect(counts[.invalid] ?? 0 == wrong)
  }

  @Test("verdicts")
  func verdicts() throws {
    let ed25519 = LocalSigner(privateKey: try PrivateKey(pem: Fixtures.bytes("chain/ed25519.pem")))
    let sound = Base64.encode(try ed25519.sign(digest))
    let mac = Base64.encode(HMACSHA256(key: Array("vector-key".utf8)).authenticate(digest).bytes)
    var checker = RowSignatureChecker(try ring(), .all)
    #expect(checker.check(nil, digest) == .unsigned)
    #expect(checker.check(sound, digest) == .valid)
    #expect(checker.check(sound, SHA256.hash([])) == .invalid)
    #expect(checker.check(String(sound.dropLast()), digest) == .invalid)
    #expect(checker.check(sound + "\n", digest) == .invalid)
    // Not a signature of any kind: no missing key excuses it.
    #expect(checker.check("", digest) == .invalid)
    #expect(checker.check("Zm9v", digest) == .invalid)
    // A named key is the only one that counts; an unknown name leaves it to the others.
    #expect(checker.check(sound, digest, by: "vector-ed25519") == .valid)
    #expect(checker.check(sound, digest, by: "vector-rsa") == .invalid)
    #expect(checker.check(mac, digest, by: "vector-ed25519") == .invalid)
    #expect(checker.check(mac, digest, by: "local-hmac") == .valid)
    #expect(checker.check(sound, digest, by: "somebody") == .valid)
    // Before the key was deployed.
    #expect(checker.check(sound, digest, at: Timestamp("2025-12-31T23:59:59Z")!) == .invalid)
    // No key of that kind at hand.
    var poor = RowSignatureChecker(try ring([:]), .all)
    #expect(poor.check(mac, digest) == .unverifiable)
    #expect(poor.check(Base64.encode(Array(repeating: 1, count: 256)), digest) == .unverifiable)
    #expect(poor.check(Base64.encode(Array(repeating: 1, count: 384)), digest) == .invalid)
    var none = RowSignatureChecker(try ring(), .none)
    #expect(none.check("nonsense", digest) == .skipped)
  }

  @Test("a key that is not for events signs none, named or not")
  func uses() throws {
    let text = try Fixtures.text("registry.json").replacingOccurrences(
      of: "\"signer_kid\": \"vector-ed25519\"", with: "\"uses\": [\"manifests\"], \"signer_kid\": \"vector-ed25519\"")
    let sound = Base64.encode(try PrivateKey(pem: Fixtures.bytes("chain/ed25519.pem")).sign(digest))
    let mac = Base64.encode(HMACSHA256(key: Array("vector-key".utf8)).authenticate(digest).bytes)
    var checker = RowSignatureChecker(try ring(["AUDIT_SIGNING_KEY": "vector-key"], text), .all)
    #expect(checker.check(sound, digest) == .unverifiable)
    #expect(checker.check(sound, digest, by: "vector-ed25519") == .invalid)
    #expect(checker.check(mac, digest, by: "vector-ed25519") == .invalid)
  }

  @Test("a sample is chosen by the rows' hashes alone")
  func sample() throws {
    var first = RowSignatureChecker(try ring(), .sample(4))
    var second = RowSignatureChecker(try ring(), .sample(4))
    let digests = (0..<4000).map { SHA256.hash(Array("\($0)".utf8)) }
    let verdicts = digests.map { first.check("Zm9v", $0) }
    #expect(digests.map { second.check("Zm9v", $0) } == verdicts)
    #expect((800...1200).contains(verdicts.count { $0 == .invalid }))
  }
}
