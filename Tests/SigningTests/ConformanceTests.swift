// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

extension RowSignatureChecker {
  /// What a look at one row finds, services asked.
  mutating func settled(_ signature: [UInt8], _ digest: Digest, by kid: String? = nil) throws -> SignatureVerdict {
    let verdict = check(Base64.encode(signature), digest, by: kid)
    return verdict == .deferred ? try #require(try settle().first) : verdict
  }
}

/// What every backend has to pass.
func conforms(_ signer: any Signer, _ keys: KeyRing) throws {
  let digest = SHA256.hash(Array("conformance".utf8))
  let signature = try signer.sign(digest)
  #expect(try signer.isValid(signature, over: digest))
  #expect(try !signer.isValid(signature, over: SHA256.hash([])))
  #expect(try !signer.isValid([], over: digest))
  #expect(try !signer.isValid(Array(signature.dropLast()), over: digest))
  #expect(try !signer.isValid(signature + [0], over: digest))
  for place in signature.indices {
    var bent = signature
    bent[place] ^= 1
    #expect(try !signer.isValid(bent, over: digest))
  }
  let health = signer.probe()
  #expect(health.isConfigured && health.isReachable && health.isUsable, "\(health)")
  #expect(health.latency.map { $0 >= .zero } == true)
  #expect(try signer.selfTest().isUsable)
  // The key's public half verifies by itself.
  if let pem = signer.description.publicKey {
    #expect(try PublicKey(pem: Array(pem.utf8)).isValid(signature, over: digest))
  }
  // What it signs verifies with the keys of the same run, whether the row names the key or not.
  var checker = RowSignatureChecker(keys, .all)
  #expect(try checker.settled(signature, digest, by: signer.description.kid) == .valid)
  #expect(try checker.settled(signature, digest) == .valid)
  #expect(try checker.settled(signature, SHA256.hash([]), by: signer.description.kid) == .invalid)
  let document = try signer.sign(.manifest, .object(["format": .string("audit-archive/v1")]))
  #expect(
    keys.verify(document.proof, over: document.digest, at: .now(), for: .manifests) == .valid([signer.description.kid]))
  // Many threads at once.
  DispatchQueue.concurrentPerform(iterations: 16) { index in
    let digest = SHA256.hash([UInt8(index)])
    #expect((try? signer.isValid(signer.sign(digest), over: digest)) == true)
  }
}

/// A registry of one key.
func registry(_ kid: String, _ algorithm: String, _ pem: String) throws -> KeyRegistry {
  let entry = JSONValue.object([
    "signer_kid": .string(kid), "algorithm": .string(algorithm), "public_key_pem": .string(pem),
  ])
  return try KeyRegistry(parsing: JSONValue.object(["signers": .array([entry])]).prettyBytes, name: "signers.json")
}

@Suite("Every backend conforms")
struct ConformanceTests {
  private func check(_ variables: [String: String], _ registry: KeyRegistry? = nil) throws -> SignerDescription {
    let environment = Environment(variables)
    let connections = SignerConnections(environment)
    let signer = try #require(try SignerChoice.events(environment, registry: registry, over: connections))
    try conforms(signer, try SignerChoice.keyRing(environment, registry: registry, over: connections))
    return signer.description
  }

  @Test(
    "local keys and the mock",
    arguments: [
      ["AUDIT_SIGNING_KEY": "k"], ["AUDIT_SIGNING_SECRET": "k"], ["NODE_ENV": "development"],
      ["MOCK_AUDIT_SIGNING_KEY": "00ff"], ["AUDIT_SIGNING_PRIVATE_KEY": Fixtures.path("chain/ed25519.pem")],
      ["AUDIT_SIGNING_PRIVATE_KEY": Fixtures.path("chain/rsa.pem"), "AUDIT_SIGNING_ALG": "rsa"],
    ])
  func local(variables: [String: String]) throws {
    let description = try check(variables)
    #expect((description.publicKey == nil) == (description.algorithm == .hmacSHA256))
  }

