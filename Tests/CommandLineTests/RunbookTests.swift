// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import TestSupport
import Testing

/// The signing runbook's own words, row by row; each test quotes what it holds the program to.
@Suite(
  "The signing runbook",
  .enabled(if: TemporaryPostgres.isUsable && Ministack.isUsable, "scripts/dependencies test installs ministack"))
struct RunbookTests {
  private let program = Fixtures.product("memoryctl")

  private func run(_ arguments: String..., with environment: [String: String?], input: String = "") throws
    -> CommandOutput
  {
    try Command.run(
      program, arguments, environment: environment, inheritsEnvironment: false, input: Array(input.utf8))
  }

  private func kms(_ spec: String, _ usage: String = "SIGN_VERIFY", allowing: String? = nil) throws -> [String: String?]
  {
    let server = try Ministack.shared()
    var variables: [String: String?] = try server.environment(allowing: allowing).mapValues { $0 }
    variables["AUDIT_SIGNING_KMS_KEY_ID"] = try server.createKey(spec: spec, usage: usage)
    return variables
  }

  /// The signer of events, as `signer test` shows it.
  private func events(_ environment: [String: String?]) throws -> JSONValue {
    let output = try run("signer", "test", "--json", with: environment)
    let signers = try json(output)["signers"]?.array ?? []
    return try #require(signers.first { $0["use"] == "events" }, "\(output.errorText)")
  }

  // MARK: 1. Supported signing backends

  // "Supported algorithms: HMAC (HMAC_SHA_256), RSA (RSASSA_PKCS1_V1_5_SHA_256), ED25519 (if your KMS supports it)."
  @Test(
    "section 1: AWS KMS",
    arguments: [
      ("HMAC_256", "GENERATE_VERIFY_MAC", "hmac-sha256"), ("RSA_2048", "SIGN_VERIFY", "rsa-sha256"),
      ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY", "ed25519"),
    ])
  func kmsBackends(spec: String, usage: String, algorithm: String) throws {
    var variables = try kms(spec, usage)
    variables["AUDIT_SIGNING_ALG"] = algorithm
    let signer = try events(variables)
    #expect(signer["backend"] == "kms" && signer["ok"] == true)
    #expect(signer["algorithm"]?.string == algorithm)
  }

  // "SIGNING_PROXY_URL points to an internal signing proxy that exposes /sign/hash, /sign/canonical, /verify. The proxy
  // must authenticate callers (mTLS or API key)."
  @Test("section 1: signing proxy")
  func proxyBackend() throws {
    let proxy = try ServingProgram(["dev", "signing-proxy"], environment: ["SIGNING_PROXY_API_KEY": "right"])
    let variables = ["SIGNING_PROXY_URL": proxy.url, "SIGNING_PROXY_API_KEY": "right"]
    let signer = try events(variables)
    #expect(signer["backend"] == "proxy" && signer["ok"] == true)
    let refused = try run("signer", "test", with: variables.merging(["SIGNING_PROXY_API_KEY": "wrong"]) { $1 })
    #expect(refused.status == 77)
  }

  // "MOCK_AUDIT_SIGNING_KEY or AUDIT_SIGNING_KEY used by mock signer … for local dev and CI. Do not use in production."
  @Test("section 1: mock and local key")
  func localBackends() throws {
    #expect(try events(["MOCK_AUDIT_SIGNING_KEY": "a-mock-key"])["backend"] == "mock")
    #expect(try events(["AUDIT_SIGNING_KEY": "test-ci-signing-key"])["backend"] == "local")
    let mock = try run("signer", "test", with: ["MOCK_AUDIT_SIGNING_KEY": "a-mock-key", "NODE_ENV": "production"])
    #expect(mock.status == 78, "\(mock.text)")
    let local = try run("signer", "test", with: ["AUDIT_SIGNING_KEY": "a-key-of-ours", "NODE_ENV": "production"])
    #expect(local.status == 0 && local.errorText.contains("emergencies"), "\(local.errorText)")
  }

