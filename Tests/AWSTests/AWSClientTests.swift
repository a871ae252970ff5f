// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTTPTransport
import Pipeline
import Synchronization
import Testing

@testable import AWS

@Suite("Calls")
struct AWSClientTests {
  private let time = FakeTime()
  private let pauses = Pauses()
  private let operation = AWSOperation("Sign", permission: "kms:Sign", isRepeatable: true)
  private let once = AWSOperation("Create", permission: "kms:Create", isRepeatable: false)

  private func client(
    _ exchange: ScriptedExchange, service: String = "kms", cancellation: Cancellation = Cancellation(),
    clock: ServiceClock? = nil, load: (@Sendable () throws(Failure) -> Credentials)? = nil
  ) throws -> AWSClient {
    let profile = try AWSProfile(AWSVariables(["AWS_REGION": "eu-west-1"]), SharedConfig())
    let clock = clock ?? ServiceClock { [time] in time.now }
    let credentials = RenewingCredentials(clock: clock) { () throws(Failure) in
      try load?() ?? Credentials(accessKeyID: "AKID", secretAccessKey: "KEYSECRET", source: "a test")
    }
    return AWSClient(
      try profile.endpoint(of: service), credentials: credentials, exchange: exchange,
      retrier: .immediate(pauses, cancellation: cancellation), clock: clock)
  }

  private static func xml(_ code: String) -> String { "<Error><Code>\(code)</Code></Error>" }