  @Test("an encrypted key, with its passphrase in a file")
  func encrypted() throws {
    let directory = try TemporaryDirectory("keys")
    try Data("open sesame\n".utf8).write(to: URL(fileURLWithPath: directory("passphrase")))
    for name in ["ed25519", "rsa"] {
      let made = try Command.run(
        "openssl",
        [
          "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:open sesame", "-in",
          Fixtures.path("chain/\(name).pem"), "-out", directory("key.pem"),
        ])
      #expect(made.status == 0, "\(made.errorText)")
      var variables = ["AUDIT_SIGNING_PRIVATE_KEY": directory("key.pem")]
      let missing = #expect(throws: Failure.self) { try check(variables) }
      #expect(missing?.status == .configuration && missing?.problem.contains("passphrase") == true)
      variables["AUDIT_SIGNING_PRIVATE_KEY_PASSPHRASE_FILE"] = directory("passphrase")
      #expect(try check(variables).publicKey == PublicKey(pem: Fixtures.bytes("chain/\(name).pub.pem")).pem)
      let manifests = ["AUDIT_MANIFEST_SIGNER": "local:" + directory("key.pem")].merging(variables) { $1 }
      #expect(throws: Never.self) { try SignerChoice.manifests(Environment(manifests), registry: nil) }
    }
  }

  @Test(
    "keys of KMS", .enabled(if: Ministack.isUsable, "scripts/dependencies test installs ministack"),
    arguments: [
      ("HMAC_256", "hmac-sha256"), ("RSA_2048", "rsa-sha256"), ("RSA_4096", "rsa-sha256"),
      ("ECC_NIST_EDWARDS25519", "ed25519"),
    ])
  func kms(spec: String, algorithm: String) throws {
    let server = try Ministack.shared()
    let usage = spec == "HMAC_256" ? "GENERATE_VERIFY_MAC" : "SIGN_VERIFY"
    let arn = try server.createKey(spec: spec, usage: usage)
    var variables = try server.environment().merging(["AUDIT_SIGNING_KMS_KEY_ID": arn]) { $1 }
    let description = try check(variables)
    #expect(description.backend == "kms" && description.kid == arn && description.algorithm.rawValue == algorithm)
    #expect((description.publicKey == nil) == (algorithm == "hmac-sha256"))
    variables["AUDIT_SIGNING_ALG"] = algorithm
    #expect(try check(variables) == description)
    // Where the registry lists the key, it goes by the registry's id.
    guard let pem = description.publicKey else { return }
    let registry = try registry("the-auditors", algorithm, pem)
    #expect(try check(variables, registry).kid == "the-auditors")
  }

  @Test("keys of a signing proxy, listed and not", arguments: ["ed25519", "rsa", "hmac"], [true, false])
  func proxy(name: String, isListed: Bool) throws {
    let own = try name == "hmac" ? nil : PrivateKey(pem: Fixtures.bytes("chain/\(name).pem"))
    let kid = isListed ? "vector-\(name)" : "unlisted"
    let proxy = try SigningProxyServer(
      own.map { .own($0) } ?? .shared(Array("vector-key".utf8)), kid: kid, path: "/signing/v1", apiKey: "API-KEY")
    let registry = try KeyRegistry(parsing: Fixtures.bytes("registry.json"), name: "registry")
    let variables = ["SIGNING_PROXY_URL": proxy.url + "/signing/v1/", "SIGNING_PROXY_API_KEY": "API-KEY"]
    let description = try check(variables, registry)
    #expect(description.backend == "proxy" && description.kid == kid)
    // The registry has the key, whatever the proxy calls it.
    #expect((description.publicKey != nil) == (name != "hmac"))
    // A key at hand is asked instead of the proxy.
    #expect(proxy.server.requests.contains { $0.target == "/signing/v1/verify" } == (description.publicKey == nil))
    #expect(proxy.server.requests.allSatisfy { $0.target.hasPrefix("/signing/v1/") })
  }

  @Test("a public key of the environment is the proxy's where it verifies what that signs")
  func ownKey() throws {
    let proxy = try SigningProxyServer(.own(try PrivateKey(pem: Fixtures.bytes("chain/ed25519.pem"))))
    for (name, isTheirs) in [("ed25519", true), ("rsa", false)] {
      let variables = [
        "SIGNING_PROXY_URL": proxy.url, "AUDIT_SIGNING_PUBLIC_KEY": Fixtures.path("chain/\(name).pub.pem"),
      ]
      #expect((try check(variables).publicKey != nil) == isTheirs)
    }
  }
}