  // MARK: 2. Environment variables

  // "AUDIT_SIGNING_KMS_KEY_ID — KMS KeyId / ARN (preferred for prod)", "SIGNING_PROXY_URL … (optional)",
  // "AUDIT_SIGNING_KEY / MOCK_AUDIT_SIGNING_KEY — local fallback key".
  @Test("section 2: KMS goes before a proxy, a proxy before the mock, the mock before a local key")
  func order() throws {
    let proxy = try ServingProgram(["dev", "signing-proxy"], environment: [:])
    var variables = try kms("HMAC_256", "GENERATE_VERIFY_MAC")
    variables["SIGNING_PROXY_URL"] = proxy.url
    variables["MOCK_AUDIT_SIGNING_KEY"] = "a-mock-key"
    variables["AUDIT_SIGNING_KEY"] = "a-local-key"
    for (backend, name) in [
      ("kms", "AUDIT_SIGNING_KMS_KEY_ID"), ("proxy", "SIGNING_PROXY_URL"), ("mock", "MOCK_AUDIT_SIGNING_KEY"),
      ("local", "AUDIT_SIGNING_KEY"),
    ] {
      #expect(try events(variables)["backend"]?.string == backend)
      variables[name] = nil
    }
    #expect(try run("signer", "check", with: variables).status == 78)
  }

