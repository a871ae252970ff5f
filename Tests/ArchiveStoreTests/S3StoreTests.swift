// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Crypto
import Foundation
import S3Client
import Signing
import TestSupport
import Testing

extension LockedBucket {
  func store(_ prefix: String = "archives") -> S3Store { S3Store(client, prefix: prefix) }

  func spool() throws -> Spool { try Spool(directory: directory("spool")) }
}

private let signer = LocalSigner(hmacKey: [1, 2, 3], kid: "local-hmac")

/// The golden archive's first manifest, as that of another stream.
private func manifest(_ sequence: Int = 0, tool: String = "t") throws -> Manifest {
  let bytes = try Fixtures.bytes("golden-archive/memory-layer/manifests/0000000000.json")
  var manifest = try StoredManifest(parsing: bytes).manifest
  manifest.stream = "s"
  manifest.sequence = sequence
  manifest.tool = tool
  manifest.retention = untilNextYear
  return manifest
}

@Suite("S3 store", .enabled(if: SeaweedS3.isUsable))
struct S3StoreTests {
  @Test("it is a store, with and without a prefix", arguments: ["archives", "a/b", ""])
  func conformance(prefix: String) throws {
    let bucket = try LockedBucket()
    let spool = try bucket.spool()
    try checkConformance({ bucket.store(prefix) }, spooled: { try makeSpooled($0, spool) })
  }

  @Test("a bucket without Object Lock is refused before anything is written")
  func unlockedBucket() throws {
    let name = "plain\(UInt64.random(in: 0 ... .max))"
    let bucket = try LockedBucket(name, creates: false)
    _ = try bucket.client.createBucket(objectLock: false)
    #expect(#expect(throws: Failure.self) { try bucket.store().preflight() }?.status == .configuration)
    try LockedBucket().store().preflight()
  }

  @Test("a delete marker and later versions hide nothing, and are named")
  func versions() throws {
    let bucket = try LockedBucket()
    let ring = try KeyRing(Environment(["AUDIT_SIGNING_KEY": "\u{1}\u{2}\u{3}"]), registry: nil)
    let archive = try Archive(bucket.store(), stream: "s", keys: ring)
    let committed = try archive.commit(try manifest(), signer)
    #expect(try archive.versionFindings().findings.isEmpty)
    let path = "archives/s/manifests/0000000000.json"
    _ = try bucket.client.delete(path, versionID: nil)
    #expect(try archive.trusting(ring).manifest(0).digest == committed.digest)
    let junk = Array("junk".utf8)
    _ = try bucket.client.put(
      path, .bytes(junk), sha256: SHA256.hash(junk), lock: nil, legalHold: false, ifAbsent: false)
    let fresh = try Archive(bucket.store(), stream: "s", keys: ring)
    #expect(try fresh.manifest(0).digest == committed.digest)
    #expect(try fresh.sequences() == 0..<1)
    let findings = try fresh.versionFindings().findings
    #expect(findings.count == 2)
    #expect(findings.allSatisfy { $0.object.hasSuffix("s/manifests/0000000000.json") })
  }

  @Test("junk that was there first blocks no sequence")
  func junkFirst() throws {
    let bucket = try LockedBucket()
    let ring = try KeyRing(Environment(["AUDIT_SIGNING_KEY": "\u{1}\u{2}\u{3}"]), registry: nil)
    let stranger = LocalSigner(privateKey: try PrivateKey.generateEd25519())
    let forged = try stranger.sign(.manifest, try manifest(tool: "forged").json).bytes
    for (index, junk) in [Array("junk".utf8), forged].enumerated() {
      let path = "archives/s/manifests/000000000\(index).json"
      _ = try bucket.client.put(
        path, .bytes(junk), sha256: SHA256.hash(junk), lock: nil, legalHold: false, ifAbsent: false)
    }
    let archive = try Archive(bucket.store(), stream: "s", keys: ring)
    for sequence in 0..<2 {
      let committed = try archive.commit(try manifest(sequence), signer)
      #expect(try Archive(bucket.store(), stream: "s", keys: ring).manifest(sequence).digest == committed.digest)
    }
    // A second run loses against the first, junk or not.
    let failure = #expect(throws: Failure.self) { try archive.commit(try manifest(0, tool: "late"), signer) }
    #expect(failure?.status == .tryLater)
  }

  @Test("a bundle that a crashed run left is used, its lock made longer, and another content does not stop the run")
  func debris() throws {
    let bucket = try LockedBucket()
    let store = bucket.store()
    let archive = try Archive(store, stream: "s")
    let spool = try bucket.spool()
    var shorter = untilNextYear
    shorter.until = shorter.until.advanced(bySeconds: -86_400)
    let (bundle, _) = try makeBundle([Array("{}".utf8)], spool: spool)
    try archive.upload(bundle, retention: shorter)
    try archive.upload(makeBundle([Array("{}".utf8)], spool: spool).bundle, retention: untilNextYear)
    let key = "s/\(bundle.manifest.key)"
    #expect(try bucket.store().versions(key).count == 1)
    #expect(try bucket.store().lock(key) == StoredLock(untilNextYear))

    let second = try LockedBucket()
    let other = try Archive(second.store(), stream: "s")
    let junk = Array("junk".utf8)
    _ = try second.client.put(
      "archives/" + key, .bytes(junk), sha256: SHA256.hash(junk), lock: nil, legalHold: false, ifAbsent: false)
    try other.upload(makeBundle([Array("{}".utf8)], spool: spool).bundle, retention: untilNextYear)
    #expect(try second.store().versions(key).count == 2)
  }

  @Test("a reply that is lost after the write took effect is no second manifest")
  func lostReply() throws {
    let server = try FaultServer(handler: FaultServer.forwarding(to: try SeaweedS3.shared().url))
    let name = "b\(UInt64.random(in: 0 ... .max))"
    _ = try LockedBucket(name)
    let bucket = try LockedBucket(name, through: server.url, creates: false)
    server.inject(.loseReply, method: "PUT", target: "*manifests*", nth: 1, times: 1)
    let ring = try KeyRing(Environment(["AUDIT_SIGNING_KEY": "\u{1}\u{2}\u{3}"]), registry: nil)
    let archive = try Archive(bucket.store(), stream: "s", keys: ring)
    let committed = try archive.commit(try manifest(), signer)
    #expect(try bucket.store().versions("s/manifests/0000000000.json").count == 1)
    #expect(try archive.manifest(0).digest == committed.digest)
  }
}
