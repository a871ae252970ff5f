// SPDX-License-Identifier: Apache-2.0
import AuditCore
import HTTPTransport
import Testing

@testable import AWS

@Suite("Errors of services")
struct AWSErrorTests {
  private func error(_ status: Int, _ headers: [String: String] = [:], _ body: String = "") -> AWSError {
    let headers = headers.map { HTTPHeader($0.key, $0.value) }
    let response = HTTPResponse(status: status, headers: headers)
    return AWSError(service: "s3", operation: "PutObject", response, body: Array(body.utf8))
  }

  static let s3 = """
    <?xml version="1.0" encoding="UTF-8"?>
    <Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message><Key>a</Key>
    <RequestId>R1</RequestId><HostId>H1+/=</HostId></Error>
    """
  static let sts = """
    <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
    <Code>AccessDenied</Code><Message>no</Message></Error><RequestId>R2</RequestId></ErrorResponse>
    """

  static let documents: [(name: String, status: Int, headers: [String: String], body: String, code: String)] = [
    ("S3", 404, [:], s3, "NoSuchKey"), ("STS", 403, [:], sts, "AccessDenied"),
    ("KMS", 400, [:], #"{"__type":"NotFoundException","message":"m"}"#, "NotFoundException"),
    ("a namespace", 400, [:], #"{"__type":"com.amazonaws.kms#DisabledException"}"#, "DisabledException"),
    (
      "the header", 400, ["X-Amzn-ErrorType": "LimitExceededException:http://internal.amazon.com/"], "{}",
      "LimitExceededException"
    ),
    ("HEAD", 404, [:], "", "NotFound"), ("HEAD, forbidden", 403, [:], "", "Forbidden"),
    ("a condition", 412, [:], "", "PreconditionFailed"), ("nothing known", 418, [:], "", "HTTP418"),
    ("broken XML", 503, [:], "<Error><Code>SlowDown</Co", "ServiceUnavailable"),
    ("a proxy's page", 502, [:], "<html><body>Bad Gateway<br></body></html>", "BadGateway"),
    ("another document", 500, [:], "<Ok><Code>x</Code></Ok>", "InternalError"),
    ("broken JSON", 500, [:], #"{"__type":"x""#, "InternalError"), ("text", 500, [:], "no", "InternalError"),
    ("a document type", 500, [:], "<!DOCTYPE Error><Error><Code>x</Code></Error>", "InternalError"),
    ("a code that is none", 400, [:], "<Error><Code>a b\nc</Code></Error>", "BadRequest"),
    ("a code without end", 400, [:], "<Error><Code>\(String(repeating: "x", count: 129))</Code></Error>", "BadRequest"),
  ]

  @Test("codes", arguments: documents)
  func code(row: (name: String, status: Int, headers: [String: String], body: String, code: String)) {
    #expect(error(row.status, row.headers, row.body).code == row.code)
  }

  @Test("what else an answer says")
  func members() {
    let document = error(404, [:], Self.s3)
    #expect(document.message == "The key does not exist." && document.requestID == "R1" && document.hostID == "H1+/=")
    #expect(
      document.description
        == "s3 PutObject was answered 404 NoSuchKey: The key does not exist. (request id R1, host id H1+/=)")
    #expect(error(403, [:], Self.sts).requestID == "R2")
    let headers = error(403, ["x-amz-request-id": "R3", "x-amz-id-2": "H3", "x-amz-bucket-region": "eu-west-1"])
    #expect(headers.requestID == "R3" && headers.hostID == "H3" && headers.bucketRegion == "eu-west-1")
    #expect(error(400, ["x-amzn-RequestId": "R4"]).requestID == "R4")
    #expect(error(400, ["x-amz-request-id": "a b\u{1b}"]).requestID == nil)
    let time = Timestamp("2026-11-23T02:00:00Z")
    #expect(error(403, ["Date": "Mon, 23 Nov 2026 02:00:00 GMT"]).serverTime == time)
    #expect(error(403, [:], "<Error><ServerTime>2026-11-23T02:00:00Z</ServerTime></Error>").serverTime == time)
    #expect(error(403, ["Date": "yesterday"]).serverTime == nil)
  }

  @Test("a message is one printable line of bounded length, and never the request")
  func messages() {
    func message(_ text: String) -> String { error(400, [:], "<Error><Message>\(text)</Message></Error>").message }
    #expect(message("one\ntwo") == "one" && message("\n\none") == "one")
    #expect(message("a\tb&#x7f;c") == "abc")
    #expect(message(String(repeating: "ä", count: 600)) == String(repeating: "ä", count: 512))
    #expect(message("wrong. The Canonical String should be x-amz-security-token:SECRET") == "wrong. ")
    #expect(
      message("sent AWS4-HMAC-SHA256 SignedHeaders=host, Signature=SECRET")
        == "sent AWS4-HMAC-SHA256 SignedHeaders=host, ")
    let huge = "<Error><Code>C</Code>" + String(repeating: "<!-- -->", count: 10_000) + "</Error>"
    #expect(error(400, [:], huge).code == "BadRequest")
  }

  @Test("secrets that a service quotes are taken out")
  func hiding() {
    let quoted = error(403, [:], "<Error><Message>key AKIDSECRET is not known</Message></Error>")
    #expect(quoted.hiding([Secret("AKIDSECRET"), nil]).message == "key ‹hidden› is not known")
    #expect(quoted.hiding([Secret("key")]).message == quoted.message)  // too short to be one
    let words = String(repeating: "x", count: 503)
    let cut = error(403, [:], "<Error><Message>\(words)AKIDSECRET is not known</Message></Error>")
    #expect(cut.hiding([Secret("AKIDSECRET")]).message == words)
  }

  static let waits: [(name: String, headers: [String: String], seconds: Double?)] = [
    ("none", [:], nil), ("seconds", ["Retry-After": "3"], 3), ("milliseconds", ["x-amz-retry-after": "1500"], 1.5),
    ("both", ["x-amz-retry-after": "1500", "Retry-After": "9"], 1.5), ("negative", ["Retry-After": "-1"], nil),
    (
      "a date",
      ["Retry-After": "Mon, 23 Nov 2026 02:00:07 GMT", "Date": "Mon, 23 Nov 2026 02:00:00 GMT"], 7
    ),
    (
      "a date gone by",
      ["Retry-After": "Mon, 23 Nov 2026 01:00:00 GMT", "Date": "Mon, 23 Nov 2026 02:00:00 GMT"], 0
    ),
    ("a date, and no clock", ["Retry-After": "Mon, 23 Nov 2026 02:00:07 GMT"], nil),
    ("words", ["Retry-After": "x"], nil),
  ]

  @Test("how long to wait", arguments: waits)
  func waiting(row: (name: String, headers: [String: String], seconds: Double?)) {
    #expect(error(503, row.headers).retryAfter == row.seconds)
  }

  static let endings: [(name: String, status: Int, code: String, ending: AuditCore.ExitStatus, remedy: String)] = [
    ("permission", 403, "AccessDenied", .permission, "s3:PutObject"),
    ("permission, by KMS", 400, "AccessDeniedException", .permission, "s3:PutObject"),
    ("HEAD", 403, "Forbidden", .permission, "s3:PutObject"),
    ("unknown key", 403, "InvalidAccessKeyId", .permission, "check the credentials from a test"),
    ("wrong secret", 403, "SignatureDoesNotMatch", .permission, "check the credentials from a test"),
    ("expired", 400, "ExpiredToken", .permission, "renew the credentials from a test"),
    ("clock", 403, "RequestTimeTooSkewed", .configuration, "clock"), ("busy", 503, "SlowDown", .unavailable, "later"),
    ("busy, 400", 400, "ThrottlingException", .unavailable, "later"),
    ("broken", 500, "InternalError", .unavailable, "later"),
    ("not there", 404, "NoSuchBucket", .configuration, "name"),
    ("elsewhere", 301, "PermanentRedirect", .configuration, "AWS_REGION"),
    ("wrong region", 400, "AuthorizationHeaderMalformed", .configuration, "AWS_REGION"),
    ("cannot", 501, "NotImplemented", .configuration, "server"),
    ("another", 400, "InvalidArgument", .configuration, "settings"),
  ]

  @Test("how a run ends", arguments: endings)
  func ending(row: (name: String, status: Int, code: String, ending: AuditCore.ExitStatus, remedy: String)) {
    let failure = error(row.status, [:], "<Error><Code>\(row.code)</Code></Error>")
      .failure(on: "bucket/key", permission: "s3:PutObject", credentials: "a test")
    #expect(failure.status == row.ending && failure.object == "bucket/key")
    #expect(failure.remedy?.contains(row.remedy) == true, "\(failure)")
  }

  @Test("where the bucket is, is said")
  func region() {
    let failure = error(301, ["x-amz-bucket-region": "eu-west-1"])
      .failure(on: "b", permission: "s3:ListBucket", credentials: nil)
    #expect(failure.remedy == "set AWS_REGION=eu-west-1")
  }

  @Test("dates of responses")
  func dates() {
    #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT") == Timestamp("1994-11-06T08:49:37Z"))
    for wrong in ["", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 CET"] {
      #expect(HTTPDate.parse(wrong) == nil, "\(wrong)")
    }
  }
}
