// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTTPTransport
import Testing

@testable import S3Client

@Suite("What S3 answers with")
struct AnswerTests {
  static let encodedKeys: [(text: String, key: String?)] = [
    ("a", "a"), ("a+b", "a b"), ("a%2Bb", "a+b"), ("a%252Fb", "a%2Fb"), ("%C3%BC/%c3%a9", "ü/é"), ("x%09y", "x\ty"),
    ("emoji%F0%9F%98%80", "emoji😀"), ("", ""), ("..//./", "..//./"), ("a%", nil), ("a%2", nil), ("a%zz", nil),
    ("%ff", nil), ("%ED%A0%80", nil),
  ]

  @Test("keys of lists are decoded, and only what is one", arguments: encodedKeys)
  func keys(row: (text: String, key: String?)) { #expect(KeyEncoding.decode(row.text) == row.key) }

  static let times: [(text: String, iso: String?)] = [
    ("2026-11-23T02:00:00Z", "2026-11-23T02:00:00.000000Z"),
    ("2026-11-23T02:00:00.000Z", "2026-11-23T02:00:00.000000Z"),
    ("2026-11-23T02:00:00.123456789Z", "2026-11-23T02:00:00.123456Z"), ("2026-11-23T02:00:00.Z", nil),
    ("2026-11-23T02:00:00.5", nil), ("2026-11-23T02:00:00+01:00", nil), ("2026-02-30T02:00:00Z", nil), ("", nil),
  ]

  @Test("times with fractions of any length", arguments: times)
  func time(row: (text: String, iso: String?)) { #expect(S3Time.parse(row.text)?.iso == row.iso) }

  static let ranges: [(text: String, range: ContentRange?)] = [
    ("bytes 0-99/1234", ContentRange(range: 0..<100, total: 1234)),
    ("bytes 5-5/6", ContentRange(range: 5..<6, total: 6)),
    ("bytes 5-5/5", nil), ("bytes 6-5/9", nil), ("bytes */9", nil), ("bytes 0-1/*", nil), ("bytes 0-1", nil),
    ("items 0-1/2", nil), ("bytes -1-1/2", nil), ("bytes 0--1/2", nil), ("bytes +0-1/2", nil), ("bytes /", nil),
    ("", nil),
  ]

  @Test("ranges of bodies", arguments: ranges)
  func contentRange(row: (text: String, range: ContentRange?)) { #expect(ContentRange(row.text) == row.range) }

  @Test("a lock lasts at least as long as it was asked for, in whole seconds")
  func lockRounding() throws {
    func rounded(_ text: String) throws -> String {
      ObjectLock(mode: .compliance, until: try #require(Timestamp(text))).until.iso
    }
    #expect(try rounded("2026-11-23T02:00:00Z") == "2026-11-23T02:00:00.000000Z")
    #expect(try rounded("2026-11-23T02:00:00.000001Z") == "2026-11-23T02:00:01.000000Z")
    #expect(try rounded("1999-11-23T02:00:00.000001Z") == "1999-11-23T02:00:01.000000Z")
  }

  @Test("what the server says of a lock counts no second more than it has")
  func lockParsing() throws {
    let lock = try ObjectLock(mode: "GOVERNANCE", until: "2026-11-23T02:00:00.999Z")
    #expect(lock == ObjectLock(mode: .governance, until: try #require(Timestamp("2026-11-23T02:00:00Z"))))
    #expect(throws: AnswerFault.self) { try ObjectLock(mode: "compliance", until: "2026-11-23T02:00:00Z") }
    #expect(throws: AnswerFault.self) { try ObjectLock(mode: "COMPLIANCE", until: "tomorrow") }
    #expect(throws: AnswerFault.self) { try ObjectLock(mode: "COMPLIANCE", until: "") }
  }

  @Test("which lock is at least as strong as which")
  func lockOrder() throws {
    let early = try #require(Timestamp("2026-11-23T02:00:00Z"))
    let late = early.advanced(bySeconds: 1)
    func lock(_ mode: ObjectLock.Mode, _ until: Timestamp) -> ObjectLock { ObjectLock(mode: mode, until: until) }
    #expect(lock(.compliance, early).isAtLeast(lock(.compliance, early)))
    #expect(lock(.compliance, early).isAtLeast(lock(.governance, early)))
    #expect(!lock(.governance, late).isAtLeast(lock(.compliance, early)))
    #expect(!lock(.compliance, early).isAtLeast(lock(.governance, late)))
  }

  @Test("a digest of the whole object, and no other checksum, is the object's digest")
  func checksums() throws {
    let digest = SHA256.hash(Array("hi".utf8))
    let text = Base64.encode(digest.bytes)
    #expect(ObjectChecksum(text)?.digest == digest)
    #expect(ObjectChecksum(text + "-2") == nil)
    #expect(ObjectChecksum("AAAA") == nil)
    func head(_ headers: (String, String)...) throws -> Digest? {
      let headers = headers.map { HTTPHeader(name: $0.0, value: $0.1) }
      return try S3ObjectHead(HTTPResponse(status: 200, headers: headers), bytes: 2).sha256
    }
    #expect(try head(("x-amz-checksum-sha256", text)) == digest)
    #expect(try head(("x-amz-checksum-sha256", text), ("x-amz-checksum-type", "FULL_OBJECT")) == digest)
    #expect(try head(("x-amz-checksum-sha256", text), ("x-amz-checksum-type", "COMPOSITE")) == nil)
    #expect(try head() == nil)
  }

  static let restores: [(text: String?, state: RestoreState)] = [
    (nil, .none), (#"ongoing-request="true""#, .inProgress), (#"ongoing-request="false""#, .restored(until: nil)),
    (
      #"ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT""#,
      .restored(until: Timestamp("2012-12-21T00:00:00Z"))
    ), ("", .none),
  ]

  @Test("how a restore stands", arguments: restores)
  func restore(row: (text: String?, state: RestoreState)) { #expect(S3ObjectHead.restore(row.text) == row.state) }

  static let permissions: [(message: String, action: String?)] = [
    (
      "User: arn:aws:iam::1:user/x is not authorized to perform: s3:PutObjectRetention on resource: \"arn:aws:s3:::b\"",
      "s3:PutObjectRetention"
    ),
    ("not authorized to perform: kms:GenerateDataKey on the resource associated", "kms:GenerateDataKey"),
    ("Access Denied", nil), ("is allowed to perform: nothing", nil), ("not authorized to perform: s3:", nil),
  ]

  @Test("the permission that a refusal names", arguments: permissions)
  func permission(row: (message: String, action: String?)) {
    #expect(S3ErrorKind.permission(in: row.message) == row.action)
  }
}
