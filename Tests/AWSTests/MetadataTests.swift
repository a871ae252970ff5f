// SPDX-License-Identifier: Apache-2.0
import AuditCore
import HTTPTransport
import Testing
import TestSupport

@testable import AWS

/// A machine's metadata service, version 2, with one role.
func metadataServer(
  role: String? = "web role", credentials: String = document("MACHINE")
) throws -> FaultServer {
  try FaultServer { request in
    if request.method == "PUT" {
      let isSound =
        request.target == "/latest/api/token"
        && request.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600"
      return isSound ? ServedResponse(200, text: "METATOKEN") : ServedResponse(400)
    }
    guard request.header("x-aws-ec2-metadata-token") == "METATOKEN" else { return ServedResponse(401) }
    let path = "/latest/meta-data/iam/security-credentials/"
    guard let role else { return ServedResponse(404) }
    if request.target == path { return ServedResponse(200, text: role) }
    guard request.target == path + PercentEncoding.encode(role) else { return ServedResponse(404) }
    return ServedResponse(200, text: credentials)
  }
}

@Suite("Credential servers of containers and machines")
struct MetadataTests {
  private func machine(_ server: FaultServer) throws -> Surroundings {
    var around = try Surroundings()
    around.variables["AWS_EC2_METADATA_DISABLED"] = nil
    around.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url + "/"
    return around
  }

  @Test("a machine's role: a token, the role's name, its credentials")
  func instance() throws {
    let server = try metadataServer()
    let credentials = try machine(server).credentials()
    #expect(credentials.accessKeyID.text == "MACHINE" && credentials.sessionToken?.text == "T")
    #expect(credentials.source == "instance metadata (role web role)")
    #expect(server.requests.map(\.method) == ["PUT", "GET", "GET"])
  }

  static let absences: [(name: String, answer: ScriptedExchange.Answer, words: String)] = [
    ("nobody", .error(.connect, wasSent: false), "did not answer"), ("no address", .error(.resolve), "did not answer"),
    ("no token comes back", .error(.timeout), "hop limit"), ("forbidden", .status(403), "403"),
    ("not there", .status(404), "404"), ("not allowed", .status(405), "405"), ("broken", .status(500), "500"),
    ("an empty token", .status(200), "empty"), ("a page", .status(200, body: "<html>\n</html>"), "empty"),
  ]

  @Test("where no token comes, this is no machine with a role", arguments: absences)
  func absent(row: (name: String, answer: ScriptedExchange.Answer, words: String)) throws {
    var around = try Surroundings()
    around.variables["AWS_EC2_METADATA_DISABLED"] = nil
    around.scripted = ScriptedExchange(row.answer)
    let failure = #expect(throws: Failure.self) { try around.credentials() }
    #expect(failure?.status == .configuration && failure?.problem.contains(row.words) == true)
    #expect(around.scripted?.requests.allSatisfy { $0.method == "PUT" && $0.timeout == 1 } == true)
  }

  @Test("a service that is slow to come up is asked three times")
  func attempts() throws {
    let server = try metadataServer()
    server.inject(.answer(ServedResponse(503)), method: "PUT", times: 2)
    server.inject(.answer(ServedResponse(500)), method: "GET")
    server.inject(.answer(ServedResponse(200)), method: "GET", target: "*role*", nth: 1)
    let around = try machine(server)
    #expect(try around.credentials().accessKeyID.text == "MACHINE")
    #expect(around.pauses.seconds.count == 4)
    server.inject(.answer(ServedResponse(503)), method: "PUT", times: .max)
    #expect(throws: Failure.self) { try machine(server).credentials() }
    #expect(server.requests.count { $0.method == "PUT" } == 3 + 3)
  }

