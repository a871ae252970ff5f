// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes
import Crypto
import HTTPTransport
import S3Client
import Synchronization
import TestSupport
import Testing

/// A bucket of its own in the server that all tests share, and a place in front of it where things go wrong.
struct SeaweedSite {
  private static let counter = Atomic(0)

  let site: Site
  let front: FaultServer
  /// The same bucket behind ``front``.
  let shaky: Site
  var client: S3Client { site.client }

  init(objectLock: Bool = true, isCreated: Bool = true) throws {
    let server = try SeaweedS3.shared()
    let bucket = "bucket-\(Self.counter.add(1, ordering: .relaxed).newValue)"
    let keys = (server.accessKey, server.secretKey)
    site = try Site(server.url, bucket: bucket, keys: keys)
    front = try FaultServer(handler: FaultServer.forwarding(to: server.url))
    shaky = try Site(front.url, bucket: bucket, keys: keys)
    if isCreated { _ = try site.client.createBucket(objectLock: objectLock) }
  }
}

@Suite("Against SeaweedFS", .enabled(if: SeaweedS3.isUsable, "SeaweedFS is missing: scripts/dependencies test"))
struct SeaweedTests {
  let until = Timestamp.now().advanced(bySeconds: 86_400 * 400)
  var lock: ObjectLock { ObjectLock(mode: .compliance, until: until) }

  @Test("a bucket with Object Lock has versions; its default is kept")
  func bucket() throws {
    let seaweed = try SeaweedSite(isCreated: false)
    let client = seaweed.client
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
    let client = try SeaweedSite().client
    let body = pattern(10_000)
    let version = try client.version("a/k", body, lock: lock, legalHold: true, ifAbsent: true)
    let head = try #require(try client.head("a/k", versionID: version))
    #expect(head.bytes == body.count && head.versionID == version)
    #expect(head.lock == lock && head.hasLegalHold && head.sha256 == SHA256.hash(body))
    #expect(!head.isInColdStorage && head.restore == .none)
    #expect(try client.retention("a/k", versionID: version) == lock)
    #expect(try client.legalHold("a/k", versionID: version))
    #expect(try client.put("a/k", [1], lock: lock) == .exists)
    #expect(try client.read("a/k", versionID: version, limit: 1 << 20) == body)
    #expect(try client.listVersions(prefix: "a/").count == 1)
  }

  @Test("a body that is not the digest's is refused, and leaves nothing")
  func wrongDigest() throws {
    let client = try SeaweedSite().client
    let error = try failure { () throws(S3Error) in
      try client.put("k", .bytes([1]), sha256: SHA256.hash([2]), lock: nil, legalHold: false, ifAbsent: true)
    }
    #expect(error.answer?.status == 400 || error.answer?.status == 403, "\(error)")
    #expect(try client.listVersions(prefix: "").isEmpty)
  }

  @Test("an overwrite makes a version, a delete a marker, and neither hides what is locked")
  func versions() throws {
    let client = try SeaweedSite().client
    let first = try client.version("k", [1], lock: lock)
    let second = try client.version("k", [2, 2], lock: lock)
    let marker = try #require(try client.delete("k", versionID: nil))
    let listed = try client.listVersions(prefix: "")
    #expect(listed.map(\.versionID) == [marker, second, first])
    #expect(listed.map(\.isDeleteMarker) == [true, false, false])
    #expect(listed.map(\.isLatest) == [true, false, false])
    #expect(listed.map(\.bytes) == [0, 2, 1])
    #expect(try client.read("k", versionID: nil, limit: 10) == nil)
    #expect(try client.head("k", versionID: nil) == nil)
    #expect(try client.open("k", versionID: marker) == nil)
    #expect(try client.head("k", versionID: marker) == nil)
    #expect(try client.read("k", versionID: first, limit: 10) == [1])
    #expect(try client.read("k", versionID: second, limit: 10) == [2, 2])
    // Under a marker the key counts as absent: a further version comes about.
    #expect(try client.put("k", [3], lock: lock) != .exists)
    #expect(try client.listVersions(prefix: "").count == 4)
    try client.delete("k", versionID: marker)
    #expect(try client.listVersions(prefix: "").allSatisfy { !$0.isDeleteMarker })
  }

  @Test("a locked version cannot be deleted, nor its lock be shortened")
  func locked() throws {
    let client = try SeaweedSite().client
    let version = try client.version("k", [1], lock: lock)
    let error = try failure { () throws(S3Error) in try client.delete("k", versionID: version) }
    #expect(error.answer?.status == 403 && (error.kind == .denied || error.kind == .locked))
    let shorter = ObjectLock(mode: .compliance, until: until.advanced(bySeconds: -86_400))
    let refused = try failure { () throws(S3Error) in
      try client.extendRetention("k", versionID: version, to: shorter)
    }
    #expect(refused.kind == .wouldShorten)
    #expect(try client.retention("k", versionID: version) == lock)
    let longer = ObjectLock(mode: .compliance, until: until.advanced(bySeconds: 86_400))
    try client.extendRetention("k", versionID: version, to: longer)
    #expect(try client.retention("k", versionID: version) == longer)
    #expect(try client.read("k", versionID: version, limit: 1) == [1])
  }

