// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes
import HTTPTransport
import S3Client
import TestSupport
import Testing

@Suite("Reading")
struct GetTests {
  static let bytes = pattern(700_000)
  let object = ServedObject(.init(bytes: bytes))
  let server: FaultServer
  let site: Site
  var client: S3Client { site.client }

  init() throws {
    server = try FaultServer(handler: object.handler)
    site = try Site(server)
  }

  private func readAll(_ reader: S3ObjectReader) throws(S3Error) -> [UInt8] {
    var buffer = ByteBuffer()
    while try reader.read(into: &buffer, upTo: 64 << 10) > 0 {}
    return buffer.array()
  }

  private var ranges: [String?] { server.requests.map { $0.header("range") } }

  @Test("an object whole")
  func whole() throws {
    let reader = try #require(try client.open("a/k", versionID: "v1"))
    #expect(reader.size == Self.bytes.count && reader.range == 0..<Self.bytes.count)
    #expect(reader.head.versionID == "v1" && reader.head.etag == "\"e1\"")
    #expect(try readAll(reader) == Self.bytes)
    var none = ByteBuffer()
    #expect(try reader.read(into: &none, upTo: 10) == 0)
    #expect(server.requests.map(\.target) == ["/bucket/a/k?versionId=v1"])
  }

  @Test("a connection is kept from one object to the next")
  func connections() throws {
    for _ in 0..<3 { _ = try client.read("k", versionID: nil, limit: 1 << 20) }
    #expect(server.connections == 1)
  }

  @Test("an empty object")
  func empty() throws {
    object.content.withLock { $0.bytes = [] }
    #expect(try client.read("k", versionID: nil, limit: 0) == [])
  }

  static let breaks: [(name: String, fault: Fault)] = [
    ("closed", .close(.responseBody(300_000))), ("reset", .reset(.responseBody(300_000))),
    ("closed before the first byte", .close(.responseBody(0))), ("a length too great", .misstateLength(by: 1)),
  ]

  @Test("a body that breaks is gone on with, on the same version", arguments: breaks[..<3])
  func resumed(row: (name: String, fault: Fault)) throws {
    server.inject(row.fault)
    let reader = try #require(try client.open("k", versionID: nil))
    #expect(try readAll(reader) == Self.bytes)
    let second = try #require(server.requests.dropFirst().first)
    #expect(server.requests.count == 2)
    #expect(second.target == "/bucket/k?versionId=v1" && second.header("if-match") == "\"e1\"")
    let range = try #require(second.header("range"))
    #expect(range.hasSuffix("-699999") && site.pauses.seconds == [1])
  }

  @Test("a range that breaks is gone on with inside of itself")
  func resumedRange() throws {
    server.inject(.close(.responseBody(50_000)))
    #expect(try client.read("k", versionID: "v1", range: 1000..<101_000) == Array(Self.bytes[1000..<101_000]))
    #expect(ranges == ["bytes=1000-100999", "bytes=51000-100999"])
  }

  @Test("breaks are borne as often as attempts may be made")
  func budget() throws {
    server.inject(.close(.responseBody(100_000)), times: 2)
    #expect(try readAll(try #require(try client.open("k", versionID: nil))) == Self.bytes)
    server.inject(.close(.responseBody(100_000)), times: 3)
    let reader = try #require(try client.open("k", versionID: nil))
    let error = try failure { () throws(S3Error) in try readAll(reader) }
    #expect(error.kind == .unavailable && error.failure.status == .unavailable)
    #expect(error.description.contains("GetObject") && error.description.contains("s3://bucket/k"))
    #expect(server.requests.count == 6)
  }

  @Test("a body longer than its object is told of")
  func tooLong() throws {
    server.inject(.misstateLength(by: 5), times: .max)
    let error = try failure { () throws(S3Error) in try client.read("k", versionID: nil, limit: 1 << 20) }
    #expect(error.kind == .outOfRange)
  }

  @Test("another object by the same key is not mixed in")
  func replaced() throws {
    object.content.withLock { $0.versionID = nil }
    server.inject(.close(.responseBody(100_000)))
    let reader = try #require(try client.open("k", versionID: nil))
    object.content.withLock {
      $0.bytes = [UInt8](repeating: 7, count: $0.bytes.count)
      $0.etag = "\"e2\""
    }
    let error = try failure { () throws(S3Error) in try readAll(reader) }
    #expect(error.kind == .changed && error.failure.status == .integrity)
  }

  static let wrongRest: [(name: String, change: @Sendable (ServedRequest, ServedResponse) -> ServedResponse)] = [
    ("the whole again", { _, _ in ServedResponse(200, headers: [header("ETag", "\"e1\"")], body: bytes) }),
    ("another part", { _, response in changed(response, "Content-Range", "bytes 0-599999/700000") }),
    ("of another size", { _, response in changed(response, "Content-Range", "bytes 100000-699999/700001") }),
    ("no range", { _, response in changed(response, "Content-Range", "x") }),
    ("another version", { _, response in changed(response, "x-amz-version-id", "v2") }),
    ("another ETag", { _, response in changed(response, "ETag", "\"e2\"") }),
  ]

