// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

/// The signature of the same digest by others: theirs verifies here, and ours there.
@Suite("Others' signatures")
struct InteropTests {
  private let directory: TemporaryDirectory
  private let message = Array("the canonical form, and a predecessor".utf8)
  private var digest: Digest { SHA256.hash(message) }
  static let hasNode =
    ProcessInfo.processInfo.environment["CI"] != nil || (try? Command.run("node", ["--version"]).status) == 0

  init() throws {
    directory = try TemporaryDirectory("interop")
    try write("digest", digest.bytes)
    try write("message", message)
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: directory(name)))
  }

  private func read(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory(name))))
  }

  private func signer(_ name: String) throws -> LocalSigner {
    if name == "hmac" { return LocalSigner(hmacKey: Array("vector-key".utf8), kid: "k") }
    return LocalSigner(privateKey: try PrivateKey(pem: Fixtures.bytes("chain/\(name).pem")))
  }

  private func run(_ program: String, _ arguments: [String]) throws -> Int32 {
    let output = try Command.run(program, arguments, directory: directory.path)
    if output.status != 0 { print(output.errorText) }
    return output.status
  }

  @Test("openssl(1)", arguments: ["hmac", "rsa", "ed25519"])
  func openssl(name: String) throws {
    let signer = try signer(name)
    let ours = try signer.sign(digest)
    try write("ours", ours)
    if name == "hmac" {
      #expect(
        try run(
          "openssl",
          ["dgst", "-sha256", "-mac", "HMAC", "-macopt", "key:vector-key", "-binary", "-out", "theirs", "digest"])
          == 0)
      #expect(try read("theirs") == ours)
      return
    }
    let option = name == "rsa" ? ["-pkeyopt", "digest:sha256", "-pkeyopt", "rsa_padding_mode:pkcs1"] : ["-rawin"]
    let (key, publicKey) = (Fixtures.path("chain/\(name).pem"), Fixtures.path("chain/\(name).pub.pem"))
    #expect(try run("openssl", ["pkeyutl", "-sign", "-inkey", key, "-in", "digest", "-out", "theirs"] + option) == 0)
    #expect(signer.isValid(try read("theirs"), over: digest))
    let verify = ["pkeyutl", "-verify", "-pubin", "-inkey", publicKey, "-in", "digest", "-sigfile", "ours"] + option
    #expect(try run("openssl", verify) == 0)
    if name == "rsa" {
      // The digest is the message's hash: it is not hashed again.
      #expect(try run("openssl", ["dgst", "-sha256", "-verify", publicKey, "-signature", "ours", "message"]) == 0)
    }
  }

  @Test("Node", .enabled(if: hasNode, "node is not installed"), arguments: ["hmac", "rsa", "ed25519"])
  func node(name: String) throws {
    let signer = try signer(name)
    try write("ours", try signer.sign(digest))
    let script = """
      const crypto = require('crypto'), fs = require('fs');
      const [name, key, publicKey] = process.argv.slice(1);
      const [digest, message, ours] = ['digest', 'message', 'ours'].map(file => fs.readFileSync(file));
      let theirs, good;
      if (name == 'hmac') {
        theirs = crypto.createHmac('sha256', 'vector-key').update(digest).digest();
        good = crypto.timingSafeEqual(theirs, ours);
      } else {
        const [algorithm, signed] = name == 'rsa' ? ['sha256', message] : [null, digest];
        theirs = crypto.sign(algorithm, signed, fs.readFileSync(key));
        good = crypto.verify(algorithm, signed, fs.readFileSync(publicKey), ours);
      }
      fs.writeFileSync('theirs', theirs);
      process.exit(good ? 0 : 1);
      """
    let status = try run(
      "node", ["-e", script, name, Fixtures.path("chain/\(name).pem"), Fixtures.path("chain/\(name).pub.pem")])
    #expect(status == 0)
    #expect(signer.isValid(try read("theirs"), over: digest))
  }
}
