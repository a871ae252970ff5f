// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Foundation
import TestSupport
import Testing

/// A file of Wycheproof, as far as it is read here.
private struct Vectors: Decodable {
  struct Group: Decodable {
    let publicKeyPem: String?
    let tagSize: Int?
    let tests: [Case]
  }

  struct Case: Decodable {
    let tcId: Int
    let comment: String
    let key: String?
    let msg: String
    let sig: String?
    let tag: String?
    let result: String
  }

  let testGroups: [Group]

  static func read(_ name: String) throws -> Vectors {
    try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: Fixtures.url("wycheproof/\(name).json")))
  }
}

private func bytes(_ hex: String) throws -> [UInt8] {
  let digits = Array(hex)
  return try stride(from: 0, to: digits.count, by: 2).map {
    try #require(UInt8(String(digits[$0..<$0 + 2]), radix: 16))
  }
}

@Suite("Wycheproof")
struct WycheproofTests {
  @Test("RSA: paddings, encodings and lengths that are not quite right are refused")
  func rsa() throws {
    var checked = 0
    for group in try Vectors.read("rsa_signature_2048_sha256_test").testGroups {
      let key = try PublicKey(pem: Array(try #require(group.publicKeyPem).utf8))
      for test in group.tests {
        let digest = SHA256.hash(try bytes(test.msg))
        let isValid = key.isValid(try bytes(try #require(test.sig)), over: digest)
        // What some accept, a digest's algorithm without its parameters, is not what the service writes.
        #expect(isValid == (test.result == "valid"), "\(test.tcId): \(test.comment)")
        checked += 1
      }
    }
    #expect(checked == 259)
  }

  @Test("Ed25519 over messages of 32 bytes: the bound of S")
  func ed25519() throws {
    var results: [String] = []
    for group in try Vectors.read("ed25519_test").testGroups {
      let key = try PublicKey(pem: Array(try #require(group.publicKeyPem).utf8))
      for test in group.tests {
        let message = try bytes(test.msg)
        let signature = try bytes(try #require(test.sig))
        if message.count == 32 {
          let isValid = key.isValid(signature, over: message.withUnsafeBytes { Digest($0) })
          #expect(isValid == (test.result == "valid"), "\(test.tcId): \(test.comment)")
          results.append(test.result)
        } else {
          // A signature over any other message is none over a digest, its own least of all.
          #expect(!key.isValid(signature, over: SHA256.hash(message)))
        }
      }
    }
    #expect(results == ["valid", "invalid", "valid"])
  }

  @Test("HMAC-SHA-256 with whole and with bent tags")
  func hmac() throws {
    var checked = 0
    for group in try Vectors.read("hmac_sha256_test").testGroups {
      for test in group.tests {
        let hmac = HMACSHA256(key: try bytes(try #require(test.key)))
        let tag = try bytes(try #require(test.tag))
        let own = try bytes(test.msg).withUnsafeBytes { hmac.authenticate($0) }.bytes
        #expect((Array(own.prefix(tag.count)) == tag) == (test.result == "valid"), "\(test.tcId): \(test.comment)")
        // A tag that was cut is none, however right what is left of it.
        let digest = SHA256.hash([UInt8(test.tcId & 255)])
        let cut = Array(hmac.authenticate(digest).bytes.prefix(tag.count))
        #expect(cut.withUnsafeBytes { hmac.isValid($0, over: digest) } == (tag.count == 32))
        checked += 1
      }
    }
    #expect(checked == 174)
  }

  @Test("an Ed25519 signature with the group's order added to S is another one's, and refused")
  func malleable() throws {
    let order: [UInt8] = [
      0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ]
    let key = try PrivateKey.generateEd25519()
    for number in 0..<32 {
      let digest = SHA256.hash([UInt8(number)])
      var signature = try key.sign(digest)
      #expect(key.publicKey.isValid(signature, over: digest))
      var carry = 0
      for place in 0..<32 {
        let sum = Int(signature[32 + place]) + Int(order[place]) + carry
        signature[32 + place] = UInt8(sum & 255)
        carry = sum >> 8
      }
      #expect(!key.publicKey.isValid(signature, over: digest))
    }
    let digest = SHA256.hash([])
    #expect(!key.publicKey.isValid(Array(repeating: 0, count: 64), over: digest))
    // R and S of the neutral element, which some libraries accept for weak keys.
    #expect(!key.publicKey.isValid([1] + Array(repeating: 0, count: 63), over: digest))
  }
}
