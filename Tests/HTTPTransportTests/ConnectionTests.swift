// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import HTTPTransport
import Pipeline
import Synchronization
import TestSupport
import Testing

/// Waits for what another thread does.
private func wait(until isTrue: () -> Bool) throws {
  for _ in 0..<60_000 {
    if isTrue() { return }
    usleep(1000)
  }
  throw TestSupportError("it did not come about")
}

@Suite("Connections")
struct ConnectionTests {
  let server: FaultServer
  let client = makeClient()

  init() throws { server = try FaultServer { _ in ServedResponse(200, body: pattern(1000)) } }

  @Test("a connection is kept, on whatever thread the next request comes")
  func reuse() throws {
    for _ in 0..<5 {
      let stages = Stages()
      stages.start("request") { [client, url = server.url] in _ = try client.send("GET", url) }
      try stages.join()
    }
    #expect(server.requests.count == 5)
    #expect(server.connections == 1)
  }

  @Test("each of several calls at once has a connection, and they stay")
  func concurrent() throws {
    for _ in 0..<3 {
      let stages = Stages()
      for thread in 0..<4 {
        stages.start("request") { [client, url = server.url] in
          for index in 0..<10 {
            let body = pattern(1000 * thread + index)
            let answer = try client.send("PUT", "\(url)/\(thread)/\(index)", body: .bytes(body))
            #expect(answer.1.count == 1000)
          }
        }
      }
      try stages.join()
    }
    #expect(server.requests.count == 120)
    #expect(server.connections <= 4)
    for request in server.requests {
      let numbers = request.target.split(separator: "/").compactMap { Int($0) }
      #expect(request.body == pattern(1000 * numbers[0] + numbers[1]))
    }
  }

  @Test("of several servers each keeps its connection")
  func severalServers() throws {
    let other = try FaultServer()
    for _ in 0..<4 {
      _ = try client.send("GET", server.url)
      _ = try client.send("GET", other.url)
    }
    #expect(server.connections == 1)
    #expect(other.connections == 1)
  }

  @Test("a server that closes after its answer is connected to again")
  func closedBetween() throws {
    server.inject(.close(.afterResponse), times: .max)
    for count in 0..<200 {
      let body = pattern(count * 1000)
      #expect(try client.send("PUT", server.url, body: .bytes(body)).0.status == 200)
      #expect(try #require(server.requests.last).body == body)
    }
    #expect(server.requests.count == 200)
  }

  @Test("cancelling ends calls under way, and later ones")
  func cancel() throws {
    let file = try TestFile(8 << 20)
    server.inject(.stall(.beforeEffect), target: "/answer")
    server.inject(.stall(.requestBody(1000)), target: "/upload")
    server.inject(.stall(.responseBody(10)), target: "/download")
    let stages = Stages()
    let kinds = Mutex<[HTTPError.Kind?]>([])
    for path in ["/answer", "/upload", "/download"] {
      stages.start("request") { [client, url = server.url, body = file.body] in
        do throws(HTTPError) {
          _ = try client.send("PUT", url + path, body: body)
          kinds.withLock { $0.append(nil) }
        } catch { kinds.withLock { $0.append(error.kind) } }
      }
    }
    let reader = try client.open(HTTPRequest(method: "GET", url: server.url))
    try wait { server.requests.count == 4 }
    client.cancelAll()
    try stages.join()
    #expect(kinds.withLock { $0 } == [.cancelled, .cancelled, .cancelled])
    let later = try client.failure("GET", server.url)
    #expect(later.kind == .cancelled)
    #expect(!later.wasSent)
    #expect(server.requests.count == 4)
    _ = reader
  }

  @Test("cancelling ends connecting")
  func cancelConnecting() throws {
    let deaf = try DeafServer()
    let stages = Stages()
    let isBegun = Atomic(false)
    stages.start("cancel") { [client] in
      try wait { isBegun.load(ordering: .acquiring) }
      client.cancelAll()
    }
    isBegun.store(true, ordering: .releasing)
    let error = try client.failure("GET", "https://127.0.0.1:\(deaf.port)/")
    #expect(error.kind == .cancelled)
    #expect(!error.wasSent)
    try stages.join()
  }

  @Test("cancelling ends a reader's waiting")
  func cancelReader() throws {
    server.inject(.stall(.responseBody(10)))
    let reader = try client.open(HTTPRequest(method: "GET", url: server.url))
    let stages = Stages()
    let isWaiting = Atomic(false)
    stages.start("cancel") { [client] in
      try wait { isWaiting.load(ordering: .acquiring) }
      client.cancelAll()
    }
    var buffer = ByteBuffer()
    let error = #expect(throws: HTTPError.self) {
      while true {
        if try reader.read(into: &buffer, upTo: 100) == 0 { break }
        isWaiting.store(true, ordering: .releasing)
      }
    }
    #expect(error?.kind == .cancelled)
    try stages.join()
  }
}

@Suite("After a connection that did not come about")
struct NoConnectionTests {
  @Test("the same client tries again, and reaches the next server")
  func again() throws {
    let client = HTTPClient(HTTPSettings(totalTimeout: 60, proxy: .none))
    for _ in 0..<3 {
      let error = #expect(throws: HTTPError.self) {
        try client.send(HTTPRequest(method: "GET", url: "http://nosuch.invalid/"), limit: 1 << 10)
      }
      #expect(error?.kind == .resolve, "\(error.map { "\($0)" } ?? "")")
    }
    let server = try FaultServer()
    #expect(try client.send(HTTPRequest(method: "GET", url: server.url + "/"), limit: 1 << 10).0.status == 200)
  }
}
