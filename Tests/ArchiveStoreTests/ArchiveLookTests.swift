// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import PageSupport
import Signing
import TestSupport
import Testing

@Suite("Looking at an archive again")
struct ArchiveLookTests {
  private let sample: SampleArchive
  private let store: TestStore
  private let archive: Archive
  private let now = Timestamp("2026-11-23T02:10:00Z")!

  init() throws {
    var sample = try SampleArchive()
    let last = now.day.advanced(by: -1)
    try sample.add(last.advanced(by: -9)...last, retention: 400)
    self.sample = sample
    store = try TestStore()
    archive = try Archive(store.store, stream: SampleArchive.stream, keys: sample.keys)
  }

  private func put(_ range: Range<Int>) throws {
    for number in range { try store.overwrite("memory-layer/\(Archive.manifestKey(number))", sample.documents[number]) }
  }

  private func overwrite(_ number: Int, _ text: String) throws {
    try store.overwrite("memory-layer/\(Archive.manifestKey(number))", Array(text.utf8))
  }

  private func later(_ hours: Int64) -> Timestamp { now.advanced(bySeconds: hours * 3600) }

  @Test("a look reads what is new; some hours later everything is read anew")
  func again() throws {
    let look = ArchiveLook(limits: ArchiveStatus.Limits(), drills: 40)
    try put(0..<8)
    #expect(try look.status(archive, keys: sample.keys, now: now).manifests == 8)
    // What was read before is not read again: nobody looks at this one.
    try overwrite(3, "{}")
    try put(8..<10)
    let second = try look.status(archive, keys: sample.keys, now: later(1))
    #expect(second.manifests == 10 && second.problems == [])
    let third = try look.status(archive, keys: sample.keys, now: later(7))
    #expect(third.manifests == 9 && third.problems.count == 2, "\(third.problems)")
    // What does not verify is read again sooner.
    try put(3..<4)
    #expect(try look.status(archive, keys: sample.keys, now: later(7)).problems.count == 2)
    #expect(try look.status(archive, keys: sample.keys, now: later(9)).problems == [])
  }

  @Test("other keys are other verdicts, at once")
  func keys() throws {
    let look = ArchiveLook(limits: ArchiveStatus.Limits(), drills: 40)
    try put(0..<10)
    #expect(try look.status(archive, keys: sample.keys, now: now).unverifiable == 0)
    #expect(try look.status(archive, keys: KeyRing([]), now: now).unverifiable == 10)
  }

  @Test("what goes away is seen at the next look", arguments: [0, 4, 9])
  func removal(_ number: Int) throws {
    let look = ArchiveLook(limits: ArchiveStatus.Limits(), drills: 40)
    try put(0..<10)
    #expect(try look.status(archive, keys: sample.keys, now: now).problems == [])
    try store.remove("memory-layer/\(Archive.manifestKey(number))")
    let status = try look.status(archive, keys: sample.keys, now: later(1))
    #expect(number == 9 ? status.manifests == 9 : status.problems.contains { $0.contains("the manifest is missing") })
  }

  @Test("a damaged manifest is a problem, and the others are looked at all the same", arguments: [0, 5, 9])
  func damage(_ number: Int) throws {
    try put(0..<10)
    try overwrite(number, "{}")
    let status = try ArchiveStatus(archive, keys: sample.keys, limits: ArchiveStatus.Limits(), now: now)
    #expect(status.manifests == 9 && status.ledger.faultsTotal == 1, "\(status.problems)")
    #expect(status.problems.first?.contains(Archive.manifestKey(number)) == true, "\(status.problems)")
    #expect(status.missingTotal == (number == 5 ? 1 : 0))
  }

  @Test("what stands behind the last manifest that a key at hand has signed closes no day")
  func unvouched() throws {
    var sample = try SampleArchive()
    let last = now.day.advanced(by: -1)
    sample.rotation = last.advanced(by: -2)
    try sample.add(last.advanced(by: -9)...last, retention: 400)
    let place = try TestStore()
    for (number, document) in sample.documents.enumerated() {
      try place.overwrite("memory-layer/\(Archive.manifestKey(number))", document)
    }
    func look(_ keys: [VerificationKey]) throws -> (status: ArchiveStatus, freshness: ArchiveFreshness) {
      let ring = KeyRing(keys)
      let archive = try Archive(place.store, stream: SampleArchive.stream, keys: ring)
      return (
        try ArchiveStatus(archive, keys: ring, limits: ArchiveStatus.Limits(), now: now),
        try ArchiveFreshness(archive, keys: ring, now: now)
      )
    }
    let keys = sample.keys.keys
    // All keys, or none, by which nothing can be told: each day counts as it says. The first one alone: those of the other
    // may be a stranger's. The other alone vouches for what is before it.
    for (ring, expected) in [(keys, last), ([], last), ([keys[0]], last.advanced(by: -3)), ([keys[1]], last)] {
      let (status, freshness) = try look(ring)
      #expect(status.newestClosedDay == expected && freshness.newestClosedDay == expected, "\(ring.count) keys")
      #expect(status.ledger.lastRun?.day == expected.next && freshness.lastRun?.day == expected.next)
      #expect(status.isWell == (expected == last), "\(status.problems)")
    }
    let status = try look([keys[0]]).status
    #expect(status.missingTotal == 2 && status.state(of: last, status.ledger[last]) == .open)
  }

  @Test("nothing that can be read is no success")
  func nothing() throws {
    let limits = ArchiveStatus.Limits()
    let failure = #expect(throws: Failure.self) {
      try ArchiveStatus(archive, keys: sample.keys, limits: limits, now: now)
    }
    #expect(failure?.status == .nothingToCheck)
    try overwrite(0, "{}")
    #expect(try !ArchiveStatus(archive, keys: sample.keys, limits: limits, now: now).isWell)
  }
}
