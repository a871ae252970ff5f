// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Foundation
import Testing
import TestSupport

private func bytes(_ hex: String) -> [UInt8] {
  let digits = Array(hex)
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0..<$0 + 2]), radix: 16)! }
}

/// Runs openssl and returns its output; nil when it fails.
func openssl(_ arguments: [String], in folder: URL) throws -> String? {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["openssl"] + arguments
  process.currentDirectoryURL = folder
  let output = Pipe()
  process.standardOutput = output
  process.standardError = FileHandle.nullDevice
  process.standardInput = FileHandle.nullDevice
  try process.run()
  let text = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return process.terminationStatus == 0 ? String(decoding: text, as: UTF8.self) : nil
}

func withFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}

@Suite("Keys")
struct KeyTests {
  private let digest = SHA256.hash(Array("event".utf8))

  @Test(
    "HMAC-SHA-256 of RFC 4231",
    arguments: [
      (
        String(repeating: "0b", count: 20), "4869205468657265",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        String(repeating: "aa", count: 20), String(repeating: "dd", count: 50),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
      ),
      (
        String(repeating: "aa", count: 131),
        "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
    ])
  func hmac(key: String, message: String, mac: String) {
    let hmac = HMACSHA256(key: bytes(key))
    #expect(bytes(message).withUnsafeBytes { hmac.authenticate($0) }.hex == mac)
  }

  @Test("keys made here sign, verify, survive PEM, and agree with openssl", arguments: [true, false])
  func roundTrip(isRSA: Bool) throws {
    let made = isRSA ? try PrivateKey.generateRSA(bits: 2048) : try PrivateKey.generateEd25519()
    let key = try PrivateKey(pem: Array(made.pem.utf8))
    let publicKey = try PublicKey(pem: Array(made.publicKey.pem.utf8))
    #expect(publicKey.fingerprint == key.publicKey.fingerprint)
    let signature = try key.sign(digest)
    #expect(signature.count == (isRSA ? 256 : 64))
    #expect(publicKey.isValid(signature, over: digest))
    #expect(!publicKey.isValid(signature, over: SHA256.hash(digest.bytes)))
    #expect(!publicKey.isValid(Array(signature.dropLast()), over: digest))
    #expect(!publicKey.isValid(signature + [0], over: digest))
    for place in stride(from: 0, to: signature.count, by: 7) {
      var bent = signature
      bent[place] ^= 0x10
      #expect(!publicKey.isValid(bent, over: digest))
    }
    try withFolder { folder in
      try Data(made.publicKey.pem.utf8).write(to: folder.appendingPathComponent("pub.pem"))
      try Data(digest.bytes).write(to: folder.appendingPathComponent("digest"))
      try Data(signature).write(to: folder.appendingPathComponent("signature"))
      let kind = isRSA ? ["-pkeyopt", "digest:sha256", "-pkeyopt", "rsa_padding_mode:pkcs1"] : ["-rawin"]
      let output = try openssl(
        ["pkeyutl", "-verify", "-pubin", "-inkey", "pub.pem", "-in", "digest", "-sigfile", "signature"] + kind,
        in: folder)
      #expect(output?.contains("Verified Successfully") == true)
    }
  }

  @Test("keys in openssl's forms: PKCS#1, encrypted PKCS#8; weak and foreign ones are refused")
  func forms() throws {
    try withFolder { folder in
      func made(_ arguments: String) throws -> [UInt8] {
        _ = try #require(try openssl(arguments.split(separator: " ").map(String.init), in: folder))
        return [UInt8](
          try Data(contentsOf: folder.appendingPathComponent(String(arguments.split(separator: " ").last!))))
      }
      let rsa = Fixtures.path("chain/rsa.pem")
      let plain = try PrivateKey(pem: Fixtures.bytes("chain/rsa.pem"))
      let pkcs1 = try PrivateKey(pem: made("rsa -traditional -in \(rsa) -out pkcs1.pem"))
      #expect(pkcs1.publicKey.fingerprint == plain.publicKey.fingerprint)
      let encrypted = try made("pkcs8 -topk8 -v2 aes256 -passout pass:open-sesame -in \(rsa) -out secret.pem")
      #expect(try PrivateKey(pem: encrypted, passphrase: Array("open-sesame".utf8)).kind == .rsa(modulusBytes: 384))
      #expect(throws: KeyError.wrongPassphrase) { try PrivateKey(pem: encrypted) }
      #expect(throws: KeyError.wrongPassphrase) { try PrivateKey(pem: encrypted, passphrase: Array("no".utf8)) }
      let weak = try made("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.pem")
      #expect(throws: KeyError.weak(bits: 1024)) { try PrivateKey(pem: weak) }
      let curve = try made("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out curve.pem")
      #expect(throws: KeyError.unsupported("EC")) { try PrivateKey(pem: curve) }
      let agreement = try made("genpkey -algorithm X25519 -out agreement.pem")
      #expect(throws: KeyError.unsupported("X25519")) { try PrivateKey(pem: agreement) }
    }
    #expect(throws: KeyError.notPEM) { try PublicKey(pem: []) }
    #expect(throws: KeyError.notPEM) { try PublicKey(pem: Array("nonsense".utf8)) }
    #expect(throws: KeyError.notPEM) { try PublicKey(pem: Fixtures.bytes("chain/ed25519.pem")) }
    #expect(throws: KeyError.notPEM) { try PrivateKey(pem: Fixtures.bytes("chain/ed25519.pub.pem")) }
  }

  @Test("public keys in DER: just that form, and nothing behind it")
  func der() throws {
    for name in ["ed25519", "rsa"] {
      let key = try PublicKey(pem: Fixtures.bytes("chain/\(name).pub.pem"))
      #expect(try PublicKey(der: key.der).fingerprint == key.fingerprint)
      #expect(throws: KeyError.notDER) { try PublicKey(der: key.der + [0]) }
      #expect(throws: KeyError.notDER) { try PublicKey(der: Array(key.der.dropLast())) }
    }
    #expect(throws: KeyError.self) { try PublicKey(der: []) }
    #expect(throws: KeyError.notDER) { try PublicKey(der: Fixtures.bytes("chain/rsa.pub.pem")) }
  }

  @Test("one key verifies on many threads at once")
  func threads() throws {
    let key = try PublicKey(pem: Fixtures.bytes("chain/rsa.pub.pem"))
    let signature = try PrivateKey(pem: Fixtures.bytes("chain/rsa.pem")).sign(digest)
    let digest = digest
    DispatchQueue.concurrentPerform(iterations: 200) { index in
      #expect(key.isValid(signature, over: index % 2 == 0 ? digest : SHA256.hash(digest.bytes)) == (index % 2 == 0))
    }
  }
}
