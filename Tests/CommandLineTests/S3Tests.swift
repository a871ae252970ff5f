// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import S3Client
import TestSupport
import Testing

@Suite("The archive in a bucket", .enabled(if: TemporaryPostgres.isUsable && SeaweedS3.isUsable))
struct S3Tests {
  @Test("from a chain to a passed drill, and what a stranger does to the bucket is named")
  func mainJob() throws {
    let place = try BucketSite()
    try place.site.makeChain(rows: 900)
    let archived = try place.run("audit", "archive", "--max-rows", "100", "--json")
    #expect(archived.status == 0, "\(archived.errorText)")
    #expect(try json(archived)["rows"] == 900)
    let verified = try place.run(
      "audit", "verify", "--archive", "s3://\(place.bucket.client.bucket)/a/b", "--database", place.site.source)
    #expect(verified.status == 0, "\(verified.text)\(verified.errorText)")
    #expect(try place.run("audit", "drill", "--select", "all").status == 0)
    #expect(try place.run("audit", "status").status == 0)
    #expect(try place.keys("drills").count == 1)

    // The same bundles as in a folder.
    #expect(try place.site.run("audit", "archive", "--max-rows", "100").status == 0)
    #expect(
      try place.keys("bundles").map { String($0.split(separator: "/").last ?? "") } == place.site.bundles())

    // A locked version cannot be deleted; a delete marker is seen through.
    let key = try #require(try place.keys("manifests").first)
    let version = try #require(try place.bucket.client.listVersions(prefix: key).first)
    #expect(throws: S3Error.self) { try place.bucket.client.delete(key, versionID: version.versionID) }
    _ = try place.bucket.client.delete(key, versionID: nil)
    let marked = try place.run("audit", "verify", "--json")
    #expect(marked.status == 65)
    let document = try json(marked)
    #expect(document["rows"] == 900)
    #expect(document["findings"]?.array?.count == 1)
    #expect(document["findings"]?.array?.first?["object"]?.string?.hasSuffix("manifests/0000000000.json") == true)
    #expect(try place.run("audit", "archive").status == 0)
  }

  @Test("no bucket, no lock, no rights: a sentence, the status, and nothing written")
  func refusals() throws {
    let place = try BucketSite()
    try place.site.makeChain(rows: 30)
    let absent = try place.site.run(
      ["audit", "archive"], change: place.change.merging(["AUDIT_ARCHIVE_BUCKET": "there-is-no-such"]) { $1 })
    #expect(absent.status == 78, "\(absent.status) \(absent.errorText)")
    let plain = try LockedBucket("plain\(UInt64.random(in: 0 ... .max))", creates: false)
    _ = try plain.client.createBucket(objectLock: false)
    let unlocked = try place.site.run(
      ["audit", "archive"], change: place.change.merging(["AUDIT_ARCHIVE_BUCKET": plain.client.bucket]) { $1 })
    #expect(unlocked.status == 78, "\(unlocked.status) \(unlocked.errorText)")
    let stranger = try place.site.run(
      ["audit", "archive"], change: place.change.merging(["AWS_SECRET_ACCESS_KEY": "another-secret"]) { $1 })
    #expect(stranger.status == 77, "\(stranger.status) \(stranger.errorText)")
    #expect(!stranger.errorText.contains("another-secret"))
    let dead = try place.site.run(
      ["audit", "archive"],
      change: place.change.merging(["S3_ENDPOINT": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"]) { $1 })
    #expect(dead.status == 69, "\(dead.status) \(dead.errorText)")
    #expect(try place.bucket.client.listVersions(prefix: "").isEmpty)
  }

  @Test("two runs at once, each without the other's lock, commit each sequence once")
  func together() throws {
    let place = try BucketSite()
    try place.site.makeChain(rows: 600)
    let other = try Site()
    try other.makeChain(rows: 600)
    // Two servers with the same rows, as a primary and its restored twin: no advisory lock is between the runs.
    let runs = [
      try place.site.start("audit", "archive", "--max-rows", "60", change: place.change),
      try other.start("audit", "archive", "--max-rows", "60", change: place.change),
    ]
    let statuses = try runs.map { try $0.wait().status }
    #expect(statuses.contains(0), "\(statuses)")
    #expect(statuses.allSatisfy { $0 == 0 || $0 == 75 || $0 == 65 }, "\(statuses)")
    let verified = try place.run("audit", "verify", "--json")
    #expect(verified.status == 0, "\(verified.text)")
    #expect(try json(verified)["rows"] == 600)
    let versions = try place.bucket.client.listVersions(prefix: "a/b/memory-layer/manifests/")
    #expect(Set(versions.map(\.key)).count == versions.count)
  }
}
