// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes
import Cryptography
import HTTPTransport
import S3Client
import TestSupport
import Testing

@Suite("Against SeaweedFS", .enabled(if: SeaweedS3.isUsable, "SeaweedFS is missing: scripts/dependencies test"))
struct SeaweedTests {
  let until = Timestamp.now().advanced(bySeconds: 86_400 * 400)
  var lock: ObjectLock { ObjectLock(mode: .compliance, until: until) }

  @Test("a bucket with Object Lock has versions; its default is kept")
  func bucket() throws {
    let client = try SeaweedSite.unmade().client
    #expect(try failure(client.headBucket).kind == .noSuchBucket)
    #expect(try failure(client.bucketVersioning).kind == .noSuchBucket)
    #expect(try client.createBucket(objectLock: true) == .created)
    #expect(try client.createBucket(objectLock: true) == .alreadyOurs)
    try client.headBucket()
    #expect(try client.bucketVersioning() == .enabled)
    #expect(try client.bucketLock() == BucketLock(isEnabled: true, defaultRetention: nil))
    let retention = BucketLock.DefaultRetention(mode: .compliance, period: .days(400))
    try client.setDefaultRetention(retention)
    #expect(try client.bucketLock()?.defaultRetention == retention)
    #expect(try client.location() == "us-east-1")
    #expect(try client.bucketEncryption() == nil)
    #expect(try client.bucketPolicyIsPublic() == nil)
    #expect(try failure(client.publicAccessBlock).kind == .unsupported)
  }

  @Test("a bucket without Object Lock: versions off, then on; no locks")
  func plainBucket() throws {
    let client = try SeaweedSite(objectLock: false).client
    #expect(try client.bucketVersioning() == .off)
    #expect(try client.bucketLock() == nil)
    #expect(try client.put("k", [1]) == .created(versionID: nil, etag: etag(of: client, "k"), sha256: SHA256.hash([1])))
    #expect(try client.listVersions(prefix: "").map(\.versionID) == ["null"])
    #expect(try client.retention("k", versionID: nil) == nil)
    #expect(try client.legalHold("k", versionID: nil) == false)
    let refused = try failure { () throws(S3Error) in try client.put("l", [1], lock: lock) }
    #expect(refused.answer?.status == 400)
    try client.enableVersioning()
    #expect(try client.bucketVersioning() == .enabled)
  }

  private func etag(of client: S3Client, _ key: String) throws -> String? {
    try client.head(key, versionID: nil)?.etag
  }

  @Test("one request makes an object with lock, hold and checksum, and a second finds it")
  func create() throws {
    let seaweed = try SeaweedSite()
    let client = seaweed.client
    let key = seaweed.prefix + "k"
    let body = pattern(10_000)
    let version = try client.version(key, body, lock: lock, legalHold: true, ifAbsent: true)
    let head = try #require(try client.head(key, versionID: version))
    #expect(head.bytes == body.count && head.versionID == version)
    #expect(head.lock == lock && head.hasLegalHold && head.sha256 == SHA256.hash(body))
    #expect(!head.isInColdStorage && head.restore == .none)
    #expect(try client.retention(key, versionID: version) == lock)
    #expect(try client.legalHold(key, versionID: version))
    #expect(try client.put(key, [1], lock: lock) == .exists)
    #expect(try client.read(key, versionID: version, limit: 1 << 20) == body)
    #expect(try seaweed.versions().count == 1)
  }

  @Test("a body that is not the digest's is refused, and leaves nothing")
  func wrongDigest() throws {
    let seaweed = try SeaweedSite()
    let client = seaweed.client
    let key = seaweed.prefix + "k"
    let error = try failure { () throws(S3Error) in
      try client.put(key, .bytes([1]), sha256: SHA256.hash([2]), lock: nil, legalHold: false, ifAbsent: true)
    }
    #expect(error.answer?.status == 400 || error.answer?.status == 403, "\(error)")
    #expect(try seaweed.versions().isEmpty)
  }

