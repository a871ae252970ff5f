// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Pipeline
import Signing
import TestSupport
import Testing

/// The failure that something ends in.
func failure(_ body: () throws -> Void) throws -> Failure? {
  do { try body() } catch let error as Failure { return error }
  return nil
}

@Suite("Keys of KMS", .enabled(if: Ministack.isUsable, "scripts/dependencies test installs ministack"))
struct KMSSignerTests {
  private let digest = SHA256.hash(Array("event".utf8))

  /// A key, and a server in front of KMS that counts and fails.
  private struct Site {
    let arn: String
    let front: FaultServer
    let variables: [String: String]

    init(spec: String, allowing actions: String? = nil) throws {
      let server = try Ministack.shared()
      let usage = spec == "HMAC_256" ? "GENERATE_VERIFY_MAC" : "SIGN_VERIFY"
      arn = try server.createKey(spec: spec, usage: usage)
      front = try FaultServer(handler: FaultServer.forwarding(to: server.url))
      let statement = actions.map { #"{"Effect":"Allow","Action":[\#($0)],"Resource":"*"}"# }
      variables = try server.environment(through: front.url, allowing: statement)
        .merging(["AUDIT_SIGNING_KMS_KEY_ID": arn]) { $1 }
    }

    func open(_ more: [String: String] = [:], registry: KeyRegistry? = nil) throws -> (
      signer: any Signer, keys: KeyRing
    ) {
      let environment = Environment(variables.merging(more) { $1 })
      let connections = SignerConnections(environment)
      let signer = try #require(try SignerChoice.events(environment, registry: registry, over: connections))
      return (signer, try SignerChoice.keyRing(environment, registry: registry, over: connections))
    }

    var calls: [String] {
      front.requests.compactMap { $0.header("x-amz-target")?.replacingOccurrences(of: "TrentService.", with: "") }
    }
  }

