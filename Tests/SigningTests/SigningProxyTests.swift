// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import HTTPTransport
import Pipeline
import Signing
import TestSupport
import Testing

@Suite("A signing proxy")
struct SigningProxyTests {
  private let digest = SHA256.hash(Array("event".utf8))
  private let key: PrivateKey
  private let proxy: SigningProxyServer
  private var server: FaultServer { proxy.server }

  init() throws {
    key = try PrivateKey(pem: Fixtures.bytes("chain/ed25519.pem"))
    proxy = try SigningProxyServer(.own(key), kid: "vector-ed25519", path: "/base", apiKey: "S3CR3T-KEY")
  }

  private func settings(_ more: [String: String] = [:], url: String? = nil, timeout: Double = 30) throws
    -> SigningProxySettings
  {
    let environment = Environment(["SIGNING_PROXY_API_KEY": "S3CR3T-KEY"].merging(more) { $1 })
    var settings = try SigningProxySettings(url ?? proxy.url + "/base", from: "SIGNING_PROXY_URL", environment)
    settings.timeout = timeout
    return settings
  }

  private func registry() throws -> KeyRegistry {
    try KeyRegistry(parsing: Fixtures.bytes("registry.json"), name: "registry")
  }

  private func open(timeout: Double = 30) throws -> SigningProxySigner {
    try SigningProxySigner(SigningProxyClient(settings(timeout: timeout)), registry: registry())
  }

