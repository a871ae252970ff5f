// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Testing

@Suite("Ed25519 keys of small order")
struct SmallOrderTests {
  /// The y of each, little-endian: those of order 1, 2, 4, 8 and 8, then the two of them that are written as y + p.
  private static let ys = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ]

  private static func der(_ point: [UInt8]) -> [UInt8] {
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00] + point
  }

  @Test("each encoding is refused, with either sign of x", arguments: ys, [0, 0x80] as [UInt8])
  func refused(hex: String, sign: UInt8) throws {
    var point = try #require(Digest(hex: hex)).bytes
    point[31] |= sign
    #expect(throws: KeyError.smallOrder) { try PublicKey(der: Self.der(point)) }
    let pem = "-----BEGIN PUBLIC KEY-----\n\(Base64.encode(Self.der(point)))\n-----END PUBLIC KEY-----\n"
    #expect(throws: KeyError.smallOrder) { try PublicKey(pem: Array(pem.utf8)) }
  }

  @Test("any other key is taken")
  func others() throws {
    for _ in 0..<20 {
      let key = try PrivateKey.generateEd25519().publicKey
      #expect(try PublicKey(der: key.der).fingerprint == key.fingerprint)
    }
  }
}
