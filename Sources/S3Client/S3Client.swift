// SPDX-License-Identifier: Apache-2.0
public import AWS
public import AuditCore
public import HTTPTransport

/// Objects of one bucket, by version and under lock.
///
/// Every call waits for its answer, and any thread may make it. Failed calls are made again by the rules of the SDKs'
/// standard mode, as far as doing something twice leads to the same as doing it once. No redirect is followed: a bucket
/// of another region is an error that names the region. Versions are never deleted and locks never shortened by way of
/// `x-amz-bypass-governance-retention`, which is not sent by any call.
///
/// - SeeAlso: Amazon S3 API Reference; the operations' names are in the calls' comments.
public final class S3Client: Sendable {
  public let bucket: String
  /// Signs, and decides about attempts.
  let service: AWSClient
  let session: AWSSession
  /// Carries requests, and bodies that are read at their reader's pace.
  let http: HTTPClient
  /// Where the bucket is, without a slash at the end.
  let bucketURL: String
  /// The same for what is asked of the bucket itself: a host's own path is a slash.
  let bucketRootURL: String
  /// Entries that a page of a list has at most; nil leaves it to the server, whose bound is 1,000.
  let pageEntries: Int?

  /// - Parameters:
  ///   - http: what the session was made with; the session itself hands out whole answers only.
  ///   - bucket: its name. Access points, given by their ARN, are none.
  public convenience init(_ session: AWSSession, over http: HTTPClient, bucket: String) throws(Failure) {
    try self.init(session, over: http, bucket: bucket, pageEntries: nil)
  }

  init(_ session: AWSSession, over http: HTTPClient, bucket: String, pageEntries: Int?) throws(Failure) {
    guard Self.isName(bucket) else {
      throw Failure(
        .configuration, "this is no bucket's name", on: bucket.contains("@") ? nil : bucket,
        remedy: "write the name of a bucket: letters, digits, dots and hyphens")
    }
    self.session = session
    self.http = http
    self.bucket = bucket
    self.pageEntries = pageEntries
    service = try session.client(of: "s3")
    let place = try S3Addressing(session.profile).bucket(bucket)
    bucketURL = place.url
    bucketRootURL = place.path.isEmpty ? place.url + "/" : place.url
  }

  /// `s3://bucket`.
  public var url: String { "s3://\(bucket)" }

  /// Where requests for the bucket go, without a slash at the end.
  public var endpointURL: String { bucketURL }

  /// The region that requests are signed for.
  public var region: String { service.endpoint.region }

  /// Names of old buckets have upper case and underscores, and up to 255 letters.
  private static func isName(_ bucket: String) -> Bool {
    let isPlain = bucket.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
      default: false
      }
    }
    return isPlain && (3...255).contains(bucket.utf8.count) && !bucket.contains("..") && bucket.first != "."
  }
}
