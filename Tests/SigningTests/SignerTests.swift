// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Signing
import Testing
import TestSupport

@Suite("Signers")
struct SignerTests {
  private func choose(_ variables: [String: String]) throws -> (any Signer)? {
    try SignerChoice.events(Environment(variables), registry: nil)
  }

  @Test("mock, else local")
  func order() throws {
    let pem = try Fixtures.text("chain/ed25519.pem")
    let local = ["AUDIT_SIGNING_PRIVATE_KEY": pem.replacingOccurrences(of: "\n", with: "\\n")]
    #expect(try choose([:]) == nil)
    #expect(try choose(local)?.description.algorithm == .ed25519)
    #expect(try choose(local.merging(["AUDIT_SIGNING_KEY": "k"]) { a, _ in a })?.description.kid == "local-hmac")
    let asked = ["AUDIT_SIGNING_KEY": "k", "AUDIT_SIGNING_ALG": "ed25519"]
    #expect(try choose(local.merging(asked) { a, _ in a })?.description.algorithm == .ed25519)
    #expect(try choose(local.merging(["MOCK_AUDIT_SIGNING_KEY": "k"]) { a, _ in a })?.description.kid == "mock")
    for (key, algorithm) in [("AUDIT_SIGNING_KEY", "rsa"), ("AUDIT_SIGNING_KEY", "dsa")] {
      let failure = #expect(throws: Failure.self) { try choose([key: "k", "AUDIT_SIGNING_ALG": algorithm]) }
      #expect(failure?.object == "AUDIT_SIGNING_ALG")
    }
  }

  @Test(
    "where signing is demanded, nothing and the built-in mock are no signers",
    arguments: [
      ["NODE_ENV": "production"], ["REQUIRE_KMS": "true"], ["REQUIRE_KMS": "true", "NODE_ENV": "development"],
      ["NODE_ENV": "production", "MOCK_AUDIT_SIGNING_KEY": "mock-local-signing-key-do-not-use-in-prod"],
      ["NODE_ENV": "production", "AUDIT_MANIFEST_SIGNER": "mock"],
    ])
  func demanded(variables: [String: String]) throws {
    let environment = Environment(variables)
    let failure = #expect(throws: Failure.self) { try SignerChoice.manifests(environment, registry: nil) }
    #expect(failure?.problem == "Audit signing is required but no signer is configured")
    #expect(failure?.status == .configuration)
    #expect(failure?.remedy?.contains("AUDIT_SIGNING_KMS_KEY_ID") == true)
    #expect(try KeyRing(environment, registry: nil).keys.isEmpty)
  }

  @Test("a local key in production is for emergencies")
  func emergency() throws {
    let environment = Environment(["NODE_ENV": "production", "AUDIT_SIGNING_KEY": "k"])
    let signer = try #require(try SignerChoice.events(environment, registry: nil))
    #expect(try SignerChoice.warning(environment, signer)?.contains("emergencies only") == true)
    #expect(try SignerChoice.warning(Environment(["AUDIT_SIGNING_KEY": "k"]), signer) == nil)
  }

  @Test(
    "specs",
    arguments: [
      "kms:alias/audit", "kms:arn:aws:kms:eu-west-1:111122223333:key/1234", "proxy:https://signer:8081/x", "mock",
      "proxy:https://[2001:db8::7]:8443", "proxy:http://[::1]:8081/base",
      "kms:arn:aws:kms:eu-west-1:111122223333:key/1234:ed25519", "local:/etc/keys/a:b.pem",
    ])
  func specs(text: String) throws {
    #expect(try #require(SignerSpec(text)).description == text)
  }

  @Test("what is no spec", arguments: ["", "kms", "kms:", "kms::rsa", "local:", "proxy:", "mock:", "file:/x"])
  func noSpecs(text: String) { #expect(SignerSpec(text) == nil) }

  @Test("secrets from files")
  func files() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("secrets-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func value(_ content: [UInt8]) throws -> String? {
      let file = folder.appendingPathComponent("secret")
      try Data(content).write(to: file)
      return try Environment(["KEY_FILE": file.path]).value("KEY")
    }
    #expect(try value(Array("secret\n".utf8)) == "secret")
    #expect(try value(Array("secret\n\n".utf8)) == "secret\n")
    #expect(throws: Failure.self) { try value([]) }
    #expect(throws: Failure.self) { try value([0x0a]) }
    #expect(throws: Failure.self) { try value([0xff, 0xfe]) }
    #expect(throws: Failure.self) { try Environment(["KEY": "a", "KEY_FILE": "/x"]).value("KEY") }
    let failure = #expect(throws: Failure.self) { try Environment(["KEY_FILE": "/nonexistent"]).value("KEY") }
    #expect(failure?.object == "KEY_FILE" && failure?.status == .configuration)
  }

  @Test(
    "registries that do not hold together",
    arguments: [
      ("\"signer_kid\": \"vector-rsa\"", "\"signer_kid\": \"vector-ed25519\""), ("rsa-sha256", "ed25519"),
      ("BEGIN PUBLIC KEY-----\\nMCow", "BEGIN PUBLIC KEY-----\\nMCox"), ("rsa-sha256", "dsa"),
      ("2026-01-01T00:00:00Z", "yesterday"), ("\"signers\"", "\"keys\""),
    ])
  func registries(old: String, new: String) throws {
    let text = try Fixtures.text("registry.json").replacingOccurrences(of: old, with: new)
    let failure = #expect(throws: Failure.self) { try KeyRegistry(parsing: Array(text.utf8), name: "signers.json") }
    #expect(failure?.status == .configuration && failure?.object == "signers.json")
  }

  @Test("a key of the environment goes by the registry's id where that lists it")
  func ids() throws {
    let variables = ["AUDIT_SIGNING_PUBLIC_KEY": try Fixtures.text("chain/ed25519.pub.pem")]
    #expect(try ring(variables).keys.map(\.kid) == ["vector-ed25519", "vector-rsa"])
    let alone = try KeyRing(Environment(variables), registry: nil).keys
    #expect(alone.count == 1 && alone[0].kid.wholeMatch(of: /local-ed25519-[0-9a-f]{16}/) != nil)
  }
}
