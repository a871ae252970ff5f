// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTTPTransport
import Testing

@testable import AWS

/// A request, and the signature that another implementation (botocore 1.43) makes of it at ``SignedRow/time``.
struct SignedRow: Sendable, CustomTestStringConvertible {
  let name: String
  let service: String
  let region: String
  let request: HTTPRequest
  var body = ""
  var token: String?
  let signature: String

  static let time = Timestamp("2026-11-23T02:00:00Z") ?? .distantPast

  var testDescription: String { name }
  var rules: SigningRules { service == "s3" ? .s3 : .standard }
  var credentials: Credentials {
    Credentials(
      accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: token,
      source: "a test")
  }

  static func get(_ url: String, _ headers: [HTTPHeader] = []) -> HTTPRequest {
    HTTPRequest(method: "GET", url: url, headers: headers)
  }

  static let all: [SignedRow] = [
    SignedRow(
      name: "S3: put with lock headers, escapes in the path", service: "s3", region: "eu-central-1",
      request: HTTPRequest(
        method: "PUT", url: "https://bucket.s3.eu-central-1.amazonaws.com/archives/a%20b/%C3%BC%2B.zst",
        headers: [
          HTTPHeader("If-None-Match", "*"), HTTPHeader("x-amz-object-lock-mode", "COMPLIANCE"),
          HTTPHeader("Content-Type", "application/zstd"),
        ]),
      body: "content", token: "TOKEN/+==",
      signature: "4c0e87399c60be6be873345c7d6c875e7246f7c0a38c2ed7abc282361969af92"),
    SignedRow(
      name: "S3: dots and double slashes are the key's own", service: "s3", region: "us-east-1",
      request: get(
        "https://s3.us-east-1.amazonaws.com/a.b//x/../y/./z?versionId=abc.DEF_1", [HTTPHeader("Range", "bytes=0-99")]),
      signature: "aab59d57959a9750a629209ec543164099edec24844dba2ee67ca3f4a32af2fb"),
    SignedRow(
      name: "S3: query out of order, one name without value", service: "s3", region: "us-east-1",
      request: get("http://127.0.0.1:9000/bucket?versions=&prefix=archives%2F&key-marker=a%2Bb&max-keys=1000"),
      signature: "52d75edaf76645e367bb91c5da9b019b830fc06fe49f250c41114f1c4ad0c083"),
    SignedRow(
      name: "S3: a name without an equals sign", service: "s3", region: "us-east-1",
      request: get("http://127.0.0.1:9000/bucket?object-lock"),
      signature: "4009554919706a357b273c5916f56ed721221f692b50b7cd4240cc626e2b4a81"),
    SignedRow(
      name: "S3: the scheme's own port is no part of the host", service: "s3", region: "us-east-1",
      request: get("https://s3.example.com:443/bucket"),
      signature: "b3e9877af6f0e4ca0f2ff8f58815e5421d789d88b6a2dabda9835fc5a9ab07b7"),
    SignedRow(
      name: "S3: IPv6", service: "s3", region: "us-east-1", request: get("http://[::1]:8333/bucket/k"),
      signature: "3bba1959633233266a7a9a8d8d2ced146c2000767701de97b0a39e11eb18151f"),
    SignedRow(
      name: "KMS", service: "kms", region: "eu-west-1",
      request: HTTPRequest(
        method: "POST", url: "https://kms.eu-west-1.amazonaws.com/",
        headers: [
          HTTPHeader("X-Amz-Target", "TrentService.Sign"), HTTPHeader("Content-Type", "application/x-amz-json-1.1"),
          HTTPHeader("User-Agent", "memoryctl"),
        ]),
      body: #"{"KeyId":"k"}"#, token: "T",
      signature: "78c28f7b88654d0380b3e626c974dd82a9663ca6307a0abfca7b554d18669dd9"),
    SignedRow(
      name: "others: the path is normalised and encoded twice", service: "execute-api", region: "us-east-1",
      request: get("https://example.com/a%20b//../c/?b=2&a=1&a=0"),
      signature: "ad2520748aa1a066ef212168131ab9e4a9883c3a5a0f575e21f5a32d40bcd398"),
  ]
}

@Suite("Signature V4: requests")
struct RequestSignerTests {
  private func signature(_ request: HTTPRequest) -> String? {
    let value = request.headers.first { $0.name == "authorization" }?.value
    return value?.split(separator: "Signature=").last.map(String.init)
  }