  @Test("a hold keeps a version that no retention does, until it is taken off")
  func hold() throws {
    let client = try SeaweedSite().client
    let version = try client.version("k", [1])
    #expect(try client.legalHold("k", versionID: version) == false)
    try client.setLegalHold("k", versionID: version, true)
    #expect(try client.legalHold("k", versionID: version))
    #expect(try failure { () throws(S3Error) in try client.delete("k", versionID: version) }.answer?.status == 403)
    try client.setLegalHold("k", versionID: version, false)
    try client.delete("k", versionID: version)
    #expect(try client.listVersions(prefix: "").isEmpty)
  }

  @Test("what is not there: keys, versions, buckets")
  func absent() throws {
    let client = try SeaweedSite().client
    #expect(try client.open("none", versionID: nil) == nil)
    #expect(try client.head("none", versionID: nil) == nil)
    #expect(try client.read("none", versionID: nil, range: 0..<1) == nil)
    #expect(try failure { () throws(S3Error) in try client.retention("none", versionID: nil) }.kind == .noSuchObject)
    _ = try client.version("k", [1])
    #expect(try client.open("k", versionID: "0123456789abcdef0123456789abcdef") == nil)
    let missing = try SeaweedSite(isCreated: false).client
    #expect(try failure { () throws(S3Error) in try missing.open("k", versionID: nil) }.kind == .noSuchBucket)
    #expect(try failure { () throws(S3Error) in try missing.listVersions(prefix: "") }.kind == .noSuchBucket)
  }

  @Test(
    "odd keys come back as they went",
    arguments: [
      "a b", "a+b", "a%2Fb", "ü/é", "e\u{301}", "a&b=c?d#e", "q\"<>'", "tab\tkey", "日本語", "emoji😀", " lead", "trail ",
      "*()!@:;,$",
    ])
  func oddKeys(_ key: String) throws {
    let client = try SeaweedSite().client
    let version = try client.version("p/" + key, Array(key.utf8), lock: lock)
    #expect(try client.listVersions(prefix: "p/").map { Array($0.key.utf8) } == [Array(("p/" + key).utf8)])
    #expect(try client.list(prefix: "p/").map { Array($0.key.utf8) } == [Array(("p/" + key).utf8)])
    #expect(try client.read("p/" + key, versionID: version, limit: 100) == Array(key.utf8))
    #expect(try client.retention("p/" + key, versionID: version) == lock)
  }

  @Test("parts of an object, and bodies in pieces")
  func parts() throws {
    let client = try SeaweedSite().client
    let body = pattern(9 << 20)
    let directory = try TemporaryDirectory("s3")
    try write(body, directory("body"))
    let outcome = try client.put(
      "k", .file(path: directory("body"), bytes: body.count), sha256: SHA256.hash(body), lock: lock, legalHold: false,
      ifAbsent: true)
    guard case .created(let version?, _, _) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    for range in [0..<1, 5_000_000..<5_000_100, (9 << 20) - 1..<9 << 20] {
      #expect(try client.read("k", versionID: version, range: range) == Array(body[range]))
    }
    let reader = try #require(try client.open("k", versionID: version))
    var sha = SHA256()
    var buffer = ByteBuffer()
    while try reader.read(into: &buffer, upTo: 100_000) > 0 {
      sha.update(buffer.unsafeBytes)
      buffer.clear()
    }
    #expect(sha.finalize() == SHA256.hash(body))
    let error = try failure { () throws(S3Error) in
      try client.read("k", versionID: version, range: (9 << 20) - 1..<(9 << 20) + 1)
    }
    #expect(error.kind == .outOfRange)
  }

  @Test("a list of more than a page")
  func pages() throws {
    let seaweed = try SeaweedSite()
    for number in 0..<1003 { _ = try seaweed.client.put("p/\(1000 + number)", [UInt8(number % 200)], ifAbsent: false) }
    let keys = (0..<1003).map { "p/\(1000 + $0)" }
    #expect(try seaweed.client.listVersions(prefix: "p/").map(\.key) == keys)
    #expect(try seaweed.client.list(prefix: "p/").map(\.key) == keys)
    var pages: [Int] = []
    try seaweed.client.listVersions(prefix: "p/") { pages.append($0.count) }
    #expect(pages == [1000, 3])
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
