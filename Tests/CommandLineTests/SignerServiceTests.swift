// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import TestSupport
import Testing

@Suite(
  "Signing by services, from the command line",
  .enabled(if: TemporaryPostgres.isUsable && Ministack.isUsable, "scripts/dependencies test installs ministack"))
struct SignerServiceTests {
  /// Variables with which events are signed by an HMAC key of KMS and manifests by an Ed25519 key there.
  private func kms(through url: String? = nil) throws -> [String: String?] {
    let server = try Ministack.shared()
    let events = try server.createKey(spec: "HMAC_256", usage: "GENERATE_VERIFY_MAC")
    let manifests = try server.createKey(spec: "ECC_NIST_EDWARDS25519")
    var variables: [String: String?] = try server.environment(through: url).mapValues { $0 }
    variables["AUDIT_SIGNING_KMS_KEY_ID"] = events
    variables["AUDIT_MANIFEST_SIGNER"] = "kms:\(manifests):ed25519"
    variables["AUDIT_SIGNING_KEY"] = .some(nil)
    return variables
  }

  private func signers(_ output: CommandOutput) throws -> [JSONValue] { try json(output)["signers"]?.array ?? [] }

  @Test("signer check and signer test of keys of KMS")
  func check() throws {
    let site = try Site()
    let variables = try kms()
    for command in ["check", "test"] {
      let output = try site.run("signer", command, "--json", change: variables)
      #expect(output.status == 0, "\(output.errorText)")
      let signers = try signers(output)
      #expect(signers.map { $0["use"]?.string } == ["events", "manifests"])
      for signer in signers {
        #expect(
          names(signer) == [
            "use", "backend", "kid", "algorithm", "configured", "reachable", "ok", "latencyMilliseconds", "detail",
          ])
        #expect(signer["backend"] == "kms" && signer["ok"] == true)
        #expect(signer["latencyMilliseconds"]?.integer.map { $0 >= 0 } == true)
      }
      let table = try site.run("signer", command, change: variables)
      #expect(table.text.contains(#/events +ok +kms +\d+ ms +arn:aws:kms:.+ \(hmac-sha256\): /#), "\(table.text)")
    }
  }

  @Test("a table of signers has those that cannot be used, too, and exits by what is wrong")
  func failing() throws {
    let site = try Site()
    let key = try PrivateKey(pem: Fixtures.bytes("chain/ed25519.pem"))
    let proxy = try SigningProxyServer(.own(key), kid: "vector-ed25519", apiKey: "API-KEY")
    var variables = try kms()
    variables["AUDIT_MANIFEST_SIGNER"] = "proxy:" + proxy.url
    variables["SIGNING_PROXY_API_KEY"] = "API-KEY"
    variables["AUDIT_SIGNERS_FILE"] = Fixtures.path("registry.json")
    let good = try site.run("signer", "test", "--json", change: variables)
    #expect(good.status == 0, "\(good.errorText)")
    #expect(try signers(good).map { $0["backend"]?.string } == ["kms", "proxy"])
    for (change, status, isConfigured, isReachable) in [
      (["SIGNING_PROXY_API_KEY": "wrong"], 77, true, true), (["AUDIT_SIGNERS_FILE": nil], 0, true, true),
      (["AUDIT_MANIFEST_SIGNER": "proxy:http://127.0.0.1:\(try FaultServer.closedPort())"], 69, true, false),
      (["AUDIT_MANIFEST_SIGNER": "proxy:ftp://x"], 78, false, true),
    ] as [([String: String?], Int32, Bool, Bool)] {
      let output = try site.run("signer", "check", "--json", change: variables.merging(change) { $1 })
      #expect(output.status == status, "\(output.text)\(output.errorText)")
      let signers = try signers(output)
      #expect(signers.count == 2 && signers.first?["ok"] == true)
      #expect(signers.last?["ok"]?.bool == (status == 0))
      #expect(signers.last?["configured"]?.bool == isConfigured && signers.last?["reachable"]?.bool == isReachable)
    }
  }

  @Test("a chain signed by an HMAC key of KMS is archived, verified and drilled; the report counts what was checked")
  func chain() throws {
    let site = try Site()
    let front = try FaultServer(handler: FaultServer.forwarding(to: try Ministack.shared().url))
    let variables = try kms(through: front.url)
    #expect(try site.run("dev", "chain", "--rows", "40", "--days", "2", change: variables).status == 0)
    let archived = try site.run("audit", "archive", "--json", change: variables)
    #expect(archived.status == 0, "\(archived.errorText)")
    #expect(try json(archived)["signatures"]?["valid"] == 40)
    func calls() -> Int { front.requests.count { $0.header("x-amz-target") == "TrentService.VerifyMac" } }
    for (policy, valid, skipped) in [("all", 40, 0), ("none", 0, 40)] {
      let before = calls()
      let output = try site.run("audit", "verify", "--json", "--signatures", policy, change: variables)
      #expect(output.status == 0, "\(output.errorText)")
      let counts = try json(output)["signatures"]
      #expect(counts?["valid"]?.integer == Int64(valid) && counts?["skipped"]?.integer == Int64(skipped))
      #expect(calls() - before == valid)
    }
    let drilled = try site.run("audit", "drill", "--json", "--select", "all", change: variables)
    #expect(drilled.status == 0, "\(drilled.text)\(drilled.errorText)")
    let appended = try site.run("audit", "append", "--type", "t", "--payload", "-", change: variables, input: "{}")
    #expect(appended.status == 0, "\(appended.errorText)")
    let table = try site.run("audit", "verify", "--json", "--database", site.source, change: variables)
    #expect(try table.status == 0 && json(table)["signatures"]?["valid"] == 41)

    // A row of somebody who has no key.
    let server = try TemporaryPostgres.shared()
    let database = try #require(site.source.split(separator: "/").last?.removingPercentEncoding)
    try server.execute(
      """
      UPDATE public.audit_events SET signature = '\(Base64.encode(SHA256.hash([]).bytes))'
      WHERE prev_hash IS NULL
      """, in: database)
    let forged = try site.run("audit", "verify", "--json", "--database", site.source, change: variables)
    #expect(try forged.status == 65 && json(forged)["signatures"]?["invalid"] == 1)
  }

  @Test("an event that KMS does not sign is not appended")
  func unsigned() throws {
    let site = try Site()
    let front = try FaultServer(handler: FaultServer.forwarding(to: try Ministack.shared().url))
    let variables = try kms(through: front.url).merging(["AWS_MAX_ATTEMPTS": "1"]) { $1 }
    #expect(try site.run("dev", "chain", "--rows", "5", "--days", "1", change: variables).status == 0)
    front.inject(
      .alter { request, response in
        request.header("x-amz-target") == "TrentService.GenerateMac" ? ServedResponse(503) : response
      }, times: .max)
    let lost = try site.run("audit", "append", "--type", "t", "--payload", "-", change: variables, input: "{}")
    #expect(lost.status == 69 && lost.errorText.contains("kms GenerateMac"), "\(lost.errorText)")
    front.removeFaults()
    let table = try site.run("audit", "verify", "--json", "--database", site.source, change: variables)
    #expect(try table.status == 0 && json(table)["rows"] == 5)
    #expect(
      try site.run("audit", "append", "--type", "t", "--payload", "-", change: variables, input: "{}").status == 0)
  }

  @Test("KMS that does not answer: nobody has looked, which is neither intact nor broken")
  func unreachable() throws {
    let site = try Site()
    let front = try FaultServer(handler: FaultServer.forwarding(to: try Ministack.shared().url))
    let variables = try kms(through: front.url).merging(["AWS_MAX_ATTEMPTS": "1"]) { $1 }
    #expect(try site.run("dev", "chain", "--rows", "20", "--days", "1", change: variables).status == 0)
    #expect(try site.run("audit", "archive", change: variables).status == 0)
    front.inject(
      .alter { request, response in
        request.header("x-amz-target") == "TrentService.VerifyMac" ? ServedResponse(503) : response
      }, times: .max)
    let rows = try site.run("audit", "verify", change: variables)
    #expect(rows.status == 69 && rows.errorText.contains("kms VerifyMac"), "\(rows.errorText)")
    front.stop()
    for arguments in [["audit", "verify"], ["audit", "archive"], ["audit", "status"], ["audit", "drill"]] {
      let output = try site.run(arguments, change: variables)
      #expect(output.status == 69, "\(arguments): \(output.errorText)")
    }
    for arguments in [["manifest", "list"], ["manifest", "show", "0"], ["audit", "verify", "--no-signatures"]] {
      let output = try site.run(arguments, change: variables)
      #expect(output.status == 0, "\(arguments): \(output.errorText)")
      #expect(output.errorText.contains("the signer's key is not at hand"))
    }
  }
}

