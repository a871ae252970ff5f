// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Crypto
import HTTPTransport
import S3Client
import TestSupport
import Testing

@Suite("Writing")
struct PutTests {
  let server: FaultServer
  let site: Site
  let until: Timestamp
  var client: S3Client { site.client }

  init() throws {
    server = try FaultServer { _ in
      ServedResponse(200, headers: [header("x-amz-version-id", "v1"), header("ETag", "\"e1\"")])
    }
    site = try Site(server)
    until = try #require(Timestamp("2027-12-28T00:00:00Z"))
  }

  private func sent(_ names: [String]) -> [String: String] {
    let headers = server.requests.last?.headers ?? []
    return Dictionary(
      headers.map { ($0.name.lowercased(), $0.value) }.filter { names.contains($0.0) }, uniquingKeysWith: { $1 })
  }

  private let guarding = [
    "if-none-match", "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold",
    "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-checksum-sha256",
    "x-amz-content-sha256", "x-amz-bypass-governance-retention",
  ]

  @Test("lock, hold, condition, checksum and key go with the body in one request")
  func everything() throws {
    let body = pattern(1000)
    let digest = SHA256.hash(body)
    let outcome = try client.put(
      "a/k", .bytes(body), sha256: digest, lock: ObjectLock(mode: .compliance, until: until), legalHold: true,
      ifAbsent: true, kmsKeyID: "arn:aws:kms:eu-west-1:1:key/x")
    #expect(outcome == .created(versionID: "v1", etag: "\"e1\"", sha256: nil))
    #expect(server.requests.count == 1)
    #expect(server.requests[0].method == "PUT" && server.requests[0].target == "/bucket/a/k")
    #expect(server.requests[0].body == body)
    #expect(
      sent(guarding) == [
        "if-none-match": "*", "x-amz-object-lock-mode": "COMPLIANCE",
        "x-amz-object-lock-retain-until-date": "2027-12-28T00:00:00Z", "x-amz-object-lock-legal-hold": "ON",
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:1:key/x",
        "x-amz-checksum-sha256": Base64.encode(digest.bytes), "x-amz-content-sha256": digest.hex,
      ])
    let signed = server.requests[0].header("authorization") ?? ""
    for name in ["if-none-match", "x-amz-object-lock-mode", "x-amz-checksum-sha256"] { #expect(signed.contains(name)) }
  }

  @Test("nothing is asked for that the caller does not ask for")
  func nothing() throws {
    _ = try client.put("k", [1], ifAbsent: false)
    #expect(sent(guarding).keys.sorted() == ["x-amz-checksum-sha256", "x-amz-content-sha256"])
  }

  @Test("a file is sent as it is on disk")
  func file() throws {
    let directory = try TemporaryDirectory("s3")
    let body = pattern(3 << 20)
    try write(body, directory("body"))
    _ = try client.put(
      "k", .file(path: directory("body"), bytes: body.count), sha256: SHA256.hash(body), lock: nil, legalHold: false,
      ifAbsent: true)
    #expect(server.requests.last?.bodyDigest == SHA256.hash(body))
    let missing = try failure { () throws(S3Error) in
      try client.put(
        "k", .file(path: directory("none"), bytes: 1), sha256: SHA256.hash([]), lock: nil, legalHold: false,
        ifAbsent: true)
    }
    #expect(missing.kind == .other && server.requests.count == 1)
  }

  static let keys: [(key: String, target: String)] = [
    ("a/b-c_d.e~f", "/bucket/a/b-c_d.e~f"), ("a b+c", "/bucket/a%20b%2Bc"), ("..", "/bucket/.."),
    ("a//b/../c/.", "/bucket/a//b/../c/."), ("/lead/", "/bucket//lead/"), ("ü😀", "/bucket/%C3%BC%F0%9F%98%80"),
    ("a%2Fb", "/bucket/a%252Fb"), ("?x=1&y#z", "/bucket/%3Fx%3D1%26y%23z"), ("tab\t\u{7f}", "/bucket/tab%09%7F"),
    ("e\u{301}", "/bucket/e%CC%81"), ("*'()!@:;,$", "/bucket/%2A%27%28%29%21%40%3A%3B%2C%24"),
  ]

  @Test("keys are sent as S3 signs them", arguments: keys)
  func key(row: (key: String, target: String)) throws {
    _ = try client.put(row.key, [1])
    #expect(server.requests.map(\.target) == [row.target])
  }

  @Test("412 says that there is something; without the condition it is an error")
  func exists() throws {
    server.inject(.answer(.error(412, "PreconditionFailed")), times: 2)
    #expect(try client.put("k", [1]) == .exists)
    #expect(try failure { () throws(S3Error) in try client.put("k", [1], ifAbsent: false) }.kind == .changed)
    #expect(server.requests.count == 2)
  }

