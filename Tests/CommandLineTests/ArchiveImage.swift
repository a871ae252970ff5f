// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import S3Client
import TestSupport

/// What an archive in a bucket has come to: each object's versions, and what the oldest of them holds.
struct ArchiveImage {
  /// By key, without the archive's prefix.
  let objects: [String: [UInt8]]
  /// Keys with several versions, or with a delete marker.
  let odd: [String]
  /// Versions that are locked less than an archive's are, each with what is wrong.
  let unlocked: [String]

  init(_ bucket: LockedBucket, below prefix: String, isHeld: Bool) throws {
    var objects: [String: [UInt8]] = [:]
    var odd: Set<String> = []
    var unlocked: [String] = []
    let year = Timestamp.now().advanced(bySeconds: 399 * 86_400)
    for version in try bucket.client.listVersions(prefix: prefix + "/").reversed() {
      let key = String(version.key.dropFirst(prefix.count + 1))
      if version.isDeleteMarker || objects[key] != nil { odd.insert(key) }
      guard !version.isDeleteMarker else { continue }
      let id = version.versionID
      if objects[key] == nil { objects[key] = try bucket.client.read(version.key, versionID: id, limit: 1 << 24) }
      let head = try bucket.client.head(version.key, versionID: id)
      guard let lock = head?.lock, lock.mode == .compliance, lock.until > year else {
        unlocked.append("\(key): \(head?.lock.map { "\($0)" } ?? "no lock")")
        continue
      }
      if isHeld && head?.hasLegalHold != true { unlocked.append("\(key): no hold") }
    }
    (self.objects, self.odd, self.unlocked) = (objects, odd.sorted(), unlocked)
  }

  /// Where this archive differs from another of the same chain, though it may not.
  ///
  /// Bundles are compared byte for byte, and so are their names. Of manifests these may differ, and nothing else: when the
  /// run was (`createdAt`, `retention.until`, `source.lsn`, `source.oldestTransactionStart`), which of the databases with
  /// the same rows it read (`source.database`), where the run after it has to begin (`source.resumeFrom`), and what is
  /// computed of those: the digest of the manifest before, and the proof.
  func differences(from other: ArchiveImage) throws -> [String] {
    var found: [String] = []
    for key in Set(objects.keys).union(other.objects.keys).sorted() {
      guard let mine = objects[key] else { found.append("\(key) is missing"); continue }
      guard let theirs = other.objects[key] else { found.append("\(key) is too much"); continue }
      let isSame =
        key.contains("/manifests/")
        ? try Self.comparable(mine).manifest == Self.comparable(theirs).manifest : mine == theirs
      if !isSame { found.append("\(key) differs") }
    }
    return found
  }

  /// What two runs' manifests have in common, and ids of their signers.
  static func comparable(_ bytes: [UInt8]) throws -> (manifest: Manifest, signers: [String]) {
    let stored = try StoredManifest(parsing: bytes)
    var manifest = stored.manifest
    manifest.createdAt = .distantPast
    manifest.retention.until = .distantPast
    manifest.source.lsn = ""
    manifest.source.oldestTransactionStart = .distantPast
    manifest.source.database = ""
    manifest.source.resumeFrom = nil
    manifest.previousManifest = nil
    return (manifest, stored.proof.signatures.map(\.kid))
  }
}