@Suite("What signing demands in production", .enabled(if: TemporaryPostgres.isUsable))
struct SigningDemandTests {
  private static let signing = [
    ["audit", "archive"], ["audit", "drill"], ["audit", "append", "--type", "t", "--payload", "/dev/null"],
    ["dev", "chain"], ["signer", "check"], ["signer", "test"],
  ]

  @Test("no signer: each command that signs stops before it connects to anything", arguments: signing)
  func nothing(arguments: [String]) throws {
    let site = try Site()
    let server = try FaultServer()
    let url = "postgresql://postgres@127.0.0.1:\(server.port)/x"
    for demand in [["REQUIRE_KMS": "true"], ["NODE_ENV": "production"]] {
      let change: [String: String?] = [
        "AUDIT_MANIFEST_SIGNER": nil, "AUDIT_SIGNING_KEY": nil, "DATABASE_URL": url, "STAGING_DATABASE_URL": url,
        "AUDIT_ARCHIVE_URL": "s3://bucket/prefix", "S3_ENDPOINT": server.url, "AWS_ENDPOINT_URL": server.url,
      ]
      let output = try site.run(arguments, change: change.merging(demand.mapValues { $0 }) { $1 })
      #expect(output.status == 78, "\(output.errorText)")
      #expect(output.errorText.contains("Audit signing is required but no signer is configured"))
    }
    #expect(server.connections == 0)
  }