  // "AUDIT_SIGNING_ALG — hmac-sha256, rsa-sha256, ed25519 (default hmac-sha256)."
  @Test("section 2: AUDIT_SIGNING_ALG")
  func algorithm() throws {
    let key = Fixtures.path("chain/ed25519.pem")
    let both: [String: String?] = ["AUDIT_SIGNING_KEY": "a-key", "AUDIT_SIGNING_PRIVATE_KEY": key]
    #expect(try events(both)["algorithm"] == "hmac-sha256")
    #expect(try events(both.merging(["AUDIT_SIGNING_ALG": "ed25519"]) { $1 })["algorithm"] == "ed25519")
    let unfit = try run("signer", "test", with: both.merging(["AUDIT_SIGNING_ALG": "rsa-sha256"]) { $1 })
    #expect(unfit.status == 78 && "\(unfit.text)\(unfit.errorText)".contains("AUDIT_SIGNING_ALG"))
    let unknown = try run("signer", "test", with: both.merging(["AUDIT_SIGNING_ALG": "md5"]) { $1 })
    #expect(
      unknown.status == 78 && "\(unknown.text)\(unknown.errorText)".contains("hmac-sha256, rsa-sha256 or ed25519"))
  }

  // MARK: 3. Startup checks

  // "If NODE_ENV=production or REQUIRE_KMS=true, at least one of the following must be present: AUDIT_SIGNING_KMS_KEY_ID,
  // SIGNING_PROXY_URL, AUDIT_SIGNING_KEY / AUDIT_SIGNING_PRIVATE_KEY (emergency only)."
  @Test("section 3: any of the four is enough to start", arguments: ["NODE_ENV=production", "REQUIRE_KMS=true"])
  func startUp(demand: String) throws {
    let parts = demand.split(separator: "=").map(String.init)
    let proxy = try ServingProgram(["dev", "signing-proxy"], environment: [:])
    let settings: [[String: String?]] = [
      try kms("HMAC_256", "GENERATE_VERIFY_MAC"), ["SIGNING_PROXY_URL": proxy.url], ["AUDIT_SIGNING_KEY": "a-key"],
      ["AUDIT_SIGNING_PRIVATE_KEY": Fixtures.path("chain/ed25519.pem")],
    ]
    for setting in settings {
      let server = try ServingProgram(["serve"], environment: setting.merging([parts[0]: parts[1]]) { $1 })
      #expect(try server.get("/readyz").status == 200)
      #expect(try server.stop().status == 0)
    }
    let nothing = try run("serve", "--listen", "127.0.0.1:0", with: [parts[0]: parts[1]])
    #expect(nothing.status == 78)
  }

  // "/readyz aggregates getAuditHealth() which probes KMS (DescribeKey), signing proxy (basic GET), and mock signer (test
  // sign/verify)."
  @Test("section 3: how each backend is probed")
  func probes() throws {
    let front = try FaultServer(handler: FaultServer.forwarding(to: try Ministack.shared().url))
    var variables = try kms("HMAC_256", "GENERATE_VERIFY_MAC")
    for (name, value) in try Ministack.shared().environment(through: front.url) { variables[name] = value }
    let kmsServer = try ServingProgram(["serve"], environment: variables)
    #expect(try kmsServer.get("/readyz").status == 200)
    let targets = Set(front.requests.compactMap { $0.header("x-amz-target") })
    #expect(targets.contains("TrentService.DescribeKey"))
    #expect(targets.isDisjoint(with: ["TrentService.Sign", "TrentService.GenerateMac"]))

    let proxy = try ServingProgram(["dev", "signing-proxy"], environment: [:])
    let proxyFront = try FaultServer(handler: FaultServer.forwarding(to: proxy.url))
    let proxyServer = try ServingProgram(["serve"], environment: ["SIGNING_PROXY_URL": proxyFront.url])
    #expect(try proxyServer.get("/readyz").status == 200)
    #expect(proxyFront.requests.contains { $0.method == "GET" })

    let mock = try ServingProgram(["serve"], environment: ["MOCK_AUDIT_SIGNING_KEY": "a-mock-key"])
    let signer = try mock.get("/readyz").json["signers"]?.array?.first
    #expect(signer?["detail"]?.string?.contains("signed and verified") == true)
  }

  // MARK: 7. CI and local development

  // "Use ci-env-setup.sh to auto-start the mock proxy during CI jobs."
  @Test("section 7: a CI job signs through the mock proxy that scripts/ci-env starts")
  func continuousIntegration() throws {
    let directory = try TemporaryDirectory("ci")
    let root = URL(fileURLWithPath: Fixtures.directory).deletingLastPathComponent().deletingLastPathComponent().path
    let job = """
      set -e
      eval "$("$0/scripts/ci-env" start "$1/proxy")"
      trap '"$0/scripts/ci-env" stop "$1/proxy"' EXIT
      test "$REQUIRE_KMS" = false
      "$MEMORYCTL" signer test --json
      """
    let output = try Command.run(
      "bash", ["-c", job, root, directory.path], environment: ["MEMORYCTL": program], inheritsEnvironment: false)
    #expect(output.status == 0, "\(output.errorText)")
    let signers = try json(output)["signers"]?.array ?? []
    #expect(signers.allSatisfy { $0["backend"] == "proxy" && $0["ok"] == true } && !signers.isEmpty)
    let pid = try? String(contentsOfFile: directory("proxy/pid"), encoding: .utf8)
    #expect(pid == nil)
  }

  // MARK: 8. Operational troubleshooting

  // "Validate environment variables listed in section 2."
  @Test("section 8: start-up failure names what to set")
  func startUpFailure() throws {
    let output = try run("signer", "check", with: ["NODE_ENV": "production"])
    #expect(output.status == 78)
    #expect(output.errorText.contains("Audit signing is required but no signer is configured"))
    for name in ["AUDIT_SIGNING_KMS_KEY_ID", "SIGNING_PROXY_URL", "AUDIT_SIGNING_KEY", "AUDIT_SIGNING_PRIVATE_KEY"] {
      #expect(output.errorText.contains(name))
    }
  }

  // "If expecting KMS, ensure AWS credentials & region available and AUDIT_SIGNING_KMS_KEY_ID is correct."
  @Test("section 8: KMS without credentials, without a region, with another key, without permission")
  func kmsSettings() throws {
    let variables = try kms("HMAC_256", "GENERATE_VERIFY_MAC")
    func check(_ change: [String: String?], _ status: Int32, _ words: String) throws {
      let output = try run("signer", "check", with: variables.merging(change) { $1 })
      #expect(output.status == status, "\(change): \(output.text)")
      #expect(output.text.contains(words), "\(change): \(output.text)")
    }
    try check(["AWS_ACCESS_KEY_ID": nil, "AWS_SECRET_ACCESS_KEY": nil], 78, "AWS_ACCESS_KEY_ID")
    // An ARN names the region, as a server's own address does for want of another; an id alone does not.
    let id = variables["AUDIT_SIGNING_KMS_KEY_ID"]??.split(separator: "/").last.map(String.init)
    let nowhere: [String: String?] = [
      "AUDIT_SIGNING_KMS_KEY_ID": id, "AWS_REGION": nil, "AWS_ENDPOINT_URL_KMS": nil,
    ]
    try check(nowhere, 78, "AWS_REGION")
    let absent = "00000000-0000-0000-0000-000000000000"
    try check(["AUDIT_SIGNING_KMS_KEY_ID": absent], 78, "KMS has no such key in this account and region")
    try check(["AWS_SECRET_ACCESS_KEY": "another"], 77, "AWS_SECRET_ACCESS_KEY")
  }

  // "If using signing proxy, confirm SIGNING_PROXY_URL reachable and SIGNING_PROXY_API_KEY (if set) matches."
  @Test("section 8: a proxy that cannot be reached, or does not know us")
  func proxySettings() throws {
    let dead = try run(
      "signer", "check", with: ["SIGNING_PROXY_URL": "http://127.0.0.1:\(try FaultServer.closedPort())"])
    #expect(dead.status == 69 && dead.text.contains("http://127.0.0.1:"))
    let proxy = try ServingProgram(["dev", "signing-proxy"], environment: ["SIGNING_PROXY_API_KEY": "right"])
    let refused = try run(
      "signer", "test", with: ["SIGNING_PROXY_URL": proxy.url, "SIGNING_PROXY_API_KEY": "S3cr3t"])
    #expect(refused.status == 77 && refused.text.contains("SIGNING_PROXY_API_KEY"))
    #expect(!"\(refused.text)\(refused.errorText)".contains("S3cr3t"))
  }

  // "If KMS is unreachable, verify networking and IAM permissions; attempt a single aws kms describe-key --key-id <id>."
  @Test("section 8: an event that cannot be signed names the call, and what to look at")
  func runtime() throws {
    let site = try Site()
    try site.makeChain(rows: 10)
    var variables = try kms("HMAC_256", "GENERATE_VERIFY_MAC")
    variables["AUDIT_SIGNING_KEY"] = .some(nil)
    variables["AWS_MAX_ATTEMPTS"] = "1"
    variables["AWS_ENDPOINT_URL_KMS"] = "http://127.0.0.1:\(try FaultServer.closedPort())"
    let output = try site.run("audit", "append", "--type", "t", "--payload", "-", change: variables, input: "{}")
    #expect(output.status == 69, "\(output.errorText)")
    #expect(output.errorText.contains("kms DescribeKey"), "\(output.errorText)")
    let checked = try site.run("signer", "check", "--json", change: variables)
    let events = try json(checked)["signers"]?.array?.first { $0["use"] == "events" }
    #expect(checked.status == 69 && events?["reachable"] == false)
  }

  // "Use verifyTool.ts to replay/verify audit chain. For archived bundles, use verificationCliWrapper.ts."
  @Test("section 8: verification failures are looked into by audit verify, of table, archive and single bundle")
  func verification() throws {
    let site = try Site()
    try site.makeChain(rows: 10, days: 1)
    #expect(try site.run("audit", "archive").status == 0)
    let bundle = site.directory("archive/memory-layer/bundles/\(try #require(try site.bundles().first))")
    for arguments in [
      ["audit", "verify"], ["audit", "verify", "--database", site.source], ["audit", "verify", bundle],
    ] {
      #expect(try site.run(arguments).status == 0, "\(arguments)")
    }
  }
}
