// SPDX-License-Identifier: Apache-2.0
import AuditCore
import HTTPTransport
import Testing
import TestSupport

@testable import AWS

@Suite("Roles by STS")
struct TokenServiceTests {
  @Test("a web identity's token is sent, unsigned, and read anew each time")
  func webIdentity() throws {
    let sts = try tokenServer()
    var around = try Surroundings()
    try around.webIdentity(sts, token: "FIRST")
    around.variables["AWS_ROLE_SESSION_NAME"] = "nightly"
    let session = try around.session()
    let credentials = try session.credentials.current()
    #expect(credentials.accessKeyID.text == "AK-web" && credentials.sessionToken?.text == "ST-web")
    #expect(credentials.expiration == Timestamp("2026-11-23T03:00:00Z"))
    let request = try #require(sts.requests.first)
    #expect(
      fields(request) == [
        "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/web",
        "RoleSessionName": "nightly", "WebIdentityToken": "FIRST",
      ])
    #expect(request.header("authorization") == nil && request.target == "/" && request.method == "POST")

    _ = try around.file("token", "SECOND")
    around.time.advance(3000)
    _ = try session.credentials.current()
    #expect(sts.requests.last.map(fields)?["WebIdentityToken"] == "SECOND")
  }

  @Test("a session has a name of ours where none is given")
  func sessionName() throws {
    let sts = try tokenServer()
    var around = try Surroundings()
    try around.webIdentity(sts)
    _ = try around.credentials()
    #expect(sts.requests.first.map(fields)?["RoleSessionName"] == "memoryctl-1795399200")
  }

  static let tokens: [(name: String, text: String?, words: String)] = [
    ("no file", nil, "cannot be read"), ("empty", "", "empty"), ("blank", " \n", "empty"),
    ("two lines", "a\nb", "no token"),
  ]

  @Test("a token file that holds none", arguments: tokens)
  func tokenFile(row: (name: String, text: String?, words: String)) throws {
    var around = try Surroundings()
    try around.webIdentity(try tokenServer())
    around.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = try row.text.map { try around.file("t", $0) } ?? "/nonexistent"
    let failure = #expect(throws: Failure.self) { try around.credentials() }
    #expect(failure?.status == .configuration && failure?.problem.contains(row.words) == true)
  }

  @Test("a role without its name")
  func noRole() throws {
    var around = try Surroundings()
    try around.webIdentity(try tokenServer())
    around.variables["AWS_ROLE_ARN"] = nil
    #expect(#expect(throws: Failure.self) { try around.credentials() }?.object == "AWS_ROLE_ARN")
  }

  @Test("a token that STS quotes is not shown")
  func redaction() throws {
    let sts = try FaultServer { request in
      let quoted = "<Error><Code>InvalidIdentityToken</Code><Message>no: \(fields(request)["WebIdentityToken"] ?? "")"
      return ServedResponse(400, text: "<ErrorResponse>\(quoted)</Message></Error></ErrorResponse>")
    }
    var around = try Surroundings()
    try around.webIdentity(sts, token: "THESECRETTOKEN")
    let failure = try #require(#expect(throws: Failure.self) { try around.credentials() })
    #expect(!printed(failure).contains("SECRET") && failure.problem.contains("no: ‹hidden›"))
  }

  static let answers: [(name: String, status: Int, body: String, ending: AuditCore.ExitStatus)] = [
    ("no credentials", 200, "<R><Other/></R>", .unavailable), ("no XML", 200, "ok", .unavailable),
    (
      "no time", 200,
      "<R><Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey><SessionToken>c</SessionToken>"
        + "<Expiration>soon</Expiration></Credentials></R>", .unavailable
    ),
    ("broken", 500, "", .unavailable),
    (
      "another identity provider's fault", 400,
      "<E><Error><Code>IDPCommunicationError</Code></Error></E>", .unavailable
    ),
    ("expired token", 400, "<E><Error><Code>ExpiredTokenException</Code></Error></E>", .permission),
  ]

  @Test("answers without credentials", arguments: answers)
  func endings(row: (name: String, status: Int, body: String, ending: AuditCore.ExitStatus)) throws {
    let sts = try FaultServer { _ in ServedResponse(row.status, text: row.body) }
    var around = try Surroundings()
    try around.webIdentity(sts)
    #expect(#expect(throws: Failure.self) { try around.credentials() }?.status == row.ending)
  }

  @Test("a lost reply is asked for again")
  func lostReply() throws {
    let sts = try tokenServer()
    sts.inject(.loseReply)
    var around = try Surroundings()
    try around.webIdentity(sts)
    #expect(try around.credentials().accessKeyID.text == "AK-web")
    #expect(sts.requests.count == 2)
  }

  @Test("STS is where the region says")
  func endpoint() throws {
    var around = try Surroundings()
    try around.webIdentity(try tokenServer())
    around.variables["AWS_ENDPOINT_URL_STS"] = nil
    let scripted = ScriptedExchange(.status(403))
    around.scripted = scripted
    #expect(throws: Failure.self) { try around.credentials() }
    #expect(scripted.requests.first?.url == "https://sts.eu-west-1.amazonaws.com/")
    around.variables["AWS_REGION"] = nil
    #expect(#expect(throws: Failure.self) { try around.credentials() }?.object == "AWS_REGION")
  }
}
