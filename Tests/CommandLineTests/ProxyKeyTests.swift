// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import TestSupport
import Testing

/// A proxy calls its key what it likes; the registry and the secrets at hand may call it otherwise.
@Suite("Keys behind a proxy's own ids", .enabled(if: TemporaryPostgres.isUsable))
struct ProxyKeyTests {
  @Test(
    "a key that the registry does not let sign does not sign under another id", arguments: ["revoked", "candidate"])
  func standing(status: String) throws {
    let site = try Site()
    try site.makeChain(rows: 10)
    let proxy = try ServingProgram(
      ["dev", "signing-proxy", "--key", Fixtures.path("chain/ed25519.pem")], environment: [:])
    let life = status == "revoked" ? "\"revokedAt\": \"2026-01-01T00:00:00Z\"" : "\"status\": \"candidate\""
    try Fixtures.text("registry.json").replacingOccurrences(
      of: "\"signer_kid\": \"vector-ed25519\"", with: "\(life), \"signer_kid\": \"prod-key\""
    ).write(toFile: site.directory("signers.json"), atomically: true, encoding: .utf8)
    let registry: [String: String?] = ["AUDIT_SIGNERS_FILE": site.directory("signers.json")]
    let through = registry.merging(["SIGNING_PROXY_URL": proxy.url, "AUDIT_MANIFEST_SIGNER": nil]) { $1 }
    for arguments in [["audit", "append", "--type", "t", "--payload", "-"], ["audit", "archive"]] {
      let output = try site.run(arguments, change: through, input: "{}")
      #expect(output.status == 78, "\(arguments): \(output.text)\(output.errorText)")
      #expect(output.errorText.contains("prod-key"))
    }
    // What was signed by it without the registry counts for nothing with it, on whatever way the key comes to hand.
    let unlisted: [String: String?] = ["SIGNING_PROXY_URL": proxy.url]
    #expect(
      try site.run("audit", "append", "--type", "t", "--payload", "-", change: unlisted, input: "{}").status == 0)
    let verified = try site.run("audit", "verify", "--database", site.source, "--json", change: through)
    #expect(try json(verified)["signatures"]?["valid"] == 10, "\(verified.text)")
    #expect(verified.status == (status == "revoked" ? 65 : 0))
    let required = try site.run(
      "audit", "verify", "--database", site.source, "--require-signatures", change: through)
    #expect(required.status == 65)
  }

  @Test("a registry that lists one key twice is refused")
  func twice() throws {
    let site = try Site()
    try site.makeChain(rows: 10)
    let text = try Fixtures.text("registry.json")
    let document = try JSONValue(parsing: Array(text.utf8))
    let entry = try #require(document["signers"]?.array?.first)
    let members = (entry.members ?? []).map { $0.name == "signer_kid" ? JSONValue.Member("signer_kid", "another") : $0 }
    let doubled = JSONValue.object(["signers": .array([entry, .object(members)])])
    try Data(doubled.prettyBytes).write(to: URL(fileURLWithPath: site.directory("signers.json")))
    let output = try site.run(
      "audit", "verify", "--database", site.source, change: ["AUDIT_SIGNERS_FILE": site.directory("signers.json")])
    #expect(output.status == 78 && output.errorText.contains("are one key"), "\(output.errorText)")
  }

  @Test("a proxy's secret and one at hand that have one id are told apart")
  func collision() throws {
    let site = try Site()
    let key = HMACSHA256(key: Array("the-proxy's-own".utf8))
    let proxy = try FaultServer { request in
      let body = try JSONValue(parsing: request.body)
      let digest = body["digest_hex"]?.string.flatMap { Digest(hex: $0) }
      guard let mac = digest.map({ key.authenticate($0) }) else { return ServedResponse(200) }
      if request.target == "/verify" {
        let isValid = body["signature"]?.string == Base64.encode(mac.bytes)
        return ServedResponse(200, text: "{\"valid\": \(isValid)}")
      }
      return ServedResponse(
        200, text: "{\"kid\": \"local-hmac\", \"alg\": \"hmac-sha256\", \"signature\": \"\(Base64.encode(mac.bytes))\"}"
      )
    }
    let change: [String: String?] = [
      "SIGNING_PROXY_URL": proxy.url, "AUDIT_SIGNING_KEY": "test-ci-signing-key", "AUDIT_MANIFEST_SIGNER": nil,
    ]
    #expect(try site.run("dev", "chain", "--rows", "10", "--days", "2", change: change).status == 0)
    let archived = try site.run("audit", "archive", change: change)
    #expect(archived.status == 0, "\(archived.text)\(archived.errorText)")
    let verified = try site.run("audit", "verify", "--json", change: change)
    #expect(verified.status == 0, "\(verified.text)")
    #expect(try json(verified)["signatures"]?["valid"] == 10)
  }

  @Test("a signature that the proxy spoils after the first is not appended")
  func spoilt() throws {
    let site = try Site()
    try site.makeChain(rows: 10)
    let proxy = try ServingProgram(["dev", "signing-proxy"], environment: [:])
    let server = try FaultServer(handler: FaultServer.forwarding(to: proxy.url))
    let bend = Fault.alter { _, response in
      var response = response
      let text = String(decoding: response.body, as: UTF8.self)
      guard let document = try? JSONValue(parsing: response.body), let signature = document["signature"]?.string,
        var bytes = Base64.decode(signature)
      else { return response }
      bytes[7] ^= 1
      response.body = Array(text.replacingOccurrences(of: signature, with: Base64.encode(bytes)).utf8)
      return response
    }
    server.inject(bend, target: "/sign/hash", nth: 2, times: .max)
    let output = try site.run(
      "audit", "append", "--type", "t", "--payload", "-", change: ["SIGNING_PROXY_URL": server.url], input: "{}")
    #expect(output.status == 65, "\(output.errorText)")
    #expect(try json(try site.run("audit", "verify", "--database", site.source, "--json"))["rows"] == 10)
  }
}
