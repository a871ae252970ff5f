// SPDX-License-Identifier: Apache-2.0
import S3Client
import TestSupport

/// A site whose archive is in a bucket of its own, below `a/b`.
struct BucketSite {
  let site: Site
  let bucket: LockedBucket
  let change: [String: String?]

  /// - Parameters:
  ///   - url: where the program reaches the server; nil goes to it directly.
  ///   - creates: false for a bucket that the test makes, or does not.
  init(through url: String? = nil, creates: Bool = true) throws {
    site = try Site()
    bucket = try LockedBucket(creates: creates)
    var change: [String: String?] = [
      "AUDIT_ARCHIVE_URL": nil, "AUDIT_ARCHIVE_BUCKET": bucket.client.bucket, "AUDIT_ARCHIVE_PREFIX": "a/b",
    ]
    for (name, value) in try LockedBucket.environment(url) { change[name] = value }
    self.change = change
  }

  func run(_ arguments: String..., change more: [String: String?] = [:]) throws -> CommandOutput {
    try site.run(arguments, change: change.merging(more) { $1 })
  }

  func keys(_ folder: String) throws -> [String] {
    try bucket.client.list(prefix: "a/b/memory-layer/\(folder)/").map(\.key)
  }
}
