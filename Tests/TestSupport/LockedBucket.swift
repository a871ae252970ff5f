// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import Crypto
internal import HTTPTransport
internal import Pipeline
public import S3Client

/// A bucket of a test's own with Object Lock, on the server that all tests share.
public struct LockedBucket: Sendable {
  /// One that tests share which keep to a prefix of their own: making a bucket takes the server a while.
  public static func shared() throws -> LockedBucket { try sharedBucket.get() }
  private static let sharedBucket = Result { try LockedBucket() }

  public let client: S3Client
  public let directory: TemporaryDirectory

  /// - Parameters:
  ///   - url: where the server is reached, as through one that fails; nil goes to it directly.
  ///   - creates: false for a bucket that is there, or is to be made otherwise.
  public init(
    _ name: String = "b\(UInt64.random(in: 0 ... .max))", through url: String? = nil, creates: Bool = true
  ) throws {
    let variables = try Self.environment(url)
    let (session, http) = try AWSSession.connected(AWSVariables(variables), cancellation: Cancellation())
    client = try S3Client(session, over: http, bucket: name)
    directory = try TemporaryDirectory("s3")
    if creates { _ = try client.createBucket(objectLock: true) }
  }

  /// Writes a version without a lock, on top of what is there.
  public func put(_ key: String, _ bytes: [UInt8]) throws {
    _ = try client.put(
      key, .bytes(bytes), sha256: SHA256.hash(bytes), lock: nil, legalHold: false, ifAbsent: false)
  }

  /// Variables that lead a program to the server.
  public static func environment(_ url: String? = nil) throws -> [String: String] {
    let server = try SeaweedS3.shared()
    return [
      "AWS_ACCESS_KEY_ID": server.accessKey, "AWS_SECRET_ACCESS_KEY": server.secretKey, "AWS_REGION": server.region,
      "S3_ENDPOINT": url ?? server.url, "S3_FORCE_PATH_STYLE": "true", "AWS_EC2_METADATA_DISABLED": "true",
    ]
  }
}
