// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

@Suite("Requests")
struct RequestTests {
  let server: FaultServer
  let client = makeClient()

  init() throws { server = try FaultServer() }

  @Test(
    "targets go out as they stand",
    arguments: [
      "/", "/a/../b/./c", "//a//b", "/a%2fb%2F%7e~", "/a+b;c=d,e", "/k?b=2&a=1&a=", "/k?x=%20%2B", "/k?", "/%C3%A9",
      "/?list-type=2&prefix=a/../b", "/a:b@c", "/[x]{y}|z^`\"<>",
    ])
  func target(_ target: String) throws {
    _ = try client.send("GET", server.url + target)
    #expect(server.requests.map(\.target) == [target])
  }

  @Test("a path may be left out")
  func noPath() throws {
    _ = try client.send("GET", server.url)
    _ = try client.send("GET", server.url + "?a=1")
    #expect(server.requests.map(\.target) == ["/", "/?a=1"])
  }

  @Test("no header is added but for these")
  func headers() throws {
    _ = try client.send("GET", server.url + "/")
    _ = try client.send("PUT", server.url + "/", body: .bytes([1, 2, 3]))
    _ = try client.send("DELETE", server.url + "/")
    let host = HTTPHeader(name: "Host", value: "127.0.0.1:\(server.port)")
    let agent = HTTPHeader(name: "User-Agent", value: "memoryctl")
    #expect(server.requests[0].headers == [host, agent])
    #expect(server.requests[1].headers == [host, agent, HTTPHeader(name: "Content-Length", value: "3")])
    #expect(server.requests[2].headers == [host, agent])
  }

  @Test("headers of the caller's go out, in their order, in the place of ours too")
  func ownHeaders() throws {
    let own = [
      ("Host", "bucket.example:8080"), ("User-Agent", "x"), ("x-amz-date", "1"), ("X-Empty", ""), ("x-amz-date", "2"),
      ("Authorization", "AWS4-HMAC-SHA256 Credential=a/b, Signature=c"), ("Accept", "*/*"),
    ]
    _ = try client.send("GET", server.url + "/", own)
    let sent = try #require(server.requests.first).headers
    #expect(sent.first == HTTPHeader(name: "Host", value: "bucket.example:8080"))
    for (name, value) in own { #expect(sent.contains(HTTPHeader(name: name, value: value))) }
    #expect(sent.count == own.count)
  }

  @Test("a method that may have a body tells its length", arguments: ["PUT", "POST", "PATCH"])
  func emptyBody(_ method: String) throws {
    _ = try client.send(method, server.url + "/")
    _ = try client.send(method, server.url + "/", body: .bytes([]))
    #expect(server.requests.map { $0.header("content-length") } == ["0", "0"])
    #expect(server.requests.map(\.method) == [method, method])
  }

  @Test("every method can carry a body", arguments: ["PUT", "POST", "DELETE", "PATCH", "QUERY"])
  func body(_ method: String) throws {
    _ = try client.send(method, server.url + "/", [("Content-Type", "text/plain")], body: .bytes(pattern(1000)))
    let request = try #require(server.requests.first)
    #expect(request.method == method)
    #expect(request.body == pattern(1000))
    #expect(request.header("content-type") == "text/plain")
  }

  @Test("cookies are not kept, redirects are not followed, user and password never come from a file")
  func nothingAutomatic() throws {
    server.inject(
      .answer(ServedResponse(200, headers: [HTTPHeader(name: "Set-Cookie", value: "a=b; Path=/")])), target: "/cookie")
    server.inject(.redirect(to: server.url + "/elsewhere"), target: "/redirect")
    server.inject(
      .answer(ServedResponse(401, headers: [HTTPHeader(name: "WWW-Authenticate", value: "Basic realm=x")])),
      target: "/login")
    _ = try client.send("GET", server.url + "/cookie")
    let (redirect, _) = try client.send("GET", server.url + "/redirect")
    #expect(redirect.status == 307)
    #expect(redirect.header("location") == server.url + "/elsewhere")
    #expect(try client.send("GET", server.url + "/login").0.status == 401)
    #expect(server.requests.count == 3)
    #expect(server.requests.allSatisfy { $0.header("cookie") == nil && $0.header("authorization") == nil })
  }

  @Test(
    "what is no URL is refused before anything is sent",
    arguments: [
      "", "127.0.0.1/a", "ftp://127.0.0.1/a", "file:///etc/passwd", "http://", "http:///a",
      "http://u:secret@127.0.0.1/",
      "http://127.0.0.1/a b", "http://127.0.0.1/a#b", "http://127.0.0.1/\u{e9}", "http://127.0.0.1:port/",
      "http://127.0.0.1:99999/", "http://127.0.0.1\\a", "http://127.0.0.1/\r\nX: y",
    ])
  func badURL(_ url: String) throws {
    let error = try client.failure("GET", url)
    #expect(error.kind == .badURL)
    #expect(!error.wasSent)
    #expect(!error.message.contains("secret"))
  }

  @Test(
    "what is no method or header is refused before anything is sent",
    arguments: [
      ("GET x", "A", "b"), ("", "A", "b"), ("GET", "A b", "c"), ("GET", "", "c"), ("GET", "A:", "c"),
      ("GET", "A", "b\r\nSmuggled: yes"), ("GET", "A", "b\nc"), ("GET", "A", "b\u{0}c"),
    ])
  func badRequest(_ method: String, _ name: String, _ value: String) throws {
    let error = try client.failure(method, server.url + "/", [(name, value)])
    #expect(error.kind == .badRequest)
    #expect(!error.wasSent)
    #expect(server.requests.isEmpty)
  }
}