  static let settings: [(name: String, value: String, attempts: Int?, seconds: Double?)] = [
    ("AWS_METADATA_SERVICE_TIMEOUT", "5", 3, 5), ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1", 1, 1),
    ("AWS_METADATA_SERVICE_TIMEOUT", "0", nil, nil), ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "many", nil, nil),
  ]

  @Test("how long and how often is set by variables", arguments: settings)
  func setting(row: (name: String, value: String, attempts: Int?, seconds: Double?)) throws {
    var around = try Surroundings()
    around.variables["AWS_EC2_METADATA_DISABLED"] = nil
    around.variables[row.name] = row.value
    let scripted = ScriptedExchange(.error(.connect, wasSent: false))
    around.scripted = scripted
    let failure = #expect(throws: Failure.self) { try around.credentials() }
    #expect(scripted.requests.count == row.attempts ?? 0)
    #expect(scripted.requests.allSatisfy { $0.timeout == row.seconds })
    if row.attempts == nil { #expect(failure?.object == row.name) }
  }

  @Test("a request to stop is no absence")
  func cancelled() throws {
    var around = try Surroundings()
    around.scripted = ScriptedExchange(.error(.cancelled, wasSent: false))
    around.variables["AWS_EC2_METADATA_DISABLED"] = nil
    #expect(#expect(throws: Failure.self) { try around.credentials() }?.status == .tryLater)
    around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/"
    #expect(#expect(throws: Failure.self) { try around.credentials() }?.status == .tryLater)
  }

  @Test("a machine without a role")
  func noRole() throws {
    let server = try metadataServer(role: nil)
    let failure = #expect(throws: Failure.self) { try machine(server).credentials() }
    #expect(failure?.problem.contains("the machine has no role") == true)
  }

  @Test("a request that the service finds wrong, an error in the document, a document that is none")
  func faults() throws {
    let refusing = try FaultServer { _ in ServedResponse(400) }
    #expect(#expect(throws: Failure.self) { try machine(refusing).credentials() }?.status == .unavailable)
    for wrong in [#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"SECRET"}"#, "SECRET", #"{"Code":"Success"}"#] {
      let server = try metadataServer(credentials: wrong)
      let failure = #expect(throws: Failure.self) { try machine(server).credentials() }
      #expect(failure?.status == .unavailable && failure.map { "\($0)".contains("SECRET") } == false)
    }
  }

  @Test("where the service has nothing newer, what has ended is used on for a while")
  func staticStability() throws {
    let server = try metadataServer(credentials: document("OLD", expiration: "2026-11-23T01:00:00Z"))
    let around = try machine(server)
    let credentials = try around.credentials()
    #expect(credentials.accessKeyID.text == "OLD")
    #expect(credentials.expiration == Timestamp("2026-11-23T02:15:00Z"))
  }

  static let addresses: [(variables: [String: String], url: String)] = [
    ([:], "http://169.254.169.254/latest/api/token"),
    (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"], "http://[fd00:ec2::254]/latest/api/token"),
    (
      ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://[::1]:1/x/"],
      "http://[::1]:1/x/latest/api/token"
    ),
  ]

  @Test("where a machine's service is", arguments: addresses)
  func address(row: (variables: [String: String], url: String)) throws {
    var around = try Surroundings()
    around.variables["AWS_EC2_METADATA_DISABLED"] = nil
    around.variables.merge(row.variables) { $1 }
    around.scripted = ScriptedExchange(.status(404))
    #expect(throws: Failure.self) { try around.credentials() }
    #expect(around.scripted?.requests.first?.url == row.url)
  }

  @Test("a container's agent, with a token, or with one from a file that is read anew")
  func container() throws {
    let server = try FaultServer { request in
      ServedResponse(200, text: document(request.header("authorization") ?? "NONE", expiration: "2026-11-23T03:00:00Z"))
    }
    var around = try Surroundings()
    around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url + "/v1/credentials?a=b"
    #expect(try around.credentials().accessKeyID.text == "NONE")
    #expect(server.requests.first?.target == "/v1/credentials?a=b")
    around.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic TOKEN"
    #expect(try around.credentials().accessKeyID.text == "Basic TOKEN")
    around.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = try around.file("token", "FIRST\n")
    let session = try around.session()
    #expect(try session.credentials.current().accessKeyID.text == "FIRST")
    _ = try around.file("token", "SECOND")
    around.time.advance(3000)
    #expect(try session.credentials.current().accessKeyID.text == "SECOND")
  }

  @Test("ECS's address goes before a whole one")
  func relative() throws {
    var around = try Surroundings()
    around.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/x"
    around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/other"
    let scripted = ScriptedExchange(.status(200, body: document("ECS")))
    around.scripted = scripted
    #expect(try around.credentials().accessKeyID.text == "ECS")
    #expect(scripted.requests.map(\.url) == ["http://169.254.170.2/v2/credentials/x"])
  }

  static let refusals: [(name: String, variable: String, value: String)] = [
    ("another host", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/"),
    ("a host that looks like loopback", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1.example.com/"),
    ("the machine's service", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.169.254/"),
    ("no URL", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/v2"),
    ("another host by way of the path", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ".example.com/"),
  ]

  @Test("credentials are not asked for in the clear elsewhere", arguments: refusals)
  func hosts(row: (name: String, variable: String, value: String)) throws {
    var around = try Surroundings()
    around.variables[row.variable] = row.value
    let scripted = ScriptedExchange(.status(200, body: document("EVIL")))
    around.scripted = scripted
    let failure = #expect(throws: Failure.self) { try around.credentials() }
    #expect(failure?.status == .configuration && failure?.object == row.variable && scripted.requests.isEmpty)
  }

  static let trust: [(host: String, isTrusted: Bool)] = [
    ("localhost", true), ("127.0.0.1", true), ("127.9.9.9", true), ("[::1]", true), ("169.254.170.2", true),
    ("169.254.170.23", true), ("[fd00:ec2::23]", true), ("127.0.0.1.evil.com", false), ("127.0.0", false),
    ("128.0.0.1", false), ("localhost.evil.com", false), ("169.254.170.24", false), ("127.0.0.256", false),
    ("[::2]", false),
  ]

  @Test("hosts that are trusted in the clear", arguments: trust)
  func trusted(row: (host: String, isTrusted: Bool)) {
    #expect(ContainerCredentials.isTrusted(row.host) == row.isTrusted)
  }

  @Test("https may be anywhere")
  func https() throws {
    var around = try Surroundings()
    around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "https://example.com/creds"
    around.scripted = ScriptedExchange(.status(200, body: document("HTTPS")))
    #expect(try around.credentials().accessKeyID.text == "HTTPS")
  }

  static let answers: [(name: String, answer: ScriptedExchange.Answer, attempts: Int)] = [
    ("busy", .status(503), 3), ("unknown", .status(404), 1), ("forbidden", .status(403), 1),
    ("no JSON", .status(200, body: "x"), 3), ("nobody", .error(.connect, wasSent: false), 3),
    ("too long", .error(.tooLarge), 1),
  ]

  @Test("an agent that gives nothing", arguments: answers)
  func agents(row: (name: String, answer: ScriptedExchange.Answer, attempts: Int)) throws {
    var around = try Surroundings()
    around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/"
    let scripted = ScriptedExchange(row.answer)
    around.scripted = scripted
    let failure = #expect(throws: Failure.self) { try around.credentials() }
    #expect(failure?.status == .unavailable && scripted.requests.count == row.attempts)
    #expect(failure?.object?.contains("http://localhost/") == true)
  }

  @Test("a token that would end a header is refused")
  func headerInjection() throws {
    var around = try Surroundings()
    around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/"
    around.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "a\r\nx: SECRET"
    around.scripted = ScriptedExchange(.status(200, body: document("X")))
    let failure = #expect(throws: Failure.self) { try around.credentials() }
    #expect(failure?.object == "AWS_CONTAINER_AUTHORIZATION_TOKEN" && around.scripted?.requests.isEmpty == true)
    #expect(failure.map { printed($0).contains("SECRET") } == false)
  }
}
