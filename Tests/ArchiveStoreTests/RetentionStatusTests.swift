// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import PageSupport
import Pipeline
import S3Client
import Signing
import TestSupport
import Testing

/// Five nights of more than a year ago: their locks end in eleven days and after, one a day. The fourth has no rows.
private struct OldNights {
  let sample: SampleArchive
  let archive: Archive
  /// Locks are made to the second.
  let now: Timestamp

  init(_ store: any ObjectStore, isHeld: Bool = false) throws {
    now = try #require(Timestamp(Timestamp.now().isoSeconds))
    var sample = try SampleArchive()
    let first = now.day.advanced(by: -400)
    try sample.add(first...first.advanced(by: 4), retention: 410) { day, night in
      night.rows = day == first.advanced(by: 3) ? 0 : 10
      night.isHeld = isHeld
    }
    self.sample = sample
    archive = try Archive(store, stream: SampleArchive.stream, keys: sample.keys)
  }

  private init(_ other: OldNights, _ store: any ObjectStore) throws {
    (sample, now) = (other.sample, other.now)
    archive = try Archive(store, stream: SampleArchive.stream, keys: sample.keys)
  }

  /// The same archive by another way.
  func through(_ store: any ObjectStore) throws -> OldNights { try OldNights(self, store) }

  /// Puts manifests and bundles into the store.
  ///
  /// - Parameter lock: of each object; nil takes what its manifest promises.
  func put(_ lock: Manifest.Retention? = nil) throws {
    for (stored, document) in zip(sample.manifests, sample.documents) {
      let lock = lock ?? stored.manifest.retention
      if let bundle = stored.manifest.bundle { _ = try create(bundle.key, [0x28], lock) }
      _ = try create(Archive.manifestKey(stored.manifest.sequence), document, lock)
    }
  }

  private func create(_ key: String, _ bytes: [UInt8], _ lock: Manifest.Retention) throws -> CreateOutcome {
    try archive.store.create("\(archive.stream)/\(key)", .bytes(bytes), retention: lock)
  }

  var locks: LockJob { LockJob(archive, cancellation: Cancellation()) }
  func promise(_ number: Int) -> Timestamp { sample.manifests[number].manifest.retention.until }
  func later(days: Int64) -> Timestamp { now.advanced(bySeconds: days * 86_400) }
  /// When all locks have ended.
  var end: Timestamp { later(days: 40) }

  static var limits: ArchiveStatus.Limits {
    var limits = ArchiveStatus.Limits()
    (limits.newestDayAge, limits.drillAge) = (36_500, 36_500)
    return limits
  }

  func status(at time: Timestamp? = nil) throws -> ArchiveStatus {
    try ArchiveStatus(archive, keys: sample.keys, limits: Self.limits, now: time ?? now)
  }
}

extension ArchiveStatus {
  fileprivate var states: [DayState] { ledger.days.map { state(of: $0.day, $0) } }
  /// Running out, and ended.
  fileprivate var ends: [Int] { [retentionRunningOut, retentionEnded] }
}

@Suite("The status of locks")
struct RetentionStatusTests {
  @Test("a lock that was extended runs out no more", arguments: StoreKind.usable)
  func extended(kind: StoreKind) throws {
    let nights = try OldNights(TestStore(kind).store)
    try nights.put()
    let before = try nights.status()
    #expect(before.ends == [5, 0] && before.earliestRetentionEnd == nights.promise(0) && before.notes == [])
    #expect(before.states == [.ending, .ending, .ending, .ending, .ending])
    let long = nights.later(days: 400)
    _ = try nights.locks.extend(0..<2, to: long, keepsLonger: false)
    // As an extension that was cut off leaves it: its bundle still goes first.
    let key = "\(nights.archive.stream)/\(Archive.manifestKey(2))"
    let version = try #require(try nights.archive.store.versions(key).first)
    try nights.archive.store.extend(key, version, to: Manifest.Retention(until: long, hasLegalHold: false))
    let partly = try nights.status()
    #expect(partly.ends == [3, 0] && partly.earliestRetentionEnd == nights.promise(2) && partly.isWell)
    #expect(partly.states == [.archived, .archived, .ending, .ending, .ending])
    _ = try nights.locks.extend(0..<5, to: long, keepsLonger: true)
    let after = try nights.status()
    #expect(after.ends == [0, 0] && after.earliestRetentionEnd == long && after.notes == [])
    #expect(after.states == [.archived, .archived, .archived, .empty, .archived])
  }

  @Test("a lock that has ended is known, and neither running out nor a problem", arguments: StoreKind.usable)
  func ended(kind: StoreKind) throws {
    let nights = try OldNights(TestStore(kind).store)
    try nights.put()
    let days = nights.sample.manifests.map(\.manifest.coverage.day)
    let first = try nights.status(at: nights.promise(1))
    #expect(first.ends == [3, 2] && first.earliestRetentionEnd == nights.promise(2))
    let all = try nights.status(at: nights.end)
    #expect(all.ends == [0, 5] && all.earliestRetentionEnd == nil && all.isWell)
    #expect(all.states == [.unlocked, .unlocked, .unlocked, .unlocked, .unlocked])
    #expect(all.json["retentionEnded"] == 5 && all.json["earliestRetentionEnd"] == .null)
    #expect(all.notes.count == 1)
    #expect(all.notes[0].hasPrefix("the locks of 5 manifests have ended, of days \(days[0]) to \(days[4])"))
    _ = try nights.locks.extend(0..<5, to: nights.later(days: 400), keepsLonger: false)
    let extended = try nights.status(at: nights.end)
    #expect(extended.ends == [0, 0] && extended.notes == [])
  }

