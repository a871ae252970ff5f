// SPDX-License-Identifier: Apache-2.0
import S3Client
import Synchronization
import TestSupport

/// A bucket in the server that all tests share, and a place in front of it where things go wrong.
struct SeaweedSite {
  private static let counter = Atomic(0)
  private static let shared = Result { try makeBucket(objectLock: true, pageEntries: nil) }

  let site: Site
  let front: FaultServer
  /// The same bucket behind ``front``.
  let shaky: Site
  /// What no other test's keys begin with: making a bucket takes the server a while, so that most tests share one.
  let prefix: String

  var client: S3Client { site.client }

  /// A place in the bucket that tests share, which has Object Lock.
  init() throws { try self.init(Self.shared.get()) }

  /// A bucket of a test's own.
  init(objectLock: Bool, pageEntries: Int? = nil) throws {
    try self.init(Self.makeBucket(objectLock: objectLock, pageEntries: pageEntries))
  }

  private init(_ site: Site) throws {
    let server = try SeaweedS3.shared()
    self.site = site
    front = try FaultServer(handler: FaultServer.forwarding(to: server.url))
    shaky = try Site(front.url, bucket: site.client.bucket, keys: (server.accessKey, server.secretKey))
    prefix = "t\(Self.counter.add(1, ordering: .relaxed).newValue)/"
  }

  /// A client of a bucket that is not there yet.
  static func unmade(pageEntries: Int? = nil) throws -> Site {
    let server = try SeaweedS3.shared()
    let bucket = "bucket-\(counter.add(1, ordering: .relaxed).newValue)"
    return try Site(server.url, bucket: bucket, keys: (server.accessKey, server.secretKey), pageEntries: pageEntries)
  }

  private static func makeBucket(objectLock: Bool, pageEntries: Int?) throws -> Site {
    let site = try unmade(pageEntries: pageEntries)
    _ = try site.client.createBucket(objectLock: objectLock)
    return site
  }

  /// Versions and markers of the test's own keys, or of those below one more prefix.
  func versions(_ more: String = "") throws(S3Error) -> [S3ObjectVersion] {
    try client.listVersions(prefix: prefix + more)
  }
}
