// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography

extension Forger {
  /// Other spellings of the signatures themselves, which the digest does not cover.
  public func signatures(_ body: (Objects, String) -> Void) throws {
    for key in keys {
      guard let kind = Self.documentKind(key) else { continue }
      let document = try SignedDocument(parsing: bytes(key), kind)
      let proof = document.proof
      func tell(_ name: String, _ threshold: Int, _ signatures: [Proof.Signature]) {
        let changed = Proof(digest: proof.digest, threshold: threshold, signatures: signatures)
        body(with(key, SignedDocument(kind, document.content, proof: changed).bytes), "\(key) \(name)")
      }
      for index in proof.signatures.indices {
        for (name, entry) in proof.signatures[index].others {
          var changed = proof.signatures
          changed[index] = entry
          tell("signature \(index) \(name)", proof.threshold, changed)
          tell("signature \(index) \(name), added", proof.threshold, proof.signatures + [entry])
        }
        var fewer = proof.signatures
        fewer.remove(at: index)
        for threshold in 0...3 { tell("without signature \(index), threshold \(threshold)", threshold, fewer) }
        tell("signature \(index) twice", proof.threshold, proof.signatures + [proof.signatures[index]])
      }
      for threshold in [0, 1, 3, 4] { tell("threshold \(threshold)", threshold, proof.signatures) }
      tell("in the other order", proof.threshold, proof.signatures.reversed())
    }
  }

  /// Whether two versions of a document differ in their layout alone.
  static func isLayout(_ versions: [[UInt8]?], _ known: [[UInt8]?]?) -> Bool {
    guard let new = versions[0], let old = known?[0], let value = try? JSONValue(parsing: new) else { return false }
    return (try? JSONValue(parsing: old)) == value
  }
}

extension Proof.Signature {
  /// The same signature in other words.
  fileprivate var others: [(String, Proof.Signature)] {
    func with(_ bytes: [UInt8], kid: String? = nil, signer: String? = nil, by name: String? = nil) -> Self {
      Self(signerID: signer ?? signerID, kid: kid ?? self.kid, algorithm: name ?? algorithm, signature: bytes)
    }
    return [
      // S and S + L are one number to a careless verifier.
      ("with S + L", with(Array(signature[..<32]) + Self.addingOrder(Array(signature[32...])))),
      (
        "with the sign of R turned",
        with(signature.enumerated().map { $0.offset == 31 ? $0.element ^ 0x80 : $0.element })
      ),
      ("of zeros", with([UInt8](repeating: 0, count: 64))),
      ("of the neutral point", with([1] + [UInt8](repeating: 0, count: 63))),
      ("cut", with(signature.dropLast())), ("and a byte", with(signature + [0])), ("empty", with([])),
      ("of the events' key", with(signature, kid: "events", signer: "events")),
      ("of an operator", with(signature, kid: "op1", signer: "op1")),
      ("of another signer's id", with(signature, signer: "op1")),
      ("in capitals", with(signature, kid: kid.uppercased())),
      ("by rsa", with(signature, by: "rsa-sha256")), ("by hmac", with(signature, by: "hmac-sha256")),
      ("by Ed25519", with(signature, by: "Ed25519")),
      ("by the shared secret", with(signature, kid: "local-hmac", signer: "local-hmac", by: "hmac-sha256")),
    ]
  }

  /// S + L, little-endian, where L is the order of the curve's group (RFC 8032, section 5.1).
  private static func addingOrder(_ scalar: [UInt8]) -> [UInt8] {
    let order: [UInt8] =
      [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14]
      + [UInt8](repeating: 0, count: 15) + [0x10]
    var carry = 0
    return zip(scalar, order).map { a, b in
      let sum = Int(a) + Int(b) + carry
      carry = sum >> 8
      return UInt8(sum & 0xff)
    }
  }
}
