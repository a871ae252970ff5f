// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTTPTransport
import S3Client
import TestSupport
import Testing

@Suite("Locks and restores, as AWS and others answer")
struct LockTests {
  let server: FaultServer
  let site: Site
  let lock: ObjectLock
  var client: S3Client { site.client }

  init() throws {
    server = try FaultServer()
    site = try Site(server)
    lock = ObjectLock(mode: .compliance, until: try #require(Timestamp("2027-12-28T00:00:00Z")))
  }

  private func serve(_ text: String) {
    server.inject(.answer(ServedResponse(200, text: text)), method: "GET", times: .max)
  }

  private static func retention(_ mode: String, _ until: String) -> String {
    """
    <Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>\(mode)</Mode>\
    <RetainUntilDate>\(until)</RetainUntilDate></Retention>
    """
  }

  @Test("a retention, whatever fraction its date has", arguments: ["", ".000", ".999999999"])
  func fractions(_ fraction: String) throws {
    serve(Self.retention("COMPLIANCE", "2027-12-28T00:00:00\(fraction)Z"))
    #expect(try client.retention("k", versionID: "v1") == lock)
    #expect(server.requests.map(\.target) == ["/bucket/k?retention&versionId=v1"])
  }

  static let none: [(status: Int, code: String)] = [
    (404, "NoSuchObjectLockConfiguration"), (400, "InvalidRequest"), (404, "ObjectLockConfigurationNotFoundError"),
  ]

  @Test("no lock is nil, and no hold", arguments: none)
  func unlocked(row: (status: Int, code: String)) throws {
    server.inject(.answer(.error(row.status, row.code)), times: .max)
    #expect(try client.retention("k", versionID: "v") == nil)
    #expect(try client.legalHold("k", versionID: "v") == false)
  }

  @Test("no object is no missing lock")
  func noObject() throws {
    server.inject(.answer(.error(404, "NoSuchKey")), times: .max)
    #expect(try failure { () throws(S3Error) in try client.retention("k", versionID: "v") }.kind == .noSuchObject)
    #expect(try failure { () throws(S3Error) in try client.legalHold("k", versionID: "v") }.kind == .noSuchObject)
  }

  static let unreadable = [
    retention("COMPLIANCE", ""), retention("", "2027-12-28T00:00:00Z"), retention("compliance", "2027-12-28T00:00:00Z"),
    retention("COMPLIANCE", "28 Dec 2027"), "<LegalHold/>", "", "<html>",
  ]

  @Test("a lock that cannot be read is no missing lock", arguments: unreadable)
  func unclear(_ text: String) throws {
    serve(text)
    #expect(try failure { () throws(S3Error) in try client.retention("k", versionID: "v") }.kind == .badAnswer)
  }

  @Test("of a head as well")
  func head() throws {
    func answer(_ mode: String, _ until: String) {
      let headers = [
        header("Content-Length", "5"), header("x-amz-object-lock-mode", mode),
        header("x-amz-object-lock-retain-until-date", until), header("x-amz-object-lock-legal-hold", "ON"),
      ]
      server.inject(.answer(ServedResponse(200, headers: headers)), method: "HEAD")
    }
    answer("COMPLIANCE", "2027-12-28T00:00:00.000Z")
    let head = try #require(try client.head("k", versionID: "v"))
    #expect(head.lock == lock && head.hasLegalHold && head.bytes == 5)
    #expect(server.requests.last?.header("x-amz-checksum-mode") == "ENABLED")
    server.removeFaults()
    answer("COMPLIANCE", "soon")
    #expect(
      try failure { () throws(S3Error) in try client.head("k", versionID: "v", checksum: false) }.kind == .badAnswer)
    #expect(server.requests.last?.header("x-amz-checksum-mode") == nil)
  }

