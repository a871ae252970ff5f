// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTTPTransport
import Pipeline
import Testing
import TestSupport

@testable import AWS

/// A server that checks every signature by its own means.
@Suite("Requests to SeaweedFS", .enabled(if: SeaweedS3.isUsable, "scripts/dependencies test installs SeaweedFS"))
struct StrictServerTests {
  private struct Bucket {
    let client: AWSClient
    let session: AWSSession
    let url: String

    /// - Parameter secret: nil for the right one.
    init(_ name: String, secret: String? = nil) throws {
      let server = try SeaweedS3.shared()
      let variables = [
        "S3_ENDPOINT": server.url, "S3_ACCESS_KEY": server.accessKey, "S3_SECRET": secret ?? server.secretKey,
      ]
      session = try AWSSession.connected(AWSVariables(variables), cancellation: Cancellation()).session
      client = try session.client(of: "s3")
      url = try S3Addressing(session.profile).bucket(name).url
    }

    func send(
      _ method: String, _ rest: String = "", _ headers: [HTTPHeader] = [], _ body: String = ""
    ) throws(AWSCallError) -> String {
      let body = Array(body.utf8)
      let operation = AWSOperation(method, permission: "s3:\(method)", isRepeatable: true)
      let request = HTTPRequest(method: method, url: url + rest, headers: headers, body: .bytes(body))
      return String(
        decoding: try client.send(request, operation, payload: SHA256.hash(body), limit: 1 << 20).1, as: UTF8.self)
    }
  }

  @Test("paths, queries and headers are signed as the server signs them")
  func signatures() throws {
    let bucket = try Bucket("signatures")
    _ = try bucket.send("PUT")
    let key = "/" + PercentEncoding.encodePath("a b/ü+&=~(x)*'!?.zst")
    let once = [HTTPHeader("If-None-Match", "*"), HTTPHeader("x-amz-meta-a", "  b   c ")]
    _ = try bucket.send("PUT", key, once, "hello")
    #expect(try bucket.send("GET", key, [HTTPHeader("Range", "bytes=1-3")]) == "ell")
    let list = try bucket.send("GET", "?list-type=2&prefix=\(PercentEncoding.encode("a b/ü"))&max-keys=1&delimiter=")
    #expect(list.contains("<KeyCount>1</KeyCount>"))
    #expect(try bucket.send("GET", "?location").contains("LocationConstraint"))
  }

  @Test("its errors are read")
  func errors() throws {
    let bucket = try Bucket("errors")
    _ = try bucket.send("PUT")
    let missing = #expect(throws: AWSCallError.self) { try bucket.send("GET", "/missing") }
    #expect(missing?.service?.code == "NoSuchKey" && missing?.service?.requestID != nil)
    let head = #expect(throws: AWSCallError.self) { try bucket.send("HEAD", "/missing") }
    #expect(head?.service?.code == "NotFound")
    _ = try bucket.send("PUT", "/k", [HTTPHeader("If-None-Match", "*")], "1")
    let second = #expect(throws: AWSCallError.self) { try bucket.send("PUT", "/k", [HTTPHeader("If-None-Match", "*")]) }
    #expect(second?.service?.status == 412)
  }

  @Test("a wrong key is refused, so the others were checked")
  func wrongKey() throws {
    let error = #expect(throws: AWSCallError.self) { try Bucket("wrong", secret: "WRONGSECRET").send("PUT") }
    #expect(error?.service?.code == "SignatureDoesNotMatch")
    #expect(error.map { printed($0).contains("WRONGSECRET") } == false)
  }

  @Test("a wrong clock is set right by the server's answer")
  func clock() throws {
    let bucket = try Bucket("clock")
    _ = try bucket.send("PUT")
    bucket.session.clock.correct(to: Timestamp.now().advanced(bySeconds: -7200))
    _ = try bucket.send("PUT", "/k", [], "late")
    #expect(abs(bucket.session.clock.offsetSeconds) < 600)
    #expect(try bucket.send("GET", "/k") == "late")
  }
}