  private func sign(_ row: SignedRow, _ change: (inout HTTPRequest) -> Void = { _ in }) -> HTTPRequest {
    var request = row.request
    change(&request)
    let signer = RequestSigner(service: row.service, region: row.region, rules: row.rules)
    return signer.sign(request, payload: SHA256.hash(Array(row.body.utf8)), with: row.credentials, at: SignedRow.time)
  }

  @Test("signatures are another implementation's", arguments: SignedRow.all)
  func oracle(_ row: SignedRow) {
    #expect(signature(sign(row)) == row.signature)
  }

  @Test("signing what is signed replaces the signature", arguments: SignedRow.all)
  func again(_ row: SignedRow) {
    let once = sign(row)
    let twice = sign(row) { $0 = once }
    #expect(twice.headers == once.headers)
  }

  @Test("the body's digest goes with S3's requests and no other's", arguments: SignedRow.all)
  func payloadHeader(_ row: SignedRow) {
    let hash = sign(row).headers.filter { $0.name == "x-amz-content-sha256" }.map(\.value)
    #expect(hash == (row.service == "s3" ? [SHA256.hash(Array(row.body.utf8)).hex] : []))
  }

  static let changes: [(name: String, change: @Sendable (inout HTTPRequest) -> Void)] = [
    ("method", { $0.method = "DELETE" }), ("path", { $0.url += "x" }), ("query", { $0.url += "?x=1" }),
    ("host", { $0.url = $0.url.replacing("bucket.", with: "other.") }),
    ("header's value", { $0.headers[1].value = "GOVERNANCE" }), ("header removed", { $0.headers.removeLast() }),
    ("header added", { $0.headers.append(HTTPHeader("x-amz-meta-a", "1")) }),
  ]

  @Test("every part of a request is under the signature", arguments: changes)
  func covers(row: (name: String, change: @Sendable (inout HTTPRequest) -> Void)) {
    #expect(signature(sign(SignedRow.all[0], row.change)) != SignedRow.all[0].signature)
  }

  @Test("a Host header that the request has is the one that is signed")
  func host() {
    let row = SignedRow.all[0]
    let other = sign(row) { $0.headers.append(HTTPHeader("Host", "other.example.com")) }
    #expect(signature(other) != row.signature)
    let elsewhere = sign(row) {
      $0.url = $0.url.replacing("bucket.s3.eu-central-1.amazonaws.com", with: "127.0.0.1:9000")
      $0.headers.append(HTTPHeader("Host", "bucket.s3.eu-central-1.amazonaws.com"))
    }
    #expect(signature(elsewhere) == row.signature)
  }

  @Test("what hops change is not signed")
  func unsigned() {
    for name in ["User-Agent", "Expect", "Connection", "Transfer-Encoding", "X-Amzn-Trace-Id"] {
      let signed = sign(SignedRow.all[0]) { $0.headers.append(HTTPHeader(name, "x")) }
      #expect(signature(signed) == SignedRow.all[0].signature, "\(name)")
    }
  }

  @Test("keys are cached by day, region, service and secret")
  func cache() {
    let cache = SigningKeyCache()
    func key(_ secret: String = "s", _ day: String = "20261123", _ region: String = "r", _ service: String = "s3")
      -> String
    {
      cache.key(.init(secret: Secret(secret), day: day, region: region, service: service))
        .authenticate(utf8: "probe").hex
    }
    let keys = [key(), key("t"), key("s", "20261124"), key("s", "20261123", "q"), key("s", "20261123", "r", "sts")]
    #expect(Set(keys).count == keys.count)
    #expect(key() == keys[0])  // pushed out of the cache meanwhile, and derived again
    #expect(key() == keys[0])
  }

  @Test("escapes are kept, what needs them gets them")
  func encoding() {
    #expect(PercentEncoding.encode("a/b c~ü%") == "a%2Fb%20c~%C3%BC%25")
    #expect(PercentEncoding.encodePath("a/b c+") == "a/b%20c%2B")
    #expect(PercentEncoding.complete("a%2fb%zz%4", keepsSlashes: true) == "a%2fb%25zz%254")
    #expect(PercentEncoding.encode([("a b", "c&d"), ("e", "")]) == "a%20b=c%26d&e=")
  }
}
