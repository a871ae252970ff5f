// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTransport
import TestSupport
import Testing

@Suite("Uploads")
struct UploadTests {
  let server: FaultServer
  let client = makeClient()

  init() throws { server = try FaultServer(bodyLimit: 1 << 20) }

  @Test("a file arrives whole", arguments: [0, 1, 65_536, 262_143, 262_145, 5_000_000])
  func file(_ count: Int) throws {
    let file = try TestFile(count)
    #expect(try client.send("PUT", server.url + "/k", body: file.body).0.status == 200)
    let request = try #require(server.requests.first)
    #expect(request.bodyBytes == count)
    #expect(request.bodyDigest?.hex == digest(file.bytes))
    #expect(request.header("content-length") == "\(count)")
    #expect(request.header("transfer-encoding") == nil)
  }

  @Test("a file is read as it is sent, not before")
  func streamed() throws {
    let file = try TestFile(64 << 20)
    let changed = [UInt8](repeating: 0xee, count: 16 << 20)
    server.inject(
      .meanwhile(.requestBody(1 << 20)) { [path = file.path] in
        guard let handle = FileHandle(forWritingAtPath: path) else { return }
        try? handle.seek(toOffset: 48 << 20)
        try? handle.write(contentsOf: changed)
      })
    _ = try client.send("PUT", server.url + "/k", body: file.body)
    let sent = Array(file.bytes.prefix(48 << 20)) + changed
    #expect(try #require(server.requests.first).bodyDigest?.hex == digest(sent))
  }

  @Test("only the first bytes of a longer file are sent")
  func longerFile() throws {
    let file = try TestFile(300_000)
    _ = try client.send("PUT", server.url + "/k", body: .file(path: file.path, bytes: 100_000))
    #expect(try #require(server.requests.first).bodyDigest?.hex == digest(Array(file.bytes.prefix(100_000))))
  }

  @Test("a file that is too short, missing or no file fails the request")
  func unreadable() throws {
    let file = try TestFile(300_000)
    let short = try client.failure("PUT", server.url + "/k", body: .file(path: file.path, bytes: 300_001))
    #expect(short.kind == .bodyUnreadable)
    #expect(short.message.contains(file.path))
    #expect(short.wasSent)
    for path in [file.path + "-missing", file.directory.path] {
      let error = try client.failure("PUT", server.url + "/k", body: .file(path: path, bytes: 10))
      #expect(error.kind == .bodyUnreadable)
      #expect(error.message.contains(path))
    }
    #expect(server.requests.allSatisfy { $0.bodyDigest == nil })
  }

  @Test("large bodies ask first, and one that is refused is not sent", arguments: [403, 503, 302])
  func refusedFirst(_ status: Int) throws {
    let file = try TestFile(4 << 20)
    server.inject(.answerEarly(ServedResponse(status, body: pattern(100))))
    let (response, body) = try client.send("PUT", server.url + "/k", body: file.body)
    #expect(response.status == status)
    #expect(body == pattern(100))
    #expect(server.bytesReceived == 0)
    #expect(try #require(server.requests.first).header("expect") == "100-continue")
  }

  @Test(
    "an answer that comes while the body is being sent is the response",
    arguments: [1000, 100_000, 1_000_000, 16 << 20])
  func earlyAnswer(_ count: Int) throws {
    let file = try TestFile(count)
    let hasty = makeClient { $0.expectContinueBytes = .max }
    server.inject(.answerEarly(ServedResponse(403, body: pattern(200))), times: .max)
    // The server resets the connection right behind its answer. Where both come just while libcurl is on its way to
    // send, the answer is lost; that is rare enough not to happen many times in a row.
    for attempt in 1... {
      do throws(HTTPError) {
        let (response, body) = try hasty.send("PUT", server.url + "/k", body: file.body)
        #expect(response.status == 403)
        #expect(body == pattern(200))
        break
      } catch {
        #expect(error.kind == .sendFailed, "\(error)")
        try #require(attempt < 5)
      }
    }
    #expect(try #require(server.requests.first).header("expect") == nil)
    server.removeFaults()
    _ = try hasty.send("PUT", server.url + "/k", body: file.body)
    #expect(try #require(server.requests.last).bodyDigest?.hex == digest(file.bytes))
  }

  @Test("a connection that breaks inside a large body is told as that", arguments: 1...20)
  func brokenInBody(_ attempt: Int) throws {
    let file = try TestFile(4 << 20)
    let hasty = makeClient { $0.expectContinueBytes = .max }
    server.inject(attempt % 2 == 0 ? .reset(.requestBody(1 << 20)) : .close(.requestBody(100_000)))
    let error = try hasty.failure("PUT", server.url + "/k", body: file.body)
    #expect(error.kind == .sendFailed || error.kind == .receiveFailed, "\(error)")
    #expect(error.wasSent)
  }

  @Test("small bodies do not ask first")
  func small() throws {
    _ = try client.send("PUT", server.url + "/k", body: .bytes(pattern((1 << 20) - 1)))
    _ = try client.send("PUT", server.url + "/k", body: .bytes(pattern(1 << 20)))
    #expect(server.requests.map { $0.header("expect") } == [nil, "100-continue"])
  }

  @Test("a server that never says to continue gets the body all the same")
  func silentServer() throws {
    let silent = try FaultServer(answersExpectations: false)
    let file = try TestFile(2 << 20)
    #expect(try client.send("PUT", silent.url + "/k", body: file.body).0.status == 200)
    #expect(try #require(silent.requests.first).bodyDigest?.hex == digest(file.bytes))
  }

  @Test("a server that cannot be asked first gets the body at the second try")
  func expectationFailed() throws {
    let file = try TestFile(2 << 20)
    server.inject(.answerEarly(ServedResponse(417, text: "no expectations here")))
    let pieces = try client.send("PUT", server.url + "/k", body: file.body)
    #expect(pieces.0.status == 200)
    #expect(pieces.1.isEmpty)
    #expect(server.requests.count == 2)
    #expect(try #require(server.requests.last).header("expect") == nil)
    #expect(try #require(server.requests.last).bodyDigest?.hex == digest(file.bytes))
  }

  @Test("a kept connection that proves dead is replaced, and the body goes out anew", arguments: [false, true])
  func deadConnection(isFile: Bool) throws {
    let file = try TestFile(700_000)
    let body = isFile ? file.body : .bytes(file.bytes)
    _ = try client.send("GET", server.url + "/")
    server.inject(.close(.beforeEffect))
    #expect(try client.send("PUT", server.url + "/k", body: body).0.status == 200)
    #expect(server.requests.map(\.method) == ["GET", "PUT", "PUT"])
    #expect(server.requests.map(\.connection) == [0, 0, 1])
    #expect(try #require(server.requests.last).bodyDigest?.hex == digest(file.bytes))
  }
}