  @Test("rows are verified without KMS where there is a public key", arguments: ["RSA_2048", "ECC_NIST_EDWARDS25519"])
  func offline(spec: String) throws {
    let site = try Site(spec: spec)
    let (signer, keys) = try site.open()
    let signature = try signer.sign(digest)
    #expect(site.calls == ["DescribeKey", "GetPublicKey", "Sign"])
    var checker = RowSignatureChecker(keys, .all)
    for _ in 0..<200 { #expect(checker.check(Base64.encode(signature), digest) == .valid) }
    #expect(try checker.settle().isEmpty)
    #expect(try signer.isValid(signature, over: digest))
    #expect(site.calls.count == 3)
  }

  @Test(
    "rows with MACs are verified by KMS as far as the policy asks for them", arguments: ["all", "sample:4", "none"])
  func macs(policy: String) throws {
    let site = try Site(spec: "HMAC_256")
    let (signer, keys) = try site.open()
    let digests = (0..<40).map { SHA256.hash([UInt8($0)]) }
    let signatures = try digests.map { Base64.encode(try signer.sign($0)) }
    var checker = RowSignatureChecker(keys, try #require(SignaturePolicy(policy)))
    var verdicts = zip(signatures, digests).map { checker.check($0, $1) }
    // One that is another row's.
    verdicts.append(checker.check(signatures[0], digests[1]))
    let settled = try checker.settle()
    #expect(settled.count == verdicts.count { $0 == .deferred })
    #expect(verdicts.allSatisfy { $0 == .deferred || $0 == .skipped })
    #expect(site.calls.count { $0 == "VerifyMac" } == settled.count)
    switch policy {
    case "all": #expect(settled == Array(repeating: .valid, count: 40) + [.invalid])
    case "none": #expect(settled.isEmpty)
    default: #expect((1...25).contains(settled.count))
    }
  }

  @Test("a KMS that does not answer for a row is no verdict")
  func unreachable() throws {
    let site = try Site(spec: "HMAC_256")
    let (signer, keys) = try site.open(["AWS_MAX_ATTEMPTS": "1"])
    let signature = try signer.sign(digest)
    site.front.inject(.answer(ServedResponse(503)), times: .max)
    var checker = RowSignatureChecker(keys, .all)
    for _ in 0..<50 { #expect(checker.check(Base64.encode(signature), digest) == .deferred) }
    let failure = try failure { _ = try checker.settle() }
    #expect(failure?.status == .unavailable)
    site.front.removeFaults()
    #expect(try checker.settle().isEmpty)
    #expect(try checker.settled(signature, digest) == .valid)
    site.front.inject(.answer(ServedResponse(503)), times: .max)
    let document = SignedDocument.digest(of: .object([]))
    let entry = Proof.Signature(
      signerID: site.arn, kid: site.arn, algorithm: "hmac-sha256",
      signature: HMACSHA256(key: [1]).authenticate(document).bytes)
    let proof = Proof(digest: document, threshold: 1, signatures: [entry])
    guard case .unverifiable(let reason) = keys.verify(proof, over: document, at: .now(), for: .manifests) else {
      Issue.record("a proof that nobody checked")
      return
    }
    #expect(reason.contains("could not be asked"))
  }

  @Test("a signature that the key does not verify is not given out", arguments: ["RSA_2048", "ECC_NIST_EDWARDS25519"])
  func wrong(spec: String) throws {
    let site = try Site(spec: spec)
    let (signer, _) = try site.open()
    let other = Base64.encode(try signer.sign(SHA256.hash([])))
    let short = Base64.encode(Array(try signer.sign(digest).dropLast()))
    for text in [other, short, "AAAA"] {
      site.front.inject(
        .answer(ServedResponse(200, text: #"{"KeyId":"\#(site.arn)","Signature":"\#(text)"}"#)), target: "/")
      let failure = try failure { _ = try signer.sign(digest) }
      #expect(failure?.status == .integrity)
    }
  }

  @Test("without kms:GetPublicKey: the registry's key of that ARN, else KMS verifies")
  func withoutPublicKey() throws {
    let site = try Site(spec: "RSA_2048", allowing: #""kms:DescribeKey","kms:Sign","kms:Verify""#)
    let (signer, keys) = try site.open()
    #expect(signer.description.publicKey == nil && signer.description.kid == site.arn)
    #expect(try SignerChoice.warning(Environment([:]), signer)?.contains("kms:GetPublicKey") == true)
    try conforms(signer, keys)
    let whole = try Site(spec: "RSA_2048")
    let pem = try #require(try whole.open().signer.description.publicKey)
    let listed = try whole.open(registry: registry(whole.arn, "rsa-sha256", pem)).signer
    #expect(try failure { _ = try listed.sign(digest) } == nil)
    // One that lists another key's public half under this ARN is believed, and nothing is signed.
    let believed = try site.open(registry: registry(site.arn, "rsa-sha256", pem)).signer
    #expect(try failure { _ = try believed.sign(digest) }?.status == .integrity)
  }

  @Test("a registry that lists another key under the ARN is refused")
  func contradiction() throws {
    let site = try Site(spec: "ECC_NIST_EDWARDS25519")
    let text = try Fixtures.text("registry.json").replacingOccurrences(of: "vector-ed25519", with: site.arn)
    let registry = try KeyRegistry(parsing: Array(text.utf8), name: "signers.json")
    let failure = try failure { _ = try site.open(registry: registry) }
    #expect(failure?.status == .configuration && failure?.problem.contains("another public key") == true)
  }

  @Test("a key that was disabled signs nothing, and what it signed still verifies")
  func disabled() throws {
    let site = try Site(spec: "RSA_2048")
    let (signer, _) = try site.open()
    let signature = try signer.sign(digest)
    try Ministack.shared().call("DisableKey", .object(["KeyId": .string(site.arn)]))
    func check(_ registry: KeyRegistry?) throws {
      let environment = Environment(site.variables)
      let connections = SignerConnections(environment)
      let keys = try SignerChoice.keyRing(environment, registry: registry, over: connections)
      var checker = RowSignatureChecker(keys, .all)
      #expect(try checker.settled(signature, digest, by: site.arn) == .valid)
      let spec = try #require(SignerSpec("kms:" + site.arn))
      for sign in [
        { _ = try SignerChoice.events(environment, registry: registry, over: connections) },
        { _ = try SignerChoice.manifests(environment, registry: registry, over: connections) },
        { _ = try SignerChoice.signer(spec, environment, registry: registry, over: connections, variable: "--signer") },
      ] {
        let refusal = try failure(sign)
        #expect(refusal?.status == .configuration && refusal?.problem == "the key is disabled")
      }
    }
    try check(nil)
    // Where KMS does not give the public half of such a key out, the registry's does.
    let refusal = #"{"__type":"DisabledException","message":"\#(site.arn) is disabled."}"#
    site.front.inject(
      .alter { request, response in
        request.header("x-amz-target") == "TrentService.GetPublicKey" ? ServedResponse(400, text: refusal) : response
      }, times: .max)
    try check(try registry(site.arn, "rsa-sha256", try #require(signer.description.publicKey)))
    let unlisted = try failure { try check(nil) }
    #expect(unlisted?.status == .configuration && unlisted?.problem.hasPrefix("the key is disabled") == true)
  }

  @Test("settings that ask for something else than the key is")
  func algorithms() throws {
    let site = try Site(spec: "HMAC_256")
    for (name, words) in [
      ("rsa", "rsa-sha256 is asked for"), ("ed25519", "ed25519 is asked for"), ("ed25519ph", "hashes the digest once"),
      ("ED25519_PH_SHA_512", "hashes the digest once"), ("dsa", "this algorithm is unknown"),
    ] {
      let failure = try failure { _ = try site.open(["AUDIT_SIGNING_ALG": name]) }
      #expect(failure?.status == .configuration && failure?.problem.contains(words) == true, "\(name)")
    }
    for (spec, words) in [
      ("kms:alias/a:ed25519ph", "hashes the digest once"), ("kms:nonsense", "names no key"),
      ("kms:\(site.arn):rsa", "rsa-sha256 is asked for"),
    ] {
      let environment = Environment(site.variables.merging(["AUDIT_MANIFEST_SIGNER": spec]) { $1 })
      let failure = try failure { _ = try SignerChoice.manifests(environment, registry: nil) }
      #expect(failure?.object == "AUDIT_MANIFEST_SIGNER" && failure?.problem.contains(words) == true)
    }
  }

  @Test("events by one key, manifests by another; each is opened once")
  func two() throws {
    let site = try Site(spec: "HMAC_256")
    let other = try Ministack.shared().createKey(spec: "ECC_NIST_EDWARDS25519")
    let environment = Environment(site.variables.merging(["AUDIT_MANIFEST_SIGNER": "kms:\(other):ed25519"]) { $1 })
    let connections = SignerConnections(environment)
    let keys = try SignerChoice.keyRing(environment, registry: nil, over: connections)
    #expect(keys.keys.map(\.kid) == [site.arn, other])
    let events = try #require(try SignerChoice.events(environment, registry: nil, over: connections))
    let manifests = try SignerChoice.manifests(environment, registry: nil, over: connections)
    #expect(events.description.kid == site.arn && manifests.description.kid == other)
    #expect(site.calls == ["DescribeKey", "DescribeKey", "GetPublicKey"])
  }

  @Test("a probe sees that a key was disabled meanwhile, and how long the answer took")
  func probe() throws {
    let site = try Site(spec: "RSA_2048")
    let (signer, _) = try site.open(["AWS_MAX_ATTEMPTS": "1"])
    #expect(signer.probe().detail == "RSA_2048, enabled")
    try Ministack.shared().call("DisableKey", .object(["KeyId": .string(site.arn)]))
    let disabled = signer.probe()
    #expect(!disabled.isConfigured && disabled.isReachable && !disabled.isUsable && disabled.latency != nil)
    #expect(disabled.detail.contains("the key is disabled"))
    site.front.stop()
    let gone = signer.probe()
    #expect(gone.isConfigured && !gone.isReachable && !gone.isUsable && gone.latency == nil)
  }

  @Test("a run that is stopped does not wait for KMS")
  func stopped() throws {
    let site = try Site(spec: "HMAC_256")
    let environment = Environment(site.variables)
    let cancellation = Cancellation()
    let connections = SignerConnections(environment, cancellation: cancellation)
    let signer = try #require(try SignerChoice.events(environment, registry: nil, over: connections))
    site.front.inject(.stall(.beforeEffect), times: .max)
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.3) { cancellation.cancel() }
    let started = Date()
    #expect(try failure { _ = try signer.sign(digest) }?.status == .tryLater)
    #expect(Date().timeIntervalSince(started) < 8)
  }
}
