// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

/// A fault, and what a client must make of it.
struct FaultCase: Sendable, CustomTestStringConvertible {
  let name: String
  let fault: Fault
  let kinds: Set<HTTPError.Kind>

  init(_ name: String, _ fault: Fault, _ kinds: HTTPError.Kind...) {
    self.name = name
    self.fault = fault
    self.kinds = Set(kinds)
  }

  var testDescription: String { name }

  static let all = [
    FaultCase("reset before the body", .reset(.beforeBody), .receiveFailed, .sendFailed),
    FaultCase("reset inside the request's body", .reset(.requestBody(1000)), .receiveFailed, .sendFailed),
    FaultCase("reset before the effect", .reset(.beforeEffect), .receiveFailed),
    FaultCase("reply lost", .loseReply, .receiveFailed),
    FaultCase("closed before the body", .close(.beforeBody), .receiveFailed, .sendFailed),
    FaultCase("closed without an answer", .close(.beforeEffect), .receiveFailed),
    FaultCase("reset inside the head", .reset(.responseHead(20)), .receiveFailed),
    FaultCase("closed inside the head", .close(.responseHead(20)), .receiveFailed, .truncated, .invalidResponse),
    FaultCase("reset inside the response's body", .reset(.responseBody(1000)), .receiveFailed),
    FaultCase("truncated", .truncate(after: 1000), .truncated),
    FaultCase("truncated before its first byte", .truncate(after: 0), .truncated),
    FaultCase("length too great", .misstateLength(by: 5), .truncated),
    FaultCase("stalled before the body", .stall(.beforeBody), .stalled),
    FaultCase("stalled before the answer", .stall(.afterEffect), .stalled),
    FaultCase("stalled inside the response's body", .stall(.responseBody(1000)), .stalled),
  ]
}

@Suite("Faults")
struct FaultTests {
  let server: FaultServer
  let client = makeClient { $0.stall = HTTPSettings.Stall(bytesPerSecond: 1, seconds: 1) }

  init() throws { server = try FaultServer { _ in ServedResponse(200, body: pattern(3000)) } }

  @Test("a broken exchange is told, and the next one is whole", arguments: FaultCase.all)
  func fault(_ row: FaultCase) throws {
    server.inject(row.fault, method: "PUT")
    let error = try client.failure("PUT", server.url + "/k", body: .bytes(pattern(2000)))
    #expect(row.kinds.contains(error.kind), "\(error.kind): \(error.message)")
    #expect(error.wasSent)
    #expect(error.message.hasPrefix("127.0.0.1:\(server.port): "))
    #expect(server.requests.count == 1)
    let (response, body) = try client.send("PUT", server.url + "/k", body: .bytes(pattern(2000)))
    #expect(response.status == 200)
    #expect(body == pattern(3000))
    #expect(try #require(server.requests.last).body == pattern(2000))
  }

  @Test("a truncated chunked body")
  func truncatedChunks() throws {
    server.inject(.raw(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".utf8)))
    #expect(try client.failure("GET", server.url + "/").kind == .truncated)
    server.inject(.raw(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n".utf8)))
    #expect(try client.failure("GET", server.url + "/").kind == .receiveFailed)
  }

  @Test("bytes behind a length that is too small do not reach the next response")
  func excess() throws {
    server.inject(.misstateLength(by: -1000))
    #expect(try client.send("GET", server.url + "/").1 == Array(pattern(3000).prefix(2000)))
    let second = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n"
    server.inject(.raw(Array(second.utf8)))
    #expect(try client.send("GET", server.url + "/").1 == Array("ok".utf8))
    let (response, body) = try client.send("GET", server.url + "/")
    #expect(response.status == 200)
    #expect(body == pattern(3000))
  }

  @Test("a corrupted body is what came: its digest is the caller's to check")
  func corrupted() throws {
    server.inject(.corrupt(byte: 17))
    let (_, body) = try client.send("GET", server.url + "/")
    #expect(zip(body, pattern(3000)).enumerated().filter { $1.0 != $1.1 }.map(\.offset) == [17])
  }

  @Test("the effect with another answer")
  func appliedThenRefused() throws {
    server.inject(.applyThenAnswer(ServedResponse(503, headers: [HTTPHeader(name: "Retry-After", value: "1")])))
    let (response, _) = try client.send("PUT", server.url + "/", body: .bytes([1]))
    #expect(response.status == 503)
    #expect(response.header("retry-after") == "1")
  }

  @Test("nobody listens")
  func refused() throws {
    let error = try client.failure("PUT", "http://127.0.0.1:\(FaultServer.closedPort())/", body: .bytes([1]))
    #expect(error.kind == .connect)
    #expect(!error.wasSent)
  }

  @Test("a server that goes down, and comes back")
  func goesDown() throws {
    server.inject(.meanwhile(.beforeEffect) { [unowned server] in server.stop() })
    #expect(try client.failure("GET", server.url + "/").kind == .receiveFailed)
    #expect(try client.failure("GET", server.url + "/").kind == .connect)
    try server.resume()
    #expect(try client.send("GET", server.url + "/").1 == pattern(3000))
  }

  @Test("a server that does not even shake hands")
  func deaf() throws {
    let deaf = try DeafServer()
    let error = try makeClient { $0.connectTimeout = 0.2 }.failure("GET", "https://127.0.0.1:\(deaf.port)/")
    #expect(error.kind == .timeout)
    #expect(!error.wasSent)
  }

  @Test("a name without an address")
  func unresolved() throws {
    let error = try client.failure("GET", "http://nowhere.invalid/")
    #expect(error.kind == .resolve)
    #expect(!error.wasSent)
    #expect(error.message.contains("nowhere.invalid"))
  }

  @Test("a time for the whole exchange")
  func timeout() throws {
    server.inject(.stall(.afterEffect), times: .max)
    let patient = makeClient()
    let error = try patient.failure("GET", server.url + "/", timeout: 0.2)
    #expect(error.kind == .timeout)
    #expect(error.wasSent)
  }

  @Test("the fault server counts matches of method and target")
  func rules() throws {
    server.inject(.answer(ServedResponse(500)), method: "PUT", target: "/b/*?x=*", nth: 2, times: 2)
    server.inject(.answer(ServedResponse(501)), target: "/b/exact")
    func status(_ method: String, _ target: String) throws -> Int {
      try client.send(method, server.url + target).0.status
    }
    #expect(try (1...4).map { try status("PUT", "/b/k\($0)?x=1") } == [200, 500, 500, 200])
    #expect(try status("GET", "/b/k?x=1") == 200)
    #expect(try status("GET", "/b/exact") == 501)
    #expect(try status("GET", "/b/exact") == 200)
    #expect(server.requests.count == 7)
  }
}
