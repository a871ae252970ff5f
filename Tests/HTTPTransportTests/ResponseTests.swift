// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

@Suite("Responses")
struct ResponseTests {
  let server: FaultServer
  let client = makeClient()

  init() throws {
    server = try FaultServer { _ in
      ServedResponse(200, headers: [HTTPHeader(name: "ETag", value: "\"x\"")], body: pattern(100_000))
    }
  }

  @Test("head and body", arguments: [200, 206, 404, 409, 412, 500, 503])
  func plain(_ status: Int) throws {
    server.inject(
      .answer(
        ServedResponse(status, headers: [HTTPHeader(name: "X-Amz-Request-Id", value: " a b ")], body: pattern(10))))
    let (response, body) = try client.send("GET", server.url + "/")
    #expect(response.status == status)
    #expect(response.header("x-amz-request-ID") == "a b")
    #expect(response.header("x-amz-id-2") == nil)
    #expect(response.contentLength == 10)
    #expect(body == pattern(10))
  }

  @Test("a body in chunks, and what follows it is no header", arguments: [1, 7, 16_384, 1_000_000])
  func chunked(_ size: Int) throws {
    server.inject(.chunk(size))
    let (response, body) = try client.send("GET", server.url + "/")
    #expect(digest(body) == digest(pattern(100_000)))
    #expect(response.contentLength == nil)
    #expect(response.header("x-trailer") == nil)
  }

  @Test("a body up to the connection's end")
  func untilClose() throws {
    server.inject(.answer(ServedResponse(200, body: pattern(5000), framing: .untilClose)))
    #expect(try client.send("GET", server.url + "/").1 == pattern(5000))
  }

  @Test("HEAD has the length of a body that does not come")
  func head() throws {
    let (response, body) = try client.send("HEAD", server.url + "/")
    #expect(response.contentLength == 100_000)
    #expect(body.isEmpty)
    #expect(try client.send("GET", server.url + "/").1.count == 100_000)
    #expect(server.connections == 1)
  }

  @Test("no body is an empty one", arguments: [200, 204, 304])
  func empty(_ status: Int) throws {
    server.inject(.answer(ServedResponse(status)))
    let (response, body) = try client.send("GET", server.url + "/")
    #expect(response.status == status)
    #expect(body.isEmpty)
  }

  @Test("interim heads are passed over")
  func interim() throws {
    server.inject(.interim([100, 102, 103, 103]))
    let (response, body) = try client.send("GET", server.url + "/")
    #expect(response.status == 200)
    #expect(response.header("x-interim") == nil)
    #expect(body.count == 100_000)
  }

  @Test("what is compressed stays so")
  func compressed() throws {
    let bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 4, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0]
    server.inject(
      .answer(ServedResponse(200, headers: [HTTPHeader(name: "Content-Encoding", value: "gzip")], body: bytes)))
    #expect(try client.send("GET", server.url + "/").1 == bytes)
    #expect(try #require(server.requests.first).header("accept-encoding") == nil)
  }

  @Test("a limit holds before the body is held", arguments: [false, true])
  func limit(isChunked: Bool) throws {
    if isChunked { server.inject(.chunk(1000), times: .max) }
    let request = HTTPRequest(method: "GET", url: server.url + "/")
    #expect(try client.send(request, limit: 100_000).1.count == 100_000)
    let error = #expect(throws: HTTPError.self) { try client.send(request, limit: 99_999) }
    #expect(error?.kind == .tooLarge)
    #expect(error?.wasSent == true)
  }

  @Test(
    "heads have bounds",
    arguments: [(300, 10), (100, 1000), (1, 70_000), (1, 200_000), (10, 60_000)])
  func hugeHead(_ headers: Int, _ valueBytes: Int) throws {
    server.inject(.swellHead(headers: headers, valueBytes: valueBytes))
    let error = try client.failure("GET", server.url + "/")
    #expect(error.kind == .tooLarge)
    #expect(try client.send("GET", server.url + "/").0.status == 200)
  }

  @Test("interim heads count as well")
  func endlessInterim() throws {
    server.inject(.interim(Array(repeating: 103, count: 5000)))
    #expect(try client.failure("GET", server.url + "/").kind == .tooLarge)
  }

  @Test("many headers are fine")
  func largeHead() throws {
    server.inject(.swellHead(headers: 200, valueBytes: 200))
    let (response, _) = try client.send("GET", server.url + "/")
    #expect(response.header("X-Swell-199") == String(repeating: "x", count: 200))
  }

  @Test(
    "what is no response",
    arguments: [
      "hello, world\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    ])
  func noResponse(_ text: String) throws {
    server.inject(.raw(Array(text.utf8)))
    let error = try client.failure("GET", server.url + "/")
    #expect(error.kind == .invalidResponse, "\(error.kind) \(error.message)")
    #expect(error.wasSent)
  }

  @Test("a folded header is one line")
  func folded() throws {
    server.inject(.raw(Array("HTTP/1.1 200 OK\r\nX-Long: a\r\n  b\r\nContent-Length: 0\r\n\r\n".utf8)))
    #expect(try client.send("GET", server.url + "/").0.header("x-long") == "a b")
  }
}