  @Test("an overwrite makes a version, a delete a marker, and neither hides what is locked")
  func versions() throws {
    let seaweed = try SeaweedSite()
    let client = seaweed.client
    let key = seaweed.prefix + "k"
    let first = try client.version(key, [1], lock: lock)
    let second = try client.version(key, [2, 2], lock: lock)
    let marker = try #require(try client.delete(key, versionID: nil))
    let listed = try seaweed.versions()
    #expect(listed.map(\.versionID) == [marker, second, first])
    #expect(listed.map(\.isDeleteMarker) == [true, false, false])
    #expect(listed.map(\.isLatest) == [true, false, false])
    #expect(listed.map(\.bytes) == [0, 2, 1])
    #expect(try client.read(key, versionID: nil, limit: 10) == nil)
    #expect(try client.head(key, versionID: nil) == nil)
    #expect(try client.open(key, versionID: marker) == nil)
    #expect(try client.head(key, versionID: marker) == nil)
    #expect(try client.read(key, versionID: first, limit: 10) == [1])
    #expect(try client.read(key, versionID: second, limit: 10) == [2, 2])
    // Under a marker the key counts as absent: a further version comes about.
    #expect(try client.put(key, [3], lock: lock) != .exists)
    #expect(try seaweed.versions().count == 4)
    try client.delete(key, versionID: marker)
    #expect(try seaweed.versions().allSatisfy { !$0.isDeleteMarker })
  }

  @Test("a locked version cannot be deleted, nor its lock be shortened")
  func locked() throws {
    let seaweed = try SeaweedSite()
    let client = seaweed.client
    let key = seaweed.prefix + "k"
    let version = try client.version(key, [1], lock: lock)
    let error = try failure { () throws(S3Error) in try client.delete(key, versionID: version) }
    #expect(error.answer?.status == 403 && (error.kind == .denied || error.kind == .locked))
    let shorter = ObjectLock(mode: .compliance, until: until.advanced(bySeconds: -86_400))
    let refused = try failure { () throws(S3Error) in
      try client.extendRetention(key, versionID: version, to: shorter)
    }
    #expect(refused.kind == .wouldShorten)
    #expect(try client.retention(key, versionID: version) == lock)
    let longer = ObjectLock(mode: .compliance, until: until.advanced(bySeconds: 86_400))
    try client.extendRetention(key, versionID: version, to: longer)
    #expect(try client.retention(key, versionID: version) == longer)
    #expect(try client.read(key, versionID: version, limit: 1) == [1])
  }

  @Test("a hold keeps a version that no retention does, until it is taken off")
  func hold() throws {
    let seaweed = try SeaweedSite()
    let client = seaweed.client
    let key = seaweed.prefix + "k"
    let version = try client.version(key, [1])
    #expect(try client.legalHold(key, versionID: version) == false)
    try client.setLegalHold(key, versionID: version, true)
    #expect(try client.legalHold(key, versionID: version))
    #expect(try failure { () throws(S3Error) in try client.delete(key, versionID: version) }.answer?.status == 403)
    try client.setLegalHold(key, versionID: version, false)
    try client.delete(key, versionID: version)
    #expect(try seaweed.versions().isEmpty)
  }

  @Test("what is not there: keys, versions, buckets")
  func absent() throws {
    let seaweed = try SeaweedSite()
    let client = seaweed.client
    let key = seaweed.prefix + "k"
    #expect(try client.open("none", versionID: nil) == nil)
    #expect(try client.head("none", versionID: nil) == nil)
    #expect(try client.read("none", versionID: nil, range: 0..<1) == nil)
    #expect(try failure { () throws(S3Error) in try client.retention("none", versionID: nil) }.kind == .noSuchObject)
    _ = try client.version(key, [1])
    #expect(try client.open(key, versionID: "0123456789abcdef0123456789abcdef") == nil)
    let missing = try SeaweedSite.unmade().client
    #expect(try failure { () throws(S3Error) in try missing.open("k", versionID: nil) }.kind == .noSuchBucket)
    #expect(try failure { () throws(S3Error) in try missing.listVersions(prefix: "") }.kind == .noSuchBucket)
  }

