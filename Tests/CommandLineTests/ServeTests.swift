// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

@Suite("serve")
struct ServeTests {
  private let keys = ["AUDIT_SIGNING_KEY": "a-key"]

  private func metric(_ name: String, _ program: ServingProgram) throws -> String? {
    let text = String(decoding: try program.send("GET", "/metrics").body, as: UTF8.self)
    return text.split(separator: "\n").first { $0.hasPrefix(name) }?.split(separator: " ").last.map(String.init)
  }

  @Test("a signer that works is ready; the process ends by SIGTERM and SIGINT", arguments: [SIGTERM, SIGINT])
  func ready(signal: Int32) throws {
    let program = try ServingProgram(["serve"], environment: keys)
    let health = try program.get("/healthz")
    #expect(health.status == 200 && health.json["status"] == "ok")
    let ready = try program.get("/readyz")
    #expect(ready.status == 200 && ready.json["status"] == "ok")
    #expect(ready.json["archive"] == .null)
    let signer = try #require(ready.json["signers"]?.array?.first)
    #expect(signer["backend"] == "local" && signer["ok"] == true && signer["kid"] == "local-hmac")
    #expect(try metric("memory_audit_signer_up{use=\"events\"", program) == "1")
    #expect(try metric("memory_audit_sign_failures_total{use=\"events\"", program) == "0")
    #expect(try program.send("GET", "/nothing").status == 404)
    #expect(try program.stop(signal).status == 0)
  }

  @Test("HEAD is answered as GET is, without a body")
  func head() throws {
    let program = try ServingProgram(["serve"], environment: keys)
    for path in ["/healthz", "/readyz", "/metrics"] {
      let answer = try program.send("HEAD", path)
      #expect(answer.status == 200 && answer.body.isEmpty, "\(path)")
    }
  }

  @Test("a key that the registry revokes while it runs is seen")
  func revoked() throws {
    let directory = try TemporaryDirectory("registry")
    let file = directory("signers.json")
    let text = try Fixtures.text("registry.json")
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let program = try ServingProgram(
      ["serve", "--probe-seconds", "1"],
      environment: ["AUDIT_SIGNING_PRIVATE_KEY": Fixtures.path("chain/ed25519.pem"), "AUDIT_SIGNERS_FILE": file])
    #expect(try program.get("/readyz").status == 200)
    try text.replacingOccurrences(
      of: "\"signer_kid\": \"vector-ed25519\"",
      with: "\"revokedAt\": \"2026-01-01T00:00:00Z\", \"signer_kid\": \"vector-ed25519\""
    ).write(toFile: file, atomically: true, encoding: .utf8)
    while try program.get("/readyz").status != 503 { usleep(50_000) }
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    while try program.get("/readyz").status != 200 { usleep(50_000) }
  }

  @Test("in production neither the mock, nor a signer of manifests alone, nor a slip in a variable lets it start")
  func evasions() throws {
    let directory = try TemporaryDirectory("evasions")
    try "production".write(toFile: directory("env"), atomically: true, encoding: .utf8)
    let demands: [[String: String]] = [
      ["NODE_ENV": "production"], ["NODE_ENV": "Production "], ["NODE_ENV_FILE": directory("env")],
      ["REQUIRE_KMS": "true "], ["REQUIRE_KMS": "ja"],
    ]
    let manifests = ["AUDIT_MANIFEST_SIGNER": "local:" + Fixtures.path("chain/ed25519.pem")]
    for demand in demands {
      for signers in [[:], manifests] {
        let output = try Command.run(
          Fixtures.product("memoryctl"), ["serve", "--listen", "127.0.0.1:0"],
          environment: demand.merging(signers) { $1 }.mapValues { $0 }, inheritsEnvironment: false)
        #expect(output.status == 78, "\(demand) \(signers)")
      }
    }
    let mock = try Command.run(
      Fixtures.product("memoryctl"), ["signer", "test"],
      environment: ["NODE_ENV": "production", "MOCK_AUDIT_SIGNING_KEY": "a-key"], inheritsEnvironment: false)
    #expect(mock.status == 78)
  }

  // Runbook, section 3: "If no configured signer, /readyz returns degraded."
  @Test("without a signer it is degraded, and alive")
  func degraded() throws {
    let program = try ServingProgram(["serve"], environment: [:])
    let ready = try program.get("/readyz")
    #expect(ready.status == 503 && ready.json["status"] == "degraded")
    #expect(ready.json["detail"] == "no signer is configured")
    #expect(try program.get("/healthz").status == 200)
  }

  // Runbook, section 3: "If none are present the service exits with an actionable error message and non-zero status."
  @Test(
    "where signing is required it does not start without one", arguments: ["REQUIRE_KMS=true", "NODE_ENV=production"])
  func required(variable: String) throws {
    let parts = variable.split(separator: "=").map(String.init)
    let output = try Command.run(
      Fixtures.product("memoryctl"), ["serve", "--listen", "127.0.0.1:0"], environment: [parts[0]: parts[1]],
      inheritsEnvironment: false)
    #expect(output.status == 78)
    #expect(output.errorText.contains("Audit signing is required but no signer is configured"))
    #expect(output.errorText.contains("AUDIT_SIGNING_KMS_KEY_ID"))
  }

