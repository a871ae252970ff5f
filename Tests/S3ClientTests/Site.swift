// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTTPTransport
import Pipeline
import Synchronization
import TestSupport
import Testing

@testable import AWS
@testable import S3Client

/// A client, and what it runs on, for one bucket of a server on loopback. It waits for nothing between attempts.
struct Site {
  let http: HTTPClient
  let session: AWSSession
  let client: S3Client
  let cancellation = Cancellation()
  let pauses = Pauses()

  /// Pauses that were made, none of which took time.
  final class Pauses: Sendable {
    private let made = Mutex<[Double]>([])
    var seconds: [Double] { made.withLock { $0 } }
    func add(_ seconds: Double) { made.withLock { $0.append(seconds) } }
  }

  init(
    _ url: String, bucket: String = "bucket", keys: (access: String, secret: String) = ("AKIDTEST", "KEYSECRET"),
    region: String = "us-east-1", maxAttempts: Int = 3, pageEntries: Int? = nil
  ) throws {
    try self.init(
      [
        "S3_ENDPOINT": url, "S3_ACCESS_KEY": keys.access, "S3_SECRET": keys.secret, "AWS_REGION": region,
      ], bucket: bucket, maxAttempts: maxAttempts, pageEntries: pageEntries)
  }

  init(_ variables: [String: String], bucket: String = "bucket", maxAttempts: Int = 3, pageEntries: Int? = nil) throws {
    let settings = HTTPSettings(
      connectTimeout: 60, totalTimeout: 300, stall: nil, proxy: .none, userAgent: "memoryctl")
    http = HTTPClient(settings)
    let retrier = Retrier(
      maxAttempts: maxAttempts, cancellation: cancellation, random: { 1 }, sleep: { [pauses] in pauses.add($0) })
    session = AWSSession(
      try AWSProfile(AWSVariables(variables), SharedConfig()), exchange: http, metadata: http, retrier: retrier,
      clock: ServiceClock())
    client = try S3Client(session, over: http, bucket: bucket, pageEntries: pageEntries)
  }

  /// One in front of which nothing goes wrong by itself.
  init(_ server: FaultServer, region: String = "us-east-1", maxAttempts: Int = 3) throws {
    try self.init(server.url, region: region, maxAttempts: maxAttempts)
  }
}

/// Bytes in which every offset can be told from its neighbours.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

func header(_ name: String, _ value: String) -> HTTPHeader { HTTPHeader(name: name, value: value) }

func xmlError(_ code: String, _ message: String = "", more: String = "") -> String {
  """
  <?xml version="1.0" encoding="UTF-8"?>
  <Error><Code>\(code)</Code><Message>\(message)</Message>\(more)<RequestId>REQ1</RequestId><HostId>HOST1</HostId></Error>
  """
}

extension ServedResponse {
  static func error(_ status: Int, _ code: String, _ message: String = "", more: String = "") -> ServedResponse {
    ServedResponse(status, text: xmlError(code, message, more: more))
  }
}

extension S3Client {
  /// Creates an object from bytes.
  func put(
    _ key: String, _ bytes: [UInt8], lock: ObjectLock? = nil, legalHold: Bool = false, ifAbsent: Bool = true
  ) throws(S3Error) -> S3PutOutcome {
    try put(
      key, .bytes(bytes), sha256: SHA256.hash(bytes), lock: lock, legalHold: legalHold, ifAbsent: ifAbsent)
  }

  /// The same, for its version.
  func version(
    _ key: String, _ bytes: [UInt8], lock: ObjectLock? = nil, legalHold: Bool = false, ifAbsent: Bool = false
  ) throws -> String {
    let outcome = try put(key, bytes, lock: lock, legalHold: legalHold, ifAbsent: ifAbsent)
    guard case .created(let versionID?, _, _) = outcome else { throw TestSupportError("\(outcome) has no version") }
    return versionID
  }
}

/// The error that a call ends in.
func failure<Reply>(
  _ call: () throws(S3Error) -> Reply, sourceLocation: SourceLocation = #_sourceLocation
) throws -> S3Error {
  let reply: Reply
  do throws(S3Error) { reply = try call() } catch { return error }
  Issue.record("it gave \(reply)", sourceLocation: sourceLocation)
  throw TestSupportError("no error")
}