  @Test(
    "a write under way is waited for: then it is there, or ours",
    arguments: ["ConditionalRequestConflict", "OperationAborted"])
  func conflict(_ code: String) throws {
    server.inject(.answer(.error(409, code)), times: 2)
    #expect(try client.put("k", [1]) == .created(versionID: "v1", etag: "\"e1\"", sha256: nil))
    #expect(server.requests.count == 3 && site.pauses.seconds == [1, 2])
    server.inject(.answer(.error(409, code)))
    server.inject(.answer(.error(412, "PreconditionFailed")), nth: 2)
    #expect(try client.put("k", [1]) == .exists)
  }

  @Test("a conflict that does not end is told, to be tried later")
  func endlessConflict() throws {
    server.inject(.answer(.error(409, "ConditionalRequestConflict")), times: .max)
    let error = try failure { () throws(S3Error) in try client.put("k", [1]) }
    #expect(error.kind == .conflict && error.failure.status == .tryLater)
    #expect(server.requests.count == 3)
  }

  @Test("SlowDown is heeded, and the write made again")
  func slowDown() throws {
    var busy = ServedResponse.error(503, "SlowDown")
    busy.set("Retry-After", "7")
    server.inject(.answer(busy), times: 2)
    _ = try client.put("k", [1], ifAbsent: false)
    #expect(server.requests.count == 3 && site.pauses.seconds == [7, 7])
    #expect(Set(server.requests.map(\.body)) == [[1]])
  }

  static let uncertain: [(name: String, fault: Fault)] = [
    ("reply lost", .loseReply), ("500 though it is done", .applyThenAnswer(.error(500, "InternalError"))),
    ("reset in the answer's head", .reset(.responseHead(10))),
    ("502 of a proxy", .applyThenAnswer(ServedResponse(502))),
  ]

  @Test("what may have been done is done again under the condition only", arguments: uncertain)
  func repeats(row: (name: String, fault: Fault)) throws {
    // A connection that is kept is one that libcurl itself would send again on.
    _ = try client.put("k", [1])
    server.inject(row.fault)
    let error = try failure { () throws(S3Error) in try client.put("k", [1], ifAbsent: false) }
    #expect(error.kind == .unavailable && error.failure.status == .unavailable)
    #expect(server.requests.count == 2)
    server.inject(row.fault)
    #expect(try client.put("k", [1]) == .created(versionID: "v1", etag: "\"e1\"", sha256: nil))
    #expect(server.requests.count == 4)
  }

  @Test("nobody listens: nothing was done, so it is tried again, and then told")
  func refused() throws {
    let site = try Site("http://127.0.0.1:\(FaultServer.closedPort())")
    let error = try failure { () throws(S3Error) in try site.client.put("k", [1], ifAbsent: false) }
    #expect(error.kind == .unavailable && error.description.contains("PutObject"))
    #expect(site.pauses.seconds.count == 2)
  }

  @Test("a checksum that comes back must be the body's")
  func echo() throws {
    let digest = SHA256.hash([1])
    func answer(_ digest: Digest) -> Fault {
      .answer(ServedResponse(200, headers: [header("x-amz-checksum-sha256", Base64.encode(digest.bytes))]))
    }
    server.inject(answer(digest))
    #expect(try client.put("k", [1]) == .created(versionID: nil, etag: nil, sha256: digest))
    server.inject(answer(SHA256.hash([2])))
    #expect(try failure { () throws(S3Error) in try client.put("k", [1]) }.kind == .badAnswer)
  }

  @Test("an error behind a 200 is an error; one that passes is waited for")
  func errorInSuccess() throws {
    server.inject(.answer(.error(200, "InternalError", "We encountered an internal error")), times: 2)
    #expect(try client.put("k", [1]) == .created(versionID: "v1", etag: "\"e1\"", sha256: nil))
    #expect(server.requests.count == 3)
    server.inject(.answer(.error(200, "AccessDenied", "no")))
    let error = try failure { () throws(S3Error) in try client.put("k", [1]) }
    #expect(error.answer?.code == "AccessDenied" && error.answer?.requestID == "REQ1")
  }

  @Test("what arrived damaged says so", arguments: ["BadDigest", "XAmzContentSHA256Mismatch"])
  func damaged(_ code: String) throws {
    server.inject(.answer(.error(400, code)), times: .max)
    let error = try failure { () throws(S3Error) in try client.put("k", [1]) }
    #expect(error.kind == .damaged && error.failure.status == .unavailable)
  }
}
