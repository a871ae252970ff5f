// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import HTTPTransport
import TestSupport
import Testing

@Suite("dev signing-proxy")
struct SigningProxyCommandTests {
  private let digest = SHA256.hash(Array("{\"a\":1}".utf8))

  private func post(
    _ program: ServingProgram, _ path: String, _ body: JSONValue, key: String? = "an-api-key"
  ) throws -> (status: Int, json: JSONValue) {
    let headers = key.map { ["authorization": "Bearer \($0)"] } ?? [:]
    let answer = try program.send("POST", path, headers: headers, body: Array(body.compactText.utf8))
    return (answer.status, try JSONValue(parsing: answer.body))
  }

  @Test("it signs digests and documents, verifies, and says who it is", arguments: ["ed25519", "rsa", "hmac"])
  func signs(kind: String) throws {
    let directory = try TemporaryDirectory("proxy")
    var environment: [String: String?] = ["SIGNING_PROXY_API_KEY": "an-api-key"]
    var arguments = ["dev", "signing-proxy"]
    if kind == "hmac" { environment["AUDIT_SIGNING_KEY"] = "a-secret" }
    if kind == "rsa" {
      try Data(PrivateKey.generateRSA(bits: 2048).pem.utf8).write(to: URL(fileURLWithPath: directory("key.pem")))
      arguments += ["--key", directory("key.pem")]
    }
    if kind != "hmac" { arguments += ["--public-key-out", directory("public.pem")] }
    let program = try ServingProgram(arguments, environment: environment)
    let health = try program.get("/health")
    #expect(health.status == 200 && health.json["status"] == "ok")
    let ofDigest = try post(program, "/sign/hash", .object(["digest_hex": .string(digest.hex)])).json
    let ofText = try post(program, "/sign/canonical", .object(["canonical": "{\"a\":1}"])).json
    let signature = try #require(ofDigest["signature"]?.string)
    #expect(ofDigest == ofText)  // all three kinds of signatures are the same each time
    #expect(ofDigest["kid"] == health.json["kid"] && ofDigest["alg"] == health.json["alg"])
    if kind != "hmac" {
      let key = try PublicKey(pem: Array(Data(contentsOf: URL(fileURLWithPath: directory("public.pem")))))
      #expect(key.isValid(try #require(Base64.decode(signature)), over: digest))
    }
    let check: JSONValue = .object(["digest_hex": .string(digest.hex), "signature": .string(signature)])
    #expect(try post(program, "/verify", check).json == .object(["valid": true]))
    let other: JSONValue = .object([
      "digest_hex": .string(SHA256.hash([1]).hex), "signature": .string(signature),
    ])
    #expect(try post(program, "/verify", other).json == .object(["valid": false]))
    #expect(try program.stop().status == 0)
  }

  @Test("who has no key, a wrong one, or sends nonsense or too much, is told so")
  func refusals() throws {
    let program = try ServingProgram(
      ["dev", "signing-proxy"], environment: ["SIGNING_PROXY_API_KEY": "an-api-key"])
    let body: JSONValue = .object(["digest_hex": .string(digest.hex)])
    #expect(try post(program, "/sign/hash", body, key: nil).status == 401)
    #expect(try post(program, "/sign/hash", body, key: "an-api-kez").status == 403)
    #expect(try post(program, "/sign/hash", body, key: "").status == 401)
    #expect(try post(program, "/sign/hash", .object(["digest_hex": "00"])).status == 400)
    #expect(try post(program, "/sign/canonical", .object([:])).status == 400)
    #expect(try post(program, "/verify", body).status == 400)
    let headers = ["authorization": "Bearer an-api-key"]
    #expect(try program.send("POST", "/sign/hash", headers: headers, body: Array("no JSON".utf8)).status == 400)
    let large = JSONValue.object(["canonical": .string(String(repeating: "x", count: 1 << 20))])
    #expect(try post(program, "/sign/canonical", large).status == 413)
    #expect(try program.send("GET", "/sign/hash", headers: headers).status != 200)
    #expect(!program.command.errorSoFar.contains("an-api-key"))
  }

  @Test("a client's certificate is asked for, and only one of the right authority lets it in")
  func mutualTLS() throws {
    let made = try TestCertificates()
    let (ours, theirs) = (try made.authority("ours"), try made.authority("theirs"))
    let server = try made.certificate("server", by: ours, names: ["IP:127.0.0.1"])
    let good = try made.certificate("good", by: ours, names: ["DNS:client"])
    let bad = try made.certificate("bad", by: theirs, names: ["DNS:client"])
    func settings(_ pair: TestCertificates.Pair?, trusting authority: TestCertificates.Pair) -> HTTPSettings {
      HTTPSettings(
        totalTimeout: 60, caBundle: authority.certificate, clientCertificate: pair?.certificate, clientKey: pair?.key,
        proxy: .none)
    }
    let program = try ServingProgram(
      [
        "dev", "signing-proxy", "--tls-cert", server.certificate, "--tls-key", server.key, "--client-ca",
        ours.certificate,
      ], environment: [:], settings: settings(good, trusting: ours))
    #expect(program.url.hasPrefix("https://"))
    #expect(try program.get("/health").status == 200)
    let request = HTTPRequest(method: "GET", url: program.url + "/health")
    for (pair, authority) in [(bad, ours), (nil, ours), (good, theirs)] {
      let client = HTTPClient(settings(pair, trusting: authority))
      #expect(throws: HTTPError.self) { try client.send(request, limit: 1 << 20) }
    }
    // The program itself, as its client.
    let environment: [String: String?] = [
      "SIGNING_PROXY_URL": program.url, "SIGNING_PROXY_CA": ours.certificate,
      "SIGNING_PROXY_CLIENT_CERT": good.certificate, "SIGNING_PROXY_CLIENT_KEY": good.key,
    ]
    let tested = try Command.run(
      Fixtures.product("memoryctl"), ["signer", "test"], environment: environment, inheritsEnvironment: false)
    #expect(tested.status == 0, "\(tested.text)")
  }

  @Test("it refuses to run in production, and says what is wrong with its certificates")
  func settings() throws {
    func run(_ arguments: String..., environment: [String: String?] = [:]) throws -> CommandOutput {
      try Command.run(
        Fixtures.product("memoryctl"), ["dev", "signing-proxy", "--listen", "127.0.0.1:0"] + arguments,
        environment: environment, inheritsEnvironment: false)
    }
    #expect(try run(environment: ["NODE_ENV": "production"]).status == 78)
    #expect(try run("--tls-cert", "/nowhere").status == 64)
    #expect(try run("--tls-cert", "/nowhere", "--tls-key", "/nowhere").status == 78)
    #expect(try run("--key", "/nowhere").status == 78)
  }
}