  private static func changed(_ response: ServedResponse, _ name: String, _ value: String) -> ServedResponse {
    var response = response
    response.set(name, value)
    return response
  }

  @Test("what is not the rest of the object is refused", arguments: wrongRest)
  func wrong(
    row: (name: String, change: @Sendable (ServedRequest, ServedResponse) -> ServedResponse)
  ) throws {
    server.inject(.close(.responseBody(100_000)))
    server.inject(.alter(row.change), nth: 2)
    let reader = try #require(try client.open("k", versionID: nil))
    #expect(try failure { () throws(S3Error) in try readAll(reader) }.kind == .badAnswer)
  }

  @Test("the service's troubles at the break are waited for")
  func busyAtResume() throws {
    server.inject(.close(.responseBody(100_000)))
    server.inject(.answer(.error(503, "SlowDown")), nth: 2)
    #expect(try readAll(try #require(try client.open("k", versionID: nil))) == Self.bytes)
    #expect(server.requests.count == 3)
  }

  @Test("a byte that comes out as another is the reader's to find")
  func corrupted() throws {
    server.inject(.corrupt(byte: 17))
    let bytes = try #require(try client.read("k", versionID: nil, limit: 1 << 20))
    #expect(zip(bytes, Self.bytes).enumerated().filter { $1.0 != $1.1 }.map(\.offset) == [17])
  }

  @Test("an object that is too large is not read")
  func limit() throws {
    let error = try failure { () throws(S3Error) in try client.read("k", versionID: nil, limit: 699_999) }
    #expect(error.kind == .tooLarge && error.failure.status == .integrity)
    #expect(try client.read("k", versionID: nil, limit: 700_000)?.count == 700_000)
  }

  @Test("parts: whole, single bytes, and none")
  func parts() throws {
    for range in [0..<1, 0..<700_000, 699_999..<700_000, 5..<5] {
      #expect(try client.read("k", versionID: "v1", range: range) == Array(Self.bytes[range]))
    }
  }

  @Test("what an object does not have is no part of it", arguments: [699_999..<700_001, 700_000..<700_001])
  func outOfRange(_ range: Range<Int>) throws {
    let error = try failure { () throws(S3Error) in try client.read("k", versionID: nil, range: range) }
    #expect(error.kind == .outOfRange && error.failure.status == .integrity)
  }

  @Test("a server without ranges is told of")
  func noRanges() throws {
    object.content.withLock { $0.knowsRanges = false }
    #expect(try failure { () throws(S3Error) in try client.read("k", versionID: nil, range: 1..<2) }.kind == .badAnswer)
  }

  @Test("a body without a length, and another version than the one asked for, are refused")
  func badHeads() throws {
    server.inject(.chunk(1000))
    #expect(try failure { () throws(S3Error) in try client.open("k", versionID: nil) }.kind == .badAnswer)
    #expect(try failure { () throws(S3Error) in try client.open("k", versionID: "v0") }.kind == .badAnswer)
  }

  static let absent: [(status: Int, code: String)] = [
    (404, "NoSuchKey"), (404, "NoSuchVersion"), (405, "MethodNotAllowed"),
  ]

  @Test("what is not there is nil, and so is a delete marker", arguments: absent)
  func missing(row: (status: Int, code: String)) throws {
    server.inject(.answer(.error(row.status, row.code)), times: .max)
    #expect(try client.open("k", versionID: "v") == nil)
    #expect(try client.read("k", versionID: "v", limit: 1) == nil)
    #expect(try client.read("k", versionID: "v", range: 0..<1) == nil)
    #expect(try client.read("k", versionID: "v", range: 1..<1) == nil)
    #expect(try client.head("k", versionID: "v") == nil)
  }

  @Test("a bucket that is not there is no missing object")
  func noBucket() throws {
    server.inject(.answer(.error(404, "NoSuchBucket")))
    let error = try failure { () throws(S3Error) in try client.open("k", versionID: nil) }
    #expect(error.kind == .noSuchBucket && error.failure.status == .configuration)
  }

  @Test("a reader that is closed reads no more, and asks for nothing")
  func closed() throws {
    let reader = try #require(try client.open("k", versionID: nil))
    reader.close()
    _ = try failure { () throws(S3Error) in try readAll(reader) }
    #expect(server.requests.count == 1)
  }

  @Test("a run that is stopped breaks off, and says so")
  func cancelled() throws {
    object.content.withLock {
      $0.onRequest = { [site] in
        site.cancellation.cancel()
        site.http.cancelAll()
      }
    }
    server.inject(.stall(.afterEffect))
    let error = try failure { () throws(S3Error) in try client.open("k", versionID: nil) }
    #expect(error.kind == .cancelled && error.failure.status == .tryLater)
  }
}
