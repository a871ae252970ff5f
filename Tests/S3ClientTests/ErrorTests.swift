// SPDX-License-Identifier: Apache-2.0
import AuditCore
import HTTPTransport
import S3Client
import Synchronization
import TestSupport
import Testing

@Suite("Refusals")
struct ErrorTests {
  let server: FaultServer
  let site: Site
  var client: S3Client { site.client }

  init() throws {
    server = try FaultServer()
    site = try Site(server)
  }

  private func put(lock: ObjectLock? = nil, hold: Bool = false) throws -> S3Error {
    try failure { () throws(S3Error) in try client.put("k", [1], lock: lock, legalHold: hold) }
  }

  @Test("a missing permission is named as the server names it")
  func named() throws {
    let message = "User: arn:aws:iam::1:user/u is not authorized to perform: s3:PutObjectRetention on resource: x"
    server.inject(.answer(.error(403, "AccessDenied", message)))
    let error = try put(lock: ObjectLock(mode: .compliance, until: .now()), hold: true)
    #expect(error.kind == .denied && error.failure.status == .permission)
    #expect(error.missingPermission == "s3:PutObjectRetention")
    #expect(error.description.contains("the permission s3:PutObjectRetention is missing"))
    #expect(error.description.contains("request id REQ1") && error.description.contains("host id HOST1"))
    #expect(error.answer?.requestID == "REQ1" && error.answer?.hostID == "HOST1")
  }