  @Test("a proxy that goes and comes back is seen, and counted")
  func proxy() throws {
    let port = try FaultServer.closedPort()
    let program = try ServingProgram(
      ["serve", "--probe-seconds", "1"],
      environment: ["SIGNING_PROXY_URL": "http://127.0.0.1:\(port)", "SIGNING_PROXY_API_KEY": "an-api-key"])
    let down = try program.get("/readyz")
    #expect(down.status == 503)
    let signer = try #require(down.json["signers"]?.array?.first)
    #expect(signer["reachable"] == false && signer["backend"] == "proxy")
    #expect(try metric("memory_audit_signer_up{use=\"events\",backend=\"proxy\"", program) == "0")
    #expect(try metric("memory_audit_sign_failures_total{use=\"events\"", program) != "0")
    #expect(!program.command.errorSoFar.contains("an-api-key"))

    let proxy = try Command(
      Fixtures.product("memoryctl"), ["dev", "signing-proxy", "--listen", "127.0.0.1:\(port)"],
      environment: ["SIGNING_PROXY_API_KEY": "an-api-key"], inheritsEnvironment: false)
    while try program.get("/readyz").status != 200 { usleep(50_000) }
    proxy.signal(SIGKILL)
    _ = try proxy.wait()
    while try program.get("/readyz").status != 503 { usleep(50_000) }
  }

  // The port accepts connections and never answers.
  @Test("a proxy that hangs keeps nobody waiting for longer than --timeout")
  func hanging() throws {
    let deaf = try DeafServer()
    let program = try ServingProgram(
      ["serve", "--timeout", "1"], environment: ["SIGNING_PROXY_URL": "http://127.0.0.1:\(deaf.port)"])
    let answers = try (0..<3).map { _ in try program.get("/readyz") }
    #expect(answers.allSatisfy { $0.status == 503 })
    let detail = answers[0].json["signers"]?.array?.first?["detail"]?.string
    #expect(detail?.contains("no answer within 1000 ms") == true, "\(detail ?? "")")
    #expect(try program.get("/healthz").status == 200)
    #expect(try metric("memory_audit_signer_up{use=\"events\"", program) == "0")
  }

  @Test("an address that is taken, or that is none")
  func address() throws {
    let program = try ServingProgram(["serve"], environment: keys)
    let taken = try Command.run(
      Fixtures.product("memoryctl"), ["serve", "--listen", String(program.url.dropFirst("http://".count))],
      environment: keys.mapValues { $0 }, inheritsEnvironment: false)
    #expect(taken.status == 78 && taken.errorText.contains("--listen"), "\(taken.errorText)")
    for listen in ["8080", "127.0.0.1:99999", "http://127.0.0.1:80"] {
      let output = try Command.run(
        Fixtures.product("memoryctl"), ["serve", "--listen", listen], environment: [:], inheritsEnvironment: false)
      #expect(output.status == 64, "\(listen)")
    }
  }
}

@Suite("serve, with an archive", .enabled(if: TemporaryPostgres.isUsable))
struct ServeArchiveTests {
  @Test("how far the archive reaches is shown; a drill moves it on")
  func freshness() throws {
    let site = try Site()
    try site.makeChain(rows: 60)
    #expect(try site.run("audit", "archive").status == 0)
    let program = try ServingProgram(["serve"], environment: site.environment)
    let archive = try program.get("/readyz").json["archive"]
    let status = try json(try site.run("audit", "status", "--json"))
    #expect(archive?["newestClosedDay"] == status["newestClosedDay"] && archive?["newestClosedDay"] != nil)
    #expect(archive?["manifests"] == 3)
    #expect(archive?["lastDrill"] == .null)
    #expect(try site.run("audit", "drill").status == 0)
    let again = try ServingProgram(["serve"], environment: site.environment)
    let drill = try json(try site.run("audit", "status", "--json"))["lastDrill"]
    #expect(try again.get("/readyz").json["archive"]?["lastDrill"] == drill && drill != .null)
    let text = String(decoding: try again.send("GET", "/metrics").body, as: UTF8.self)
    #expect(text.contains("\nmemory_audit_archive_manifests{stream=\"memory-layer\"} 3\n"))
    #expect(text.contains("\nmemory_audit_archive_last_drill_timestamp_seconds{stream=\"memory-layer\"} 1"))
  }

  @Test("an archive that cannot be looked at is said, and the signer is ready all the same")
  func missing() throws {
    let site = try Site()
    let program = try ServingProgram(["serve"], environment: site.environment)
    let ready = try program.get("/readyz")
    #expect(ready.status == 200)
    #expect(ready.json["archive"]?["manifests"] == 0)
  }
}