  @Test("a candidate is tried out, with a warning, and signs nothing else")
  func candidate() throws {
    let site = try Site()
    let text = try Fixtures.text("registry.json").replacingOccurrences(
      of: "\"signer_kid\": \"vector-ed25519\"", with: "\"status\": \"candidate\", \"signer_kid\": \"vector-ed25519\"")
    try text.write(toFile: site.directory("signers.json"), atomically: false, encoding: .utf8)
    let change: [String: String?] = ["AUDIT_SIGNERS_FILE": site.directory("signers.json")]
    let tried = try site.run("signer", "test", change: change)
    #expect(tried.status == 0 && tried.errorText.contains("is a candidate"), "\(tried.errorText)")
    #expect(try site.run("audit", "archive", change: change).status == 78)
  }

  @Test("a local key signs, and says that it is for emergencies")
  func emergency() throws {
    let site = try Site()
    try site.makeChain(rows: 20)
    for (change, isWarned) in [(["NODE_ENV": "production"], true), ([:], false)] as [([String: String?], Bool)] {
      for arguments in [["audit", "archive"], ["signer", "check"]] {
        let output = try site.run(arguments, change: change)
        #expect(output.status == 0, "\(output.errorText)")
        #expect(output.errorText.contains("for emergencies only") == isWarned, "\(arguments)")
      }
    }
  }
}