  @Test("and otherwise all are named that the call needs")
  func unnamed() throws {
    server.inject(.answer(.error(403, "AccessDenied", "Access Denied")), times: .max)
    #expect(try put().missingPermission == "s3:PutObject")
    let lock = ObjectLock(mode: .compliance, until: .now())
    #expect(try put(lock: lock).missingPermission == "s3:PutObject and s3:PutObjectRetention")
    #expect(
      try put(lock: lock, hold: true).missingPermission
        == "s3:PutObject, s3:PutObjectRetention and s3:PutObjectLegalHold")
    let get = try failure { () throws(S3Error) in try client.open("k", versionID: "v") }
    #expect(get.missingPermission?.hasPrefix("s3:GetObjectVersion (") == true)
    #expect(get.missingPermission?.contains("s3:ListBucket") == true)
    let list = try failure { () throws(S3Error) in try client.listVersions(prefix: "") }
    #expect(list.missingPermission == "s3:ListBucketVersions")
  }

  @Test("a HEAD's refusal has neither code nor words")
  func head() throws {
    server.inject(.answer(ServedResponse(403)))
    let error = try failure { () throws(S3Error) in try client.head("k", versionID: nil) }
    #expect(error.kind == .denied && error.missingPermission?.hasPrefix("s3:GetObject (") == true)
    #expect(error.failure.status == .permission)
  }

  static let others: [(status: Int, code: String, message: String, kind: S3Error.Kind, exit: AuditCore.ExitStatus)] = [
    (403, "InvalidObjectState", "", .coldStorage, .tryLater), (403, "SignatureDoesNotMatch", "", .denied, .permission),
    (403, "InvalidAccessKeyId", "", .denied, .permission), (400, "ExpiredToken", "", .denied, .permission),
    (403, "AccessDenied", "Access Denied because object protected by object lock.", .locked, .refused),
    (403, "AccessDenied", "forbidden by object lock", .locked, .refused),
    (400, "InvalidRequest", "Object is WORM protected and cannot be overwritten", .locked, .refused),
    (400, "InvalidArgument", "Object Lock is not enabled", .other, .configuration),
    (501, "NotImplemented", "", .unsupported, .configuration), (500, "InternalError", "", .unavailable, .unavailable),
    (404, "NoSuchBucket", "", .noSuchBucket, .configuration), (404, "NoSuchKey", "", .noSuchObject, .integrity),
  ]

  @Test("what servers answer becomes a kind and an exit status", arguments: others)
  func kinds(
    row: (status: Int, code: String, message: String, kind: S3Error.Kind, exit: AuditCore.ExitStatus)
  ) throws {
    server.inject(.answer(.error(row.status, row.code, row.message)), times: .max)
    let error = try put()
    #expect(error.kind == row.kind && error.failure.status == row.exit, "\(error)")
    #expect(error.missingPermission == nil)
    #expect(error.description.hasPrefix("s3://bucket/k: s3 PutObject was answered \(row.status) \(row.code)"))
  }

  static let elsewhere: [(name: String, answer: ServedResponse, names: Bool)] = [
    (
      "301", .error(301, "PermanentRedirect", more: "<Endpoint>bucket.s3-eu-west-1.amazonaws.com</Endpoint>"), false
    ),
    (
      "301 with a region",
      ServedResponse(
        301, headers: [header("x-amz-bucket-region", "eu-west-1")], text: xmlError("PermanentRedirect", "")), true
    ), ("301 to a HEAD", ServedResponse(301, headers: [header("x-amz-bucket-region", "eu-west-1")]), true),
    ("307", .error(307, "TemporaryRedirect"), false),
    ("400", .error(400, "AuthorizationHeaderMalformed", more: "<Region>eu-west-1</Region>"), true),
    ("400 to a HEAD", ServedResponse(400, headers: [header("x-amz-bucket-region", "eu-west-1")]), true),
  ]

  @Test("a bucket in another region: which one, and no redirect is followed", arguments: elsewhere)
  func region(row: (name: String, answer: ServedResponse, names: Bool)) throws {
    let other = try FaultServer()
    var answer = row.answer
    answer.set("Location", other.url + "/k")
    server.inject(.answer(answer), times: .max)
    var errors = [try put(), try failure { () throws(S3Error) in try client.open("k", versionID: nil) }]
    // A HEAD's answer has no document, which is all that tells in the one case.
    if row.name != "400" { errors.append(try failure { () throws(S3Error) in try client.head("k", versionID: nil) }) }
    for error in errors {
      #expect(error.kind == .wrongRegion && error.failure.status == .configuration, "\(error)")
      if row.names {
        #expect(error.description.contains("in eu-west-1, not in us-east-1: set AWS_REGION=eu-west-1"), "\(error)")
      }
    }
    #expect(other.requests.isEmpty && server.requests.count == errors.count)
  }

  @Test("a clock that is wrong is set right, for streams too")
  func clock() throws {
    var skewed = ServedResponse.error(403, "RequestTimeTooSkewed")
    skewed.set("Date", "Mon, 23 Nov 2026 02:00:00 GMT")
    server.inject(.answer(skewed))
    #expect(try client.read("k", versionID: nil, limit: 0) == [])
    #expect(server.requests.count == 2)
    #expect(server.requests[1].header("x-amz-date")?.hasPrefix("20261123T0200") == true)
  }

  @Test("a token that ends in the middle of a run is renewed, for streams and for files too")
  func expired() throws {
    let tokens = try FaultServer { [counter = Atomic(0)] _ in
      let number = counter.add(1, ordering: .relaxed).newValue
      return ServedResponse(
        200,
        text: #"{"AccessKeyId":"AK","SecretAccessKey":"SK","Token":"T\#(number)","Expiration":"2099-01-01T00:00:00Z"}"#)
    }
    let valid = Atomic(1)
    let server = try FaultServer { request in
      request.header("x-amz-security-token") == "T\(valid.load(ordering: .relaxed))"
        ? ServedResponse(200, headers: [header("x-amz-version-id", "v1")], body: request.method == "GET" ? [7] : [])
        : .error(400, "ExpiredToken", "The provided token has expired.")
    }
    let client = try Site([
      "S3_ENDPOINT": server.url, "AWS_CONTAINER_CREDENTIALS_FULL_URI": tokens.url + "/creds", "AWS_REGION": "eu-west-1",
    ]).client
    #expect(try client.read("k", versionID: nil, limit: 1) == [7])
    valid.store(2, ordering: .relaxed)
    #expect(try client.read("k", versionID: nil, limit: 1) == [7])
    valid.store(3, ordering: .relaxed)
    #expect(try client.put("k", [1], ifAbsent: false) == .created(versionID: "v1", etag: nil, sha256: nil))
    // A HEAD's refusal does not say why.
    valid.store(4, ordering: .relaxed)
    #expect(try client.head("k", versionID: nil)?.versionID == "v1")
    #expect(server.requests.count == 7 && tokens.requests.count == 4)
  }

  @Test("an error's body that is none, or too much, leaves status and sentence")
  func bodies() throws {
    for body in ["<Error><Code>", "{}", "<html>busy</html>", String(repeating: "x", count: 100_000), ""] {
      server.inject(.answer(ServedResponse(403, text: body)))
      let error = try failure { () throws(S3Error) in try client.open("k", versionID: nil) }
      #expect(error.kind == .denied && error.answer?.status == 403)
    }
  }

  @Test("nothing that requests are signed with is in an error")
  func secrets() throws {
    server.inject(.answer(.error(403, "AccessDenied", "you sent AKIDTEST and KEYSECRET")))
    let error = try put()
    #expect(!"\(error)".contains("AKIDTEST") && !String(reflecting: error).contains("KEYSECRET"))
    #expect(!String(reflecting: error).contains("AKIDTEST"))
  }

  @Test("names that are none of a bucket", arguments: ["", "a", "a/b", "a b", "../x", "arn:aws:s3:::b", ".a.b", "ä"])
  func names(_ bucket: String) throws {
    let failure = #expect(throws: Failure.self) { try Site("http://127.0.0.1:1", bucket: bucket) }
    #expect(failure?.status == .configuration)
  }
}
