// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import HTTPTransport
import TestSupport
import Testing

private struct Refusal: Error {}

@Suite("Downloads")
struct DownloadTests {
  let server: FaultServer
  let client = makeClient()
  static let body = pattern(8 << 20)

  init() throws { server = try FaultServer { _ in ServedResponse(200, body: Self.body) } }

  private var request: HTTPRequest { HTTPRequest(method: "GET", url: server.url + "/k") }

  private func readAll(_ reader: HTTPBodyReader, _ piece: Int) throws -> [UInt8] {
    var buffer = ByteBuffer()
    while true {
      let before = buffer.count
      let got = try reader.read(into: &buffer, upTo: piece)
      #expect(buffer.count == before + got)
      #expect(got <= piece)
      if got == 0 { return buffer.array() }
    }
  }

  @Test("pieces add up to the body, with the head beside each")
  func pieces() throws {
    var all: [UInt8] = []
    let response = try client.send(request) { head, piece in
      #expect(head.contentLength == Self.body.count)
      #expect(!piece.isEmpty)
      all.append(contentsOf: piece)
    }
    #expect(response.status == 200)
    #expect(digest(all) == digest(Self.body))
  }

  @Test("what the receiver throws ends the exchange and is thrown on")
  func refusal() throws {
    var count = 0
    #expect(throws: Refusal.self) {
      try client.send(request) { _, _ in
        count += 1
        if count == 3 { throw Refusal() }
      }
    }
    #expect(count == 3)
    #expect(try client.send(request, limit: 8 << 20).1.count == 8 << 20)
  }

  @Test("a reader gives the body in the pieces that are asked for", arguments: [1000, 65_536, 1 << 20, 16 << 20])
  func reader(_ piece: Int) throws {
    let reader = try client.open(request)
    #expect(reader.response.contentLength == Self.body.count)
    #expect(digest(try readAll(reader, piece)) == digest(Self.body))
    var buffer = ByteBuffer()
    #expect(try reader.read(into: &buffer, upTo: 1) == 0)
  }

  @Test("a reader of chunks, and of nothing")
  func readerOfChunks() throws {
    server.inject(.chunk(100_000))
    #expect(digest(try readAll(client.open(request), 50_000)) == digest(Self.body))
    server.inject(.answer(ServedResponse(404)))
    let missing = try client.open(request)
    #expect(missing.response.status == 404)
    #expect(try readAll(missing, 10).isEmpty)
  }

  @Test("the head is there before the body")
  func headFirst() throws {
    server.inject(.stall(.responseBody(0)))
    let reader = try client.open(request)
    #expect(reader.response.status == 200)
    #expect(reader.response.contentLength == Self.body.count)
  }

  @Test("what is not asked for stays with the server")
  func slowConsumer() throws {
    let body = pattern(64 << 20)
    let large = try FaultServer { _ in ServedResponse(200, body: body) }
    let reader = try client.open(HTTPRequest(method: "GET", url: large.url))
    var buffer = ByteBuffer()
    #expect(try reader.read(into: &buffer, upTo: 1) == 1)
    usleep(300_000)
    #expect(large.bytesSent < 32 << 20)  // two sockets' buffers, libcurl's and ours
    var received = try readAll(reader, 1 << 20)
    received.insert(body[0], at: 0)
    #expect(digest(received) == digest(body))
  }

  @Test("what came before a break is given out, then the break")
  func truncated() throws {
    server.inject(.truncate(after: 1000))
    let reader = try client.open(request)
    var buffer = ByteBuffer()
    let errors = (0..<3).compactMap { _ -> HTTPError? in
      do throws(HTTPError) {
        while try reader.read(into: &buffer, upTo: 300) > 0 {}
        return nil
      } catch { return error }
    }
    #expect(buffer.array() == Array(Self.body.prefix(1000)))
    #expect(errors.map(\.kind) == [.truncated, .truncated, .truncated])
  }

  @Test("a reset inside the body is an error")
  func reset() throws {
    server.inject(.reset(.responseBody(100_000)))
    let error = #expect(throws: HTTPError.self) { try readAll(client.open(request), 1 << 20) }
    #expect(error?.kind == .receiveFailed)
  }

  @Test("a reader that is closed or forgotten breaks off, and the client goes on")
  func abandoned() throws {
    _ = try client.open(request)
    let reader = try client.open(request)
    reader.close()
    var buffer = ByteBuffer()
    let error = #expect(throws: HTTPError.self) { try reader.read(into: &buffer, upTo: 10) }
    #expect(error?.kind == .cancelled)
    #expect(try client.send(request, limit: 8 << 20).1.count == 8 << 20)
  }

  @Test("two readers side by side")
  func interleaved() throws {
    let readers = [try client.open(request), try client.open(request)]
    var first = ByteBuffer()
    var second = ByteBuffer()
    var isDone = false
    while !isDone {
      let one = try readers[0].read(into: &first, upTo: 100_000)
      let other = try readers[1].read(into: &second, upTo: 70_000)
      isDone = one == 0 && other == 0
    }
    #expect(digest(first.array()) == digest(Self.body))
    #expect(digest(second.array()) == digest(Self.body))
    #expect(server.connections == 2)
  }
}