  @Test("a JSON call")
  func json() throws {
    let exchange = ScriptedExchange(.status(200, body: #"{"Signature":"abc"}"#))
    let answer = try client(exchange).call(operation, target: "TrentService.Sign", .object(["KeyId": "k"]))
    #expect(answer["Signature"] == "abc")
    let request = try #require(exchange.requests.first)
    #expect(request.method == "POST" && request.url == "https://kms.eu-west-1.amazonaws.com/")
    #expect(request.header("x-amz-target") == "TrentService.Sign" && request.bodyText == #"{"KeyId":"k"}"#)
    #expect(request.header("content-type") == "application/x-amz-json-1.1")
    #expect(request.header("authorization")?.contains("/20261123/eu-west-1/kms/aws4_request") == true)
    #expect(request.header("x-amz-date") == "20261123T020000Z")
  }

  @Test("a form call")
  func query() throws {
    let exchange = ScriptedExchange(.status(200, body: "<R><A>1</A></R>"))
    let answer = try client(exchange, service: "sts").call(operation, version: "2011-06-15", [("Name", "a b&c")])
    #expect(answer.text(at: "A") == "1")
    #expect(exchange.requests.first?.bodyText == "Action=Sign&Version=2011-06-15&Name=a%20b%26c")
  }

  @Test("each attempt has a signature of its own time")
  func freshSignatures() throws {
    let exchange = ScriptedExchange { [time] number, _ in
      time.advance(30)
      return number < 2 ? .status(503) : .status(200, body: "{}")
    }
    _ = try client(exchange).call(operation, target: "t", .object([:]))
    #expect(
      exchange.requests.map { $0.header("x-amz-date") } == [
        "20261123T020000Z", "20261123T020030Z", "20261123T020100Z",
      ])
    #expect(Set(exchange.requests.map { $0.header("authorization") }).count == 3)
    #expect(exchange.requests.allSatisfy { request in request.headers.count { $0.name == "authorization" } == 1 })
  }

  static let verdicts: [(name: String, answer: ScriptedExchange.Answer, attempts: Int, attemptsOnce: Int)] = [
    ("busy", .status(503, body: xml("SlowDown")), 3, 3), ("throttled", .status(400, body: xml("Throttling")), 3, 3),
    ("too many", .status(429), 3, 3), ("500", .status(500), 3, 1), ("502", .status(502), 3, 1),
    ("503", .status(503), 3, 1), ("504", .status(504), 3, 1), ("501", .status(501), 1, 1),
    ("400", .status(400), 1, 1), ("403", .status(403), 1, 1), ("404", .status(404), 1, 1), ("409", .status(409), 1, 1),
    ("412", .status(412), 1, 1), ("the body came too slowly", .status(400, body: xml("RequestTimeout")), 3, 1),
    ("never connected", .error(.connect, wasSent: false), 3, 3), ("lost reply", .error(.receiveFailed), 3, 1),
    ("truncated", .error(.truncated), 3, 1), ("timeout", .error(.timeout), 3, 1),
    ("stalled before sending", .error(.stalled, wasSent: false), 3, 3), ("too large", .error(.tooLarge), 1, 1),
    ("cancelled", .error(.cancelled, wasSent: false), 1, 1), ("no URL", .error(.badURL, wasSent: false), 1, 1),
  ]

  @Test("what is sent again, and what only where that is safe", arguments: verdicts)
  func repeats(row: (name: String, answer: ScriptedExchange.Answer, attempts: Int, attemptsOnce: Int)) throws {
    for (operation, attempts) in [(operation, row.attempts), (once, row.attemptsOnce)] {
      let exchange = ScriptedExchange(row.answer)
      let client = try client(exchange)
      #expect(throws: AWSCallError.self) { try client.call(operation, target: "t", .object([:])) }
      #expect(exchange.requests.count == attempts, "\(operation.name)")
    }
  }

  @Test("the bound is the success's, not the error's")
  func limit() throws {
    let request = HTTPRequest(method: "GET", url: "https://h/")
    func send(_ status: Int, _ limit: Int) throws(AWSCallError) -> [UInt8] {
      let body = Self.xml("NoSuchKey")
      let made: AWSClient
      do { made = try client(ScriptedExchange(.status(status, body: body))) } catch {
        throw .failure(Failure(.bug, "\(error)"))
      }
      return try made.send(request, operation, payload: SHA256.hash([]), limit: limit).1
    }
    #expect(try send(200, 37).count == 37)
    do throws(AWSCallError) {
      _ = try send(404, 0)
      Issue.record("it succeeded")
    } catch { #expect(error.service?.code == "NoSuchKey") }
    do throws(AWSCallError) {
      _ = try send(200, 36)
      Issue.record("it succeeded")
    } catch {
      if case .transport(let error) = error { #expect(error.kind == .tooLarge) } else { Issue.record("\(error)") }
    }
  }

  @Test("Retry-After is heeded")
  func retryAfter() throws {
    let exchange = ScriptedExchange(
      .status(503, [HTTPHeader("Retry-After", "7")], body: Self.xml("SlowDown")), .status(200, body: "{}"))
    _ = try client(exchange).call(operation, target: "t", .object([:]))
    #expect(pauses.seconds == [7])
  }

  static let date = HTTPHeader("Date", "Mon, 23 Nov 2026 03:00:00 GMT")

  static let skews: [(name: String, code: String, header: HTTPHeader, attempts: Int)] = [
    ("S3", "RequestTimeTooSkewed", date, 2), ("another", "RequestExpired", date, 2),
    ("KMS", "InvalidSignatureException", date, 2), ("S3's wrong signature", "SignatureDoesNotMatch", date, 2),
    ("HEAD", "Forbidden", date, 2),
    (
      "a wrong key, and our clock is right", "SignatureDoesNotMatch",
      HTTPHeader("Date", "Mon, 23 Nov 2026 02:03:00 GMT"), 1
    ),
    ("no date", "RequestTimeTooSkewed", HTTPHeader("x", "y"), 1), ("no such thing", "NoSuchKey", date, 1),
  ]

  @Test("a wrong clock is set right once", arguments: skews)
  func skew(row: (name: String, code: String, header: HTTPHeader, attempts: Int)) throws {
    let exchange = ScriptedExchange(.status(403, [row.header], body: Self.xml(row.code)))
    let clock = ServiceClock { [time] in time.now }
    let client = try client(exchange, clock: clock)
    #expect(throws: AWSCallError.self) { try client.call(once, target: "t", .object([:])) }
    #expect(exchange.requests.count == row.attempts)
    if row.attempts == 2 {
      #expect(exchange.requests[1].header("x-amz-date") == "20261123T030000Z")
      #expect(clock.offsetSeconds == 3600)
    } else {
      #expect(clock.offsetSeconds == 0)
    }
    #expect(pauses.seconds.isEmpty)
  }

  @Test("an expired token is renewed once, and the call repeated at once")
  func expired() throws {
    let exchange = ScriptedExchange { _, request in
      request.header("x-amz-security-token") == "T2"
        ? .status(200, body: "{}") : .status(400, body: #"{"__type":"ExpiredTokenException"}"#)
    }
    let loads = Mutex(0)
    let client = try client(exchange) { () throws(Failure) in
      let number = loads.withLock { loads in
        loads += 1
        return loads
      }
      return Credentials(accessKeyID: "A", secretAccessKey: "K", sessionToken: "T\(number)", source: "a test")
    }
    _ = try client.call(once, target: "t", .object([:]))
    #expect(exchange.requests.map { $0.header("x-amz-security-token") } == ["T1", "T2"])
    #expect(pauses.seconds.isEmpty)
  }

  @Test("a service that finds every token expired is believed once")
  func alwaysExpired() throws {
    let exchange = ScriptedExchange(.status(400, body: #"{"__type":"ExpiredTokenException"}"#))
    let loads = Mutex(0)
    let client = try client(exchange) { () throws(Failure) in
      let number = loads.withLock { loads in
        loads += 1
        return loads
      }
      return Credentials(accessKeyID: "A", secretAccessKey: "K", sessionToken: "T\(number)", source: "a test")
    }
    #expect(throws: AWSCallError.self) { try client.call(operation, target: "t", .object([:])) }
    #expect(exchange.requests.count == 2)
  }

  @Test("the same credentials again are no renewal")
  func stillExpired() throws {
    let exchange = ScriptedExchange(.status(400, body: #"{"__type":"ExpiredTokenException"}"#))
    let client = try client(exchange)
    #expect(throws: AWSCallError.self) { try client.call(operation, target: "t", .object([:])) }
    #expect(exchange.requests.count == 1)
  }

  static let endings: [(name: String, answer: ScriptedExchange.Answer, status: AuditCore.ExitStatus, words: [String])] =
    [
      ("permission", .status(400, body: #"{"__type":"AccessDeniedException"}"#), .permission, ["kms:Sign", "a test"]),
      ("unavailable", .status(500), .unavailable, ["kms Sign", "500"]),
      (
        "unreachable", .error(.connect, wasSent: false), .unavailable,
        ["kms Sign at https://kms.eu-west-1.amazonaws.com", "the script says"]
      ),
      ("no trust", .error(.tls, wasSent: false), .configuration, ["AWS_CA_BUNDLE"]),
      ("our own fault", .error(.badRequest, wasSent: false), .bug, ["kms Sign"]),
      ("unreadable", .status(200, body: "<html>"), .unavailable, ["what cannot be read"]),
    ]

  @Test("failures have status, service, operation and remedy", arguments: endings)
  func failures(row: (name: String, answer: ScriptedExchange.Answer, status: AuditCore.ExitStatus, words: [String]))
    throws
  {
    let client = try client(ScriptedExchange(row.answer))
    do throws(AWSCallError) {
      _ = try client.call(operation, target: "t", .object([:]))
      Issue.record("it succeeded")
    } catch {
      let failure = client.failure(error, operation, on: "alias/key")
      #expect(failure.status == row.status)
      for word in row.words { #expect("\(failure)".contains(word), "\(failure)") }
    }
  }

  @Test("a call that a signal ends says so")
  func stopped() throws {
    let cancellation = Cancellation()
    let exchange = ScriptedExchange { _, _ in
      cancellation.cancel()
      return .error(.cancelled)
    }
    let client = try client(exchange, cancellation: cancellation)
    do throws(AWSCallError) {
      _ = try client.call(operation, target: "t", .object([:]))
      Issue.record("it succeeded")
    } catch { #expect(client.failure(error, operation).status == .tryLater) }
  }

  @Test("no error quotes what the request was signed with")
  func redaction() throws {
    let exchange = ScriptedExchange { _, request in
      .status(403, body: "<Error><Message>\(request.header("x-amz-security-token") ?? "")KEYSECRET</Message></Error>")
    }
    let client = try client(exchange) { () throws(Failure) in
      Credentials(accessKeyID: "AKIDSECRET", secretAccessKey: "KEYSECRET", sessionToken: "TOKENSECRET", source: "x")
    }
    do throws(AWSCallError) {
      _ = try client.call(operation, target: "t", .object([:]))
      Issue.record("it succeeded")
    } catch {
      #expect(!printed(error).contains("SECRET") && !printed(client.failure(error, operation)).contains("SECRET"))
    }
  }

  @Test("the hook for streams signs with the client's credentials, and its errors are retried alike")
  func hook() throws {
    let client = try client(ScriptedExchange(.status(200)), service: "s3")
    var signed: [HTTPRequest] = []
    let reply = try client.perform(operation) { (attempt: AWSAttempt) throws(AWSCallError) -> Int in
      let request = HTTPRequest(method: "PUT", url: "https://b.s3.eu-west-1.amazonaws.com/k")
      signed.append(attempt.sign(request, payload: SHA256.hash(Array("body".utf8))))
      guard attempt.number == 2 else {
        throw .service(attempt.error(HTTPResponse(status: 503, headers: []), body: []))
      }
      return attempt.number
    }
    #expect(reply == 2 && signed.count == 2)
    #expect(signed.allSatisfy { $0.header("x-amz-content-sha256") == SHA256.hash(Array("body".utf8)).hex })
  }
}