  @Test("a retention grows by a document with its checksum, never with a bypass")
  func extend() throws {
    serve(Self.retention("GOVERNANCE", "2027-12-28T00:00:00Z"))
    try client.extendRetention("k", versionID: "v1", to: lock)
    let request = try #require(server.requests.last)
    #expect(request.method == "PUT" && request.target == "/bucket/k?retention&versionId=v1")
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == Self.retention("COMPLIANCE", "2027-12-28T00:00:00Z"))
    #expect(request.header("x-amz-checksum-sha256") == Base64.encode(SHA256.hash(request.body).bytes))
    #expect(request.header("x-amz-bypass-governance-retention") == nil)
  }

  @Test("a shorter or weaker one is not even asked for; the same is there already")
  func shorter() throws {
    serve(Self.retention("COMPLIANCE", "2027-12-28T00:00:00Z"))
    for weaker in [
      ObjectLock(mode: .compliance, until: lock.until.advanced(bySeconds: -1)),
      ObjectLock(mode: .governance, until: lock.until.advanced(bySeconds: 1)),
    ] {
      let error = try failure { () throws(S3Error) in try client.extendRetention("k", versionID: "v", to: weaker) }
      #expect(error.kind == .wouldShorten && error.failure.status == .refused)
      #expect(error.description.contains("2027-12-28T00:00:00Z"))
    }
    try client.extendRetention("k", versionID: "v", to: lock)
    #expect(server.requests.allSatisfy { $0.method == "GET" })
  }

  @Test("a hold is read, put and taken off")
  func hold() throws {
    serve("<LegalHold><Status>ON</Status></LegalHold>")
    #expect(try client.legalHold("k", versionID: "v"))
    try client.setLegalHold("k", versionID: "v", true)
    try client.setLegalHold("k", versionID: nil, false)
    #expect(
      server.requests.map(\.target) == [
        "/bucket/k?legal-hold&versionId=v", "/bucket/k?legal-hold&versionId=v", "/bucket/k?legal-hold",
      ])
    #expect(String(decoding: server.requests[1].body, as: UTF8.self).contains("<Status>ON</Status>"))
    #expect(String(decoding: server.requests[2].body, as: UTF8.self).contains("<Status>OFF</Status>"))
    server.removeFaults()
    serve("<LegalHold><Status>MAYBE</Status></LegalHold>")
    #expect(try failure { () throws(S3Error) in try client.legalHold("k", versionID: "v") }.kind == .badAnswer)
  }

  @Test("an archived object: reading says so, its head how it stands")
  func cold() throws {
    let state = "<StorageClass>GLACIER</StorageClass>"
    server.inject(.answer(.error(403, "InvalidObjectState", "not valid for the object's storage class", more: state)))
    let error = try failure { () throws(S3Error) in try client.open("k", versionID: "v") }
    #expect(error.kind == .coldStorage && error.failure.status == .tryLater && error.missingPermission == nil)
    func head(_ headers: (String, String)...) throws -> S3ObjectHead {
      let headers = ([("Content-Length", "5")] + headers).map { header($0.0, $0.1) }
      server.inject(.answer(ServedResponse(200, headers: headers)), method: "HEAD")
      defer { server.removeFaults() }
      return try #require(try client.head("k", versionID: "v"))
    }
    let restored = #"ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT""#
    #expect(try !head().isInColdStorage)
    #expect(try head(("x-amz-storage-class", "GLACIER")).isInColdStorage)
    #expect(
      try head(("x-amz-storage-class", "DEEP_ARCHIVE"), ("x-amz-restore", #"ongoing-request="true""#)).isInColdStorage)
    #expect(try !head(("x-amz-storage-class", "GLACIER"), ("x-amz-restore", restored)).isInColdStorage)
    #expect(try !head(("x-amz-storage-class", "GLACIER_IR")).isInColdStorage)
    #expect(
      try head(("x-amz-storage-class", "INTELLIGENT_TIERING"), ("x-amz-archive-status", "ARCHIVE_ACCESS"))
        .isInColdStorage)
  }

  static let restores: [(answer: ServedResponse, outcome: RestoreOutcome)] = [
    (ServedResponse(202), .started), (ServedResponse(200), .alreadyRestored),
    (.error(409, "RestoreAlreadyInProgress"), .inProgress),
    (.error(403, "ObjectAlreadyInActiveTierError"), .notArchived), (.error(403, "InvalidObjectState"), .notArchived),
  ]

  @Test("asking for a restore", arguments: restores)
  func restore(row: (answer: ServedResponse, outcome: RestoreOutcome)) throws {
    server.inject(.answer(row.answer))
    #expect(try client.restore("k", versionID: "v", days: 3, tier: "Bulk") == row.outcome)
    let request = try #require(server.requests.last)
    #expect(request.method == "POST" && request.target == "/bucket/k?restore&versionId=v")
    let document = String(decoding: request.body, as: UTF8.self)
    #expect(document.contains("<Days>3</Days><GlacierJobParameters><Tier>Bulk</Tier></GlacierJobParameters>"))
    _ = try client.restore("k", versionID: "v", days: nil, tier: "Standard")
    #expect(!String(decoding: try #require(server.requests.last).body, as: UTF8.self).contains("Days"))
  }

  @Test("a delete of a version may be made twice, one that adds a marker may not")
  func delete() throws {
    server.inject(.loseReply, times: 2)
    try client.delete("k", versionID: "v")
    #expect(server.requests.count == 3)
    server.inject(.loseReply)
    #expect(try failure { () throws(S3Error) in try client.delete("k", versionID: nil) }.kind == .unavailable)
    #expect(server.requests.count == 4)
  }
}
