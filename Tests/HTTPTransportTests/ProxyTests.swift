// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

@Suite("Proxies")
struct ProxyTests {
  @Test("plain requests go through whole, with the proxy's user")
  func plain() throws {
    let proxy = try FaultServer { _ in ServedResponse(200, text: "through") }
    let client = makeClient { $0.proxy = .url("http://user:secret@127.0.0.1:\(proxy.port)") }
    let (_, body) = try client.send("GET", "http://bucket.invalid/a/../b?x=%2f")
    #expect(String(decoding: body, as: UTF8.self) == "through")
    let request = try #require(proxy.requests.first)
    #expect(request.target == "http://bucket.invalid/a/../b?x=%2f")
    #expect(request.header("proxy-authorization") == "Basic dXNlcjpzZWNyZXQ=")
    #expect(request.header("host") == "bucket.invalid")
  }

  @Test("TLS goes through a tunnel, whose head is not the response's and gets no headers of ours")
  func tunnel() throws {
    let certificates = try TestCertificates()
    let authority = try certificates.authority("ca")
    let server = try TLSServer(certificates.certificate("server", by: authority, names: ["IP:127.0.0.1"]))
    let proxy = try ConnectProxy()
    let client = makeClient {
      $0.proxy = .url("http://127.0.0.1:\(proxy.port)")
      $0.caBundle = authority.certificate
    }
    let (response, _) = try client.send("GET", "https://127.0.0.1:\(server.port)/", [("Authorization", "secret")])
    #expect(response.status == 200)
    #expect(response.header("x-proxy") == nil)
    let head = try #require(proxy.heads.first)
    #expect(head.hasPrefix("CONNECT 127.0.0.1:\(server.port) HTTP/1.1\r\n"))
    #expect(!head.contains("secret"))
  }

  @Test("a proxy that refuses", arguments: ["407 Who are you", "403 No", "502 Gone"])
  func refused(_ status: String) throws {
    let proxy = try ConnectProxy(refusal: status)
    let client = makeClient { $0.proxy = .url("http://user:secret@127.0.0.1:\(proxy.port)") }
    let error = try client.failure("PUT", "https://127.0.0.1:1/", body: .bytes([1]))
    #expect(error.kind == .proxy)
    #expect(!error.wasSent)
    #expect(error.message.contains(status.prefix(3)))
    #expect(!error.message.contains("secret"))
  }

  @Test(
    "a proxy that cannot be used, without its password",
    arguments: [
      ("http://user:secret@nowhere.invalid:1", HTTPError.Kind.proxy), ("gopher://user:secret@127.0.0.1:1", .proxy),
      ("http://user:secret@[bad", .proxy), ("http://user:secret@127.0.0.1:port", .proxy),
    ])
  func unusable(_ proxy: String, _ kind: HTTPError.Kind) throws {
    let client = makeClient { $0.proxy = .url(proxy) }
    let error = try client.failure("GET", "http://bucket.invalid/")
    #expect(error.kind == kind, "\(error.message)")
    #expect(!error.wasSent)
    #expect(!error.message.contains("secret"))
  }

  @Test("a proxy that does not listen")
  func closed() throws {
    let port = try FaultServer.closedPort()
    let client = makeClient { $0.proxy = .url("http://user:secret@127.0.0.1:\(port)") }
    let error = try client.failure("GET", "http://bucket.invalid/")
    #expect(error.kind == .connect)
    #expect(!error.message.contains("secret"))
  }
}
