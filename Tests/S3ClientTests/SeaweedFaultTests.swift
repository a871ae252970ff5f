// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes
import HTTPTransport
import S3Client
import TestSupport
import Testing

/// Each write broken both ways, in front of a real server: the request lost, and the reply lost.
@Suite("Against SeaweedFS, on a shaky line", .enabled(if: SeaweedS3.isUsable, "scripts/dependencies test is needed"))
struct SeaweedFaultTests {
  let seaweed: SeaweedSite
  let lock = ObjectLock(mode: .compliance, until: Timestamp.now().advanced(bySeconds: 86_400 * 400))
  var real: S3Client { seaweed.client }
  var shaky: S3Client { seaweed.shaky.client }
  var key: String { seaweed.prefix + "k" }

  init() throws { seaweed = try SeaweedSite() }

  static let lostRequests: [(name: String, fault: Fault)] = [
    ("reset before the body", .reset(.beforeBody)), ("reset inside the body", .reset(.requestBody(1000))),
    ("closed before the effect", .close(.beforeEffect)), ("500", .answer(.error(500, "InternalError"))),
    ("503", .answer(.error(503, "SlowDown"))), ("a proxy's 502", .answer(ServedResponse(502))),
    ("200 with an error", .answer(.error(200, "InternalError"))),
  ]

  @Test("a request that is lost is made again: one version, locked", arguments: lostRequests)
  func lostRequest(row: (name: String, fault: Fault)) throws {
    seaweed.front.inject(row.fault, method: "PUT")
    let body = pattern(5000)
    guard case .created(let version?, _, _) = try shaky.put(key, body, lock: lock, legalHold: true) else {
      Issue.record("it was not created")
      return
    }
    #expect(seaweed.front.requests.count == 2)
    #expect(try seaweed.versions().map(\.versionID) == [version])
    #expect(try real.head(key, versionID: version)?.lock == lock)
    #expect(try real.read(key, versionID: version, limit: 1 << 20) == body)
  }

  static let lostReplies: [(name: String, fault: Fault)] = [
    ("reset", .loseReply), ("closed", .close(.afterEffect)), ("reset inside the head", .reset(.responseHead(20))),
    ("500", .applyThenAnswer(.error(500, "InternalError"))), ("504", .applyThenAnswer(ServedResponse(504))),
  ]

  @Test("a reply that is lost: the next attempt finds the object, which is there once", arguments: lostReplies)
  func lostReply(row: (name: String, fault: Fault)) throws {
    seaweed.front.inject(row.fault, method: "PUT")
    let body = pattern(5000)
    #expect(try shaky.put(key, body, lock: lock) == .exists)
    let versions = try seaweed.versions()
    #expect(versions.count == 1)
    #expect(try real.read(key, versionID: versions.first?.versionID, limit: 1 << 20) == body)
    #expect(try real.retention(key, versionID: versions.first?.versionID) == lock)
  }

  @Test("without the condition a reply that is lost is told, on a kept connection too", arguments: lostReplies)
  func lostReplyWithoutCondition(row: (name: String, fault: Fault)) throws {
    try shaky.headBucket()
    seaweed.front.inject(row.fault, method: "PUT")
    let error = try failure { () throws(S3Error) in try shaky.put(key, [1], lock: lock, ifAbsent: false) }
    #expect(error.kind == .unavailable)
    #expect(try seaweed.versions().count == 1)
  }

  @Test("another writer that is first wins")
  func race() throws {
    seaweed.front.inject(
      .meanwhile(.beforeEffect) { [real, lock, key] in _ = try? real.put(key, [9], lock: lock) }, method: "PUT")
    #expect(try shaky.put(key, [1], lock: lock) == .exists)
    #expect(try real.read(key, versionID: nil, limit: 10) == [9])
    #expect(try seaweed.versions().count == 1)
  }

  @Test("a body that breaks is read on from the same version, though a newer one came meanwhile")
  func brokenBody() throws {
    let body = pattern(3 << 20)
    let version = try real.version(key, body, lock: lock)
    seaweed.front.inject(.close(.responseBody(1 << 20)), method: "GET")
    let reader = try #require(try shaky.open(key, versionID: nil))
    _ = try real.version(key, [7], lock: lock)
    var buffer = ByteBuffer()
    while try reader.read(into: &buffer, upTo: 1 << 16) > 0 {}
    #expect(buffer.array() == body && reader.head.versionID == version)
    #expect(seaweed.front.requests.count == 2)
  }

  @Test("locks and holds are set again where the reply is lost: it leads to the same")
  func locks() throws {
    let version = try real.version(key, [1], lock: lock)
    let longer = ObjectLock(mode: .compliance, until: lock.until.advanced(bySeconds: 86_400))
    seaweed.front.inject(.loseReply, method: "PUT", target: "*retention*")
    seaweed.front.inject(.reset(.beforeEffect), method: "PUT", target: "*legal-hold*")
    try shaky.extendRetention(key, versionID: version, to: longer)
    try shaky.setLegalHold(key, versionID: version, true)
    #expect(try real.retention(key, versionID: version) == longer)
    #expect(try real.legalHold(key, versionID: version))
    #expect(seaweed.front.requests.count(where: { $0.method == "PUT" }) == 4)
  }

  @Test("lists, heads and small objects are asked for again")
  func reads() throws {
    let version = try real.version(key, [1, 2, 3], lock: lock)
    seaweed.front.inject(.close(.responseBody(20)), method: "GET")
    seaweed.front.inject(.reset(.beforeEffect), method: "HEAD")
    #expect(try shaky.listVersions(prefix: seaweed.prefix).map(\.versionID) == [version])
    #expect(try shaky.head(key, versionID: version)?.bytes == 3)
    seaweed.front.removeFaults()
    seaweed.front.inject(.stripLock, method: "HEAD")
    // What strips a lock's headers on the way is seen as no lock at all, never as one.
    let head = try #require(try shaky.head(key, versionID: version))
    #expect(head.lock == nil && !head.hasLegalHold)
  }
}

extension Fault {
  /// A server that knows no locks, or a proxy that lets none of their headers through.
  fileprivate static let stripLock = Fault.alter { _, response in
    var response = response
    response.headers.removeAll { $0.name.lowercased().hasPrefix("x-amz-object-lock") }
    return response
  }
}