  @Test("a legal hold outlasts the lock, where it is on the manifest and its bundle", arguments: StoreKind.usable)
  func held(kind: StoreKind) throws {
    let nights = try OldNights(TestStore(kind).store)
    try nights.put()
    _ = try nights.locks.setLegalHold(0..<2, true)
    let key = "\(nights.archive.stream)/\(Archive.manifestKey(2))"
    let version = try #require(try nights.archive.store.versions(key).first)
    try nights.archive.store.setLegalHold(key, version, true)
    let soon = try nights.status()
    #expect(soon.ends == [3, 0] && soon.earliestRetentionEnd == nights.promise(2))
    #expect(soon.states == [.archived, .archived, .ending, .ending, .ending])
    let late = try nights.status(at: nights.end)
    #expect(late.ends == [0, 3] && late.earliestRetentionEnd == nil)
    #expect(late.states == [.archived, .archived, .unlocked, .unlocked, .unlocked])
    _ = try nights.locks.setLegalHold(0..<3, false)
    #expect(try nights.status().ends == [5, 0])
  }

  @Test("a hold that was promised and is not there, and a lock that is less than promised")
  func weaker() throws {
    let unheld = try OldNights(TestStore().store, isHeld: true)
    try unheld.put(Manifest.Retention(until: unheld.promise(4), hasLegalHold: false))
    #expect(try unheld.status().ends == [5, 0])
    let short = try OldNights(TestStore().store)
    let day = short.later(days: 1)
    try short.put(Manifest.Retention(until: day, hasLegalHold: false))
    let status = try short.status()
    #expect(status.ends == [5, 0] && status.earliestRetentionEnd?.isoSeconds == day.isoSeconds)
    #expect(status.notes.contains { $0.hasPrefix("the locks of 5 manifests are less than promised") })
    #expect(try short.status(at: short.later(days: 2)).ends == [0, 5])
  }

  @Test("a bundle that is gone when its lock is looked at is a problem, and the others are looked at all the same")
  func gone() throws {
    let store = try TestStore()
    let nights = try OldNights(store.store)
    try nights.put()
    let bundle = try #require(nights.sample.manifests[1].manifest.bundle)
    try store.remove("\(nights.archive.stream)/\(bundle.key)")
    _ = try nights.locks.extend(2..<5, to: nights.later(days: 400), keepsLonger: false)
    let status = try nights.status()
    #expect(status.problems.count == 1 && status.problems[0].hasSuffix("\(bundle.key): the bundle is missing"))
    #expect(status.ends == [2, 0])
  }
}

@Suite("The status of locks in a bucket", .enabled(if: SeaweedS3.isUsable))
struct BucketRetentionStatusTests {
  private let server: FaultServer
  private let bucket: LockedBucket
  private let nights: OldNights
  /// Through the server between.
  private let seen: OldNights
  private let look = ArchiveLook(limits: OldNights.limits, drills: 40)

  init() throws {
    server = try FaultServer(handler: FaultServer.forwarding(to: try SeaweedS3.shared().url))
    let name = "b\(UInt64.random(in: 0 ... .max))"
    bucket = try LockedBucket(name)
    nights = try OldNights(bucket.store())
    try nights.put()
    seen = try nights.through(try LockedBucket(name, through: server.url, creates: false).store())
  }

  /// Requests for locks that the server has had.
  private var asked: Int {
    server.requests.count { $0.target.contains("?retention") || $0.target.contains("?legal-hold") }
  }

  private func status(minutes: Int64) throws -> ArchiveStatus {
    try look.status(seen.archive, keys: nights.sample.keys, now: nights.now.advanced(bySeconds: minutes * 60))
  }

  @Test("a server reads locks once an hour, and those that were extended no more")
  func again() throws {
    #expect(try status(minutes: 0).ends == [5, 0])
    // Two of each manifest and of each of four bundles.
    #expect(asked == 18)
    _ = try nights.locks.extend(0..<3, to: nights.later(days: 400), keepsLonger: false)
    #expect(try status(minutes: 5).ends == [5, 0])
    #expect(try status(minutes: 59).ends == [5, 0])
    #expect(asked == 18)
    #expect(try status(minutes: 61).ends == [2, 0])
    #expect(asked == 36)
    #expect(try status(minutes: 125).ends == [2, 0])
    #expect(asked == 42)
  }

  @Test(
    "without the right to read locks the manifests' word counts, and that is said",
    arguments: ["?retention", "?legal-hold"])
  func denied(subresource: String) throws {
    _ = try nights.locks.extend(0..<5, to: nights.later(days: 400), keepsLonger: false)
    let denial = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>1</RequestId></Error>"
    server.inject(.answer(ServedResponse(403, body: Array(denial.utf8))), target: "*\(subresource)*", times: .max)
    let once = try seen.status()
    #expect(once.isWell && once.ends == [5, 0] && once.earliestRetentionEnd == nights.promise(0))
    #expect(once.notes.count == 1)
    #expect(
      once.notes[0].hasPrefix("the locks of 5 manifests could not be read, and count as the manifests promise them"))
    #expect(try status(minutes: 0).ends == [5, 0])
    let before = asked
    #expect(try status(minutes: 30).notes.count == 1)
    #expect(asked == before)
    server.removeFaults()
    let read = try status(minutes: 61)
    #expect(read.ends == [0, 0] && read.notes == [])
  }

  @Test("the lock counts of the version that counts")
  func versions() throws {
    let key = "archives/\(nights.archive.stream)/\(Archive.manifestKey(0))"
    try bucket.put(key, Array("junk".utf8))
    _ = try nights.locks.extend(0..<5, to: nights.later(days: 400), keepsLonger: false)
    let status = try seen.status()
    #expect(status.ends == [0, 0] && status.notes == [] && status.isWell)
  }
}