  @Test(
    "odd keys come back as they went",
    arguments: [
      "a b", "a+b", "a%2Fb", "ü/é", "e\u{301}", "a&b=c?d#e", "q\"<>'", "tab\tkey", "日本語", "emoji😀", " lead", "trail ",
      "*()!@:;,$",
    ])
  func oddKeys(_ name: String) throws {
    let seaweed = try SeaweedSite()
    let client = seaweed.client
    let key = seaweed.prefix + name
    let version = try client.version(key, Array(key.utf8), lock: lock)
    #expect(try seaweed.versions().map { Array($0.key.utf8) } == [Array(key.utf8)])
    #expect(try client.list(prefix: seaweed.prefix).map { Array($0.key.utf8) } == [Array(key.utf8)])
    #expect(try client.read(key, versionID: version, limit: 1000) == Array(key.utf8))
    #expect(try client.retention(key, versionID: version) == lock)
  }

  @Test("parts of an object, and bodies in pieces")
  func parts() throws {
    let seaweed = try SeaweedSite()
    let client = seaweed.client
    let key = seaweed.prefix + "k"
    let body = pattern(9 << 20)
    let directory = try TemporaryDirectory("s3")
    try write(body, directory("body"))
    let outcome = try client.put(
      key, .file(path: directory("body"), bytes: body.count), sha256: SHA256.hash(body), lock: lock, legalHold: false,
      ifAbsent: true)
    guard case .created(let version?, _, _) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    for range in [0..<1, 5_000_000..<5_000_100, (9 << 20) - 1..<9 << 20] {
      #expect(try client.read(key, versionID: version, range: range) == Array(body[range]))
    }
    let reader = try #require(try client.open(key, versionID: version))
    var sha = SHA256()
    var buffer = ByteBuffer()
    while try reader.read(into: &buffer, upTo: 100_000) > 0 {
      sha.update(buffer.unsafeBytes)
      buffer.clear()
    }
    #expect(sha.finalize() == SHA256.hash(body))
    let error = try failure { () throws(S3Error) in
      try client.read(key, versionID: version, range: (9 << 20) - 1..<(9 << 20) + 1)
    }
    #expect(error.kind == .outOfRange)
  }

  @Test("pages end anywhere, between the versions of a key too")
  func pages() throws {
    let client = try SeaweedSite(objectLock: true, pageEntries: 2).client
    var made: [String] = []
    for key in ["p/a", "p/b+ c", "p/ü"] {
      let versions = try (0..<3).map { try client.version(key, [UInt8($0)], lock: lock) }
      let marker = try #require(try client.delete(key, versionID: nil))
      made += [marker] + versions.reversed()
    }
    #expect(try client.listVersions(prefix: "p/").map(\.versionID) == made)
    #expect(try client.listVersions(prefix: "p/b").map(\.versionID) == Array(made[4..<8]))
    var pages: [Int] = []
    try client.listVersions(prefix: "p/") { pages.append($0.count) }
    #expect(pages.reduce(0, +) == 12 && pages.allSatisfy { $0 <= 2 })
  }

  @Test("objects in pages")
  func objectPages() throws {
    let client = try SeaweedSite(objectLock: false, pageEntries: 2).client
    let keys = ["p/a", "p/b", "p/c+ d", "p/e", "p/ü"]
    for key in keys { _ = try client.put(key, [1]) }
    _ = try client.put("q", [1])
    #expect(try client.list(prefix: "p/").map(\.key) == keys)
  }

  @Test("of many writers at once one wins")
  func race() throws {
    let seaweed = try SeaweedSite()
    let client = seaweed.client
    let key = seaweed.prefix + "k"
    let outcomes = concurrently(8) { number -> S3PutOutcome? in try? client.put(key, [UInt8(number)], lock: lock) }
    #expect(outcomes.count { $0 == .exists } == 7)
    #expect(try seaweed.versions().count == 1)
  }

  @Test("a wrong key is refused as what it is")
  func wrongKey() throws {
    let seaweed = try SeaweedSite()
    let server = try SeaweedS3.shared()
    let stranger = try Site(server.url, bucket: seaweed.client.bucket, keys: (server.accessKey, "not the secret"))
    let error = try failure { () throws(S3Error) in try stranger.client.put("k", [1]) }
    #expect(error.kind == .denied && error.answer?.code == "SignatureDoesNotMatch")
    #expect(error.failure.status == .permission && error.missingPermission == nil)
  }
}