  /// What the proxy would answer if it signed `digest` by `key`.
  private func answer(
    _ key: PrivateKey, _ digest: Digest, kid: String = "vector-ed25519", alg: String = "ed25519"
  ) throws -> Fault {
    let signature = Base64.encode(try key.sign(digest))
    return .answer(ServedResponse(200, text: #"{"kid":"\#(kid)","alg":"\#(alg)","signature":"\#(signature)"}"#))
  }

  @Test("what it is asked")
  func requests() throws {
    let signer = try open()
    let signature = try signer.sign(digest)
    #expect(key.publicKey.isValid(signature, over: digest))
    let request = try #require(server.requests.last)
    #expect(request.method == "POST" && request.target == "/base/sign/hash")
    #expect(request.header("content-type") == "application/json")
    #expect(request.header("authorization") == "Bearer S3CR3T-KEY")
    #expect(String(decoding: request.body, as: UTF8.self) == #"{"digest_hex":"\#(digest.hex)"}"#)
    let canonical = #"{"a":"ü","b":1}"#
    let document = try signer.sign(canonical: canonical)
    #expect(key.publicKey.isValid(document, over: SHA256.hash(Array(canonical.utf8))))
    #expect(server.requests.last?.target == "/base/sign/canonical")
    #expect(try SigningProxyClient(settings()).isValid(signature, over: digest))
    #expect(
      String(decoding: try #require(server.requests.last?.body), as: UTF8.self)
        == #"{"digest_hex":"\#(digest.hex)","signature":"\#(Base64.encode(signature))"}"#)
  }

  @Test("signatures that the registry's key refuses are refused at once, at opening and later")
  func wrong() throws {
    let stranger = try PrivateKey.generateEd25519()
    let imposter = try SigningProxyServer(.own(stranger), kid: "vector-ed25519")
    let client = SigningProxyClient(try settings(url: imposter.url))
    let opening = try failure { _ = try SigningProxySigner(client, registry: registry()) }
    #expect(opening?.status == .integrity && opening?.problem.contains("vector-ed25519") == true)

    let signer = try open()
    for fault in [try answer(stranger, digest), try answer(key, SHA256.hash([]))] {
      server.inject(fault)
      #expect(try failure { _ = try signer.sign(digest) }?.status == .integrity)
    }
    for (kid, alg) in [("another", "ed25519"), ("vector-ed25519", "rsa-sha256")] {
      server.inject(try answer(key, digest, kid: kid, alg: alg))
      #expect(try failure { _ = try signer.sign(digest) }?.status == .tryLater)
    }
    #expect(throws: Never.self) { try signer.sign(digest) }
  }

  @Test("a proxy whose own /verify refuses what it signs, and one that signs by another algorithm than is known of it")
  func contradictions() throws {
    let client = SigningProxyClient(try settings())
    server.inject(.answer(ServedResponse(200, text: #"{"valid":false}"#)), target: "*/verify")
    #expect(try failure { _ = try SigningProxySigner(client, registry: nil) }?.status == .integrity)
    let asked = try failure { _ = try SigningProxySigner(client, algorithm: .hmacSHA256, registry: nil) }
    #expect(asked?.status == .configuration && asked?.problem.contains("hmac-sha256 is asked for") == true)
    server.inject(try answer(key, digest, alg: "rsa"))
    let listed = try failure { _ = try SigningProxySigner(client, registry: registry()) }
    #expect(listed?.object == "AUDIT_SIGNERS_FILE")
  }

  @Test(
    "answers that are none",
    arguments: [
      "", "{}", "[]", "<html>", #"{"alg":"ed25519","signature":"AAAA"}"#,
      #"{"kid":"","alg":"ed25519","signature":"AAAA"}"#,
      #"{"kid":"a\u001b[2Jb","alg":"ed25519","signature":"AAAA"}"#, #"{"kid":"k","alg":"dsa","signature":"AAAA"}"#,
      #"{"kid":"k","alg":"ed25519","signature":"AAA"}"#, #"{"kid":"k","alg":"ed25519","signature":"AB=="}"#,
      #"{"kid":"k","alg":"ed25519","signature":""}"#, #"{"kid":"k","kid":"k","alg":"ed25519","signature":"AAAA"}"#,
      #"{"kid":"k","alg":"ed25519","signature":7}"#,
    ])
  func unreadable(text: String) throws {
    server.inject(.answer(ServedResponse(200, text: text)), times: .max)
    let failure = try failure { _ = try open() }
    #expect(failure?.status == .unavailable)
    #expect(server.requests.count == 1)
  }

  @Test(
    "statuses", arguments: [(400, 78), (401, 77), (403, 77), (404, 78), (405, 78), (429, 69), (500, 69), (503, 69)])
  func statuses(status: Int, ending: Int32) throws {
    let text = #"{"error":"no\nway, S3CR3T-KEY"}"#
    server.inject(.answer(ServedResponse(status, text: text)), times: .max)
    let failure = try failure { _ = try open() }
    #expect(failure?.status.rawValue == ending)
    #expect(failure?.description.contains("\(status): no") == true)
    #expect(server.requests.count == (ending == 69 ? 3 : 1))
  }

  @Test("an API key that is refused is in no error")
  func secrets() throws {
    let environment = Environment([
      "SIGNING_PROXY_URL": proxy.url + "/base", "SIGNING_PROXY_API_KEY": "WR0NG-S3CR3T", "NODE_ENV": "production",
    ])
    let refusal = try failure { _ = try SignerChoice.events(environment, registry: nil) }
    #expect(refusal?.status == .permission && refusal?.problem.contains("who asks?") == true)
    #expect(refusal?.description.contains("WR0NG") == false)
    for (url, key) in [
      ("http://u:S3CR3T@h/", "k"), ("ftp://S3CR3T", "k"), ("http://h/?S3CR3T", "k"), ("http://h", "S3 CR3T"),
    ] {
      let environment = Environment(["SIGNING_PROXY_URL": url, "SIGNING_PROXY_API_KEY": key])
      let failure = try failure { _ = try SignerChoice.events(environment, registry: nil) }
      #expect(failure?.status == .configuration && failure?.description.contains("CR3T") == false)
    }
  }

  @Test(
    "passing faults are tried again", arguments: [Fault.answer(ServedResponse(503)), .reset(.beforeEffect), .loseReply])
  func passing(fault: Fault) throws {
    let signer = try open()
    server.inject(fault)
    #expect(key.publicKey.isValid(try signer.sign(digest), over: digest))
  }

  @Test(
    "what is neither a PEM text nor a file is refused and not repeated",
    arguments: ["SIGNING_PROXY_CLIENT_CERT", "SIGNING_PROXY_CLIENT_KEY", "SIGNING_PROXY_CA"])
  func files(variable: String) throws {
    let failure = try failure { _ = try settings([variable: "MC4CAQAwBQYDK2VwBCIEIS3CR3T"], url: "https://h") }
    #expect(failure?.status == .configuration && failure?.object == variable)
    #expect(failure?.description.contains("S3CR3T") == false)
    let key = "-----BEGIN PRIVATE KEY-----\\nS3CR3T\\n-----END PRIVATE KEY-----"
    let torn = try settings(
      ["SIGNING_PROXY_CLIENT_CERT": Fixtures.path("registry.json"), "SIGNING_PROXY_CLIENT_KEY": key],
      url: "https://127.0.0.1:1")
    #expect(torn.clientKey?.text == key.replacingOccurrences(of: "\\n", with: "\n"))
    #expect(!String(reflecting: torn).contains("S3CR3T"))
  }

  @Test("no redirect is followed, and no key sent after it")
  func redirects() throws {
    let elsewhere = try SigningProxyServer(.own(key), kid: "vector-ed25519")
    server.inject(.redirect(to: elsewhere.url + "/sign/hash"), times: .max)
    let failure = try failure { _ = try open() }
    #expect(failure?.status == .configuration && failure?.remedy?.contains("no redirect") == true)
    #expect(elsewhere.server.requests.isEmpty)
  }

  @Test("an answer without an end is not read")
  func huge() throws {
    server.inject(.answer(ServedResponse(200, body: Array(repeating: 0x20, count: 8 << 20))), times: .max)
    #expect(try failure { _ = try open() }?.status == .unavailable)
    #expect(server.bytesSent < 8 << 20)
  }

  @Test("a proxy that hangs ends in unavailable, within attempts times the timeout and the pauses")
  func hang() throws {
    let signer = try open(timeout: 1)
    server.inject(.stall(.beforeEffect), times: .max)
    let before = server.requests.count
    let started = Date()
    #expect(try failure { _ = try signer.sign(digest) }?.status == .unavailable)
    #expect(server.requests.count == before + 3)
    #expect((3...20).contains(Date().timeIntervalSince(started)))
    server.removeFaults()
    server.inject(.stall(.beforeEffect), method: "GET", times: .max)
    let health = signer.probe()
    #expect(health.isConfigured && !health.isReachable && !health.isUsable)
  }

  @Test("probes: a status that is no success of its own still answers, a refusal does not help")
  func probes() throws {
    let signer = try open()
    #expect(signer.probe().isUsable)
    for (status, isUsable, isReachable) in [(404, true, true), (401, false, true), (500, false, false)] {
      server.inject(.answer(ServedResponse(status)), method: "GET")
      let health = signer.probe()
      #expect(health.isUsable == isUsable && health.isReachable == isReachable, "\(status)")
    }
  }

  @Test("what an operator is told in production")
  func warnings() throws {
    let signer = try open()
    let production = Environment(["NODE_ENV": "production"])
    #expect(try SignerChoice.warning(production, signer)?.contains("not encrypted") == true)
    #expect(try SignerChoice.warning(Environment([:]), signer) == nil)
  }
}

@Suite("A signing proxy behind TLS", .enabled(if: TLSFront.isUsable, "Python 3 is needed"))
struct SigningProxyTLSTests {
  private let certificates: TestCertificates
  private let authority: TestCertificates.Pair
  private let proxy: SigningProxyServer

  init() throws {
    certificates = try TestCertificates()
    authority = try certificates.authority("ca")
    proxy = try SigningProxyServer(.own(try PrivateKey.generateEd25519()))
  }

  private func open(_ front: TLSFront, _ variables: [String: String]) throws -> any Signer {
    let all = ["SIGNING_PROXY_URL": "https://127.0.0.1:\(front.port)"].merging(variables) { $1 }
    return try #require(try SignerChoice.events(Environment(all), registry: nil))
  }

  @Test("our certificate: the right one, as files and as texts; none, a stranger's, one that has ended")
  func clients() throws {
    let server = try certificates.certificate("server", by: authority, names: ["IP:127.0.0.1"])
    let front = try TLSFront(server, clientAuthority: authority.certificate, target: proxy.server.port)
    let older = try TLSFront(
      server, clientAuthority: authority.certificate, target: proxy.server.port, version: "TLSv1_2")
    func variables(_ pair: TestCertificates.Pair?, suffix: String = "") -> [String: String] {
      var variables = ["SIGNING_PROXY_CA" + suffix: authority.certificate]
      variables["SIGNING_PROXY_CLIENT_CERT" + suffix] = pair?.certificate
      variables["SIGNING_PROXY_CLIENT_KEY" + suffix] = pair?.key
      return variables
    }
    let mine = try certificates.certificate("client", by: authority, names: ["DNS:client"])
    for suffix in ["", "_FILE"] {
      let signer = try open(front, variables(mine, suffix: suffix))
      #expect(try signer.selfTest().isUsable)
      #expect(signer.probe().isUsable)
      #expect(try SignerChoice.warning(Environment(["NODE_ENV": "production"]), signer) == nil)
    }
    let before = proxy.server.requests.count
    let stranger = try certificates.authority("stranger")
    let theirs = try certificates.certificate("theirs", by: stranger, names: ["DNS:client"])
    let old = try certificates.expired("old", by: authority, names: ["DNS:client"])
    for pair in [nil, theirs, old] {
      let refusal = try failure { _ = try open(older, variables(pair)) }
      #expect(refusal?.status == .permission, "\(refusal?.description ?? "")")
      #expect(refusal?.remedy?.contains("SIGNING_PROXY_CLIENT_CERT") == true)
      // With TLS 1.3 the refusal may be lost behind the request.
      let failure = try failure { _ = try open(front, variables(pair)) }
      #expect([.permission, .unavailable].contains(failure?.status), "\(failure?.description ?? "")")
      #expect(failure?.remedy?.contains("SIGNING_PROXY_CLIENT_CERT") == true, "\(failure?.description ?? "")")
    }
    let torn = TestCertificates.Pair(certificate: mine.certificate, key: theirs.key)
    #expect(try failure { _ = try open(front, variables(torn)) }?.status == .configuration)
    var missing = variables(mine)
    missing["SIGNING_PROXY_CLIENT_CERT"] = nil
    #expect(try failure { _ = try open(front, missing) }?.object == "SIGNING_PROXY_CLIENT_KEY")
    #expect(proxy.server.requests.count == before)
  }

  @Test("the proxy's certificate: of another authority, one that has ended, one for another host")
  func servers() throws {
    let stranger = try certificates.authority("stranger")
    for pair in [
      try certificates.certificate("foreign", by: stranger, names: ["IP:127.0.0.1"]),
      try certificates.expired("old", by: authority, names: ["IP:127.0.0.1"]),
      try certificates.certificate("elsewhere", by: authority, names: ["IP:127.0.0.2", "DNS:signer.test"]),
    ] {
      let front = try TLSFront(pair, target: proxy.server.port)
      let failure = try failure {
        _ = try open(front, ["SIGNING_PROXY_CA": authority.certificate, "SIGNING_PROXY_API_KEY": "S3CR3T"])
      }
      #expect(failure?.status == .configuration, "\(failure?.description ?? "")")
      #expect(failure?.remedy?.contains("SIGNING_PROXY_CA") == true)
    }
    #expect(proxy.server.requests.isEmpty)
  }

  @Test("a certificate over http, which nobody would ask for")
  func plain() throws {
    let environment = Environment(["SIGNING_PROXY_URL": proxy.url, "SIGNING_PROXY_CLIENT_CERT": authority.certificate])
    #expect(try failure { _ = try SignerChoice.events(environment, registry: nil) }?.status == .configuration)
  }
}
