// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import TestSupport
import Testing

let untilNextYear = Manifest.Retention(until: Timestamp("2027-12-28T00:00:00Z")!, hasLegalHold: false)

extension ObjectReader {
  /// What is left of the object.
  func all(pieceBytes: Int = 1 << 16) throws -> [UInt8] {
    var buffer = ByteBuffer()
    while try read(into: &buffer, upTo: pieceBytes) > 0 {}
    return buffer.array()
  }
}

/// What every store must do, whatever it stands on.
///
/// - Parameters:
///   - makeStore: an empty store; called once.
///   - spool: makes a spooled file with content.
func checkConformance(
  _ makeStore: () throws -> any ObjectStore, spooled: ([UInt8]) throws -> ObjectContent
) throws {
  let store = try makeStore()
  let manifest = Array("{\"a\":1}\n".utf8)
  let bundle = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

  // Nothing is there.
  #expect(try store.open("s/manifests/0000000000.json") === nil)
  #expect(try store.read("s/manifests/0000000000.json", limit: 100) == nil)
  #expect(try store.list("s/manifests/").isEmpty)
  #expect(try store.lock("s/manifests/0000000000.json") == nil)

  // What is written is read, under its lock.
  #expect(try store.create("s/manifests/0000000000.json", .bytes(manifest), retention: untilNextYear) == .created)
  #expect(try store.create("s/bundles/b.zst", spooled(bundle), retention: untilNextYear) == .created)
  #expect(try store.create("s/bundles/empty", .bytes([]), retention: untilNextYear) == .created)
  #expect(try store.read("s/manifests/0000000000.json", limit: manifest.count) == manifest)
  #expect(try store.open("s/bundles/empty")?.all() == [])
  for piece in [1000, 65_536, 1 << 20] {
    let reader = try #require(try store.open("s/bundles/b.zst"))
    #expect(reader.size == bundle.count)
    #expect(try reader.all(pieceBytes: piece) == bundle)
  }
  #expect(try store.lock("s/bundles/b.zst") == StoredLock(untilNextYear))
  try checkParts(store, bundle)

  // Nothing is replaced.
  let other = Array("{\"a\":2}\n".utf8)
  #expect(try store.create("s/manifests/0000000000.json", .bytes(other), retention: untilNextYear) == .exists)
  #expect(try store.create("s/bundles/b.zst", spooled(other), retention: untilNextYear) == .exists)
  #expect(try store.read("s/manifests/0000000000.json", limit: 100) == manifest)
  #expect(try store.open("s/bundles/b.zst")?.all() == bundle)

  // A retention grows and never shrinks.
  var later = untilNextYear
  later.until = later.until.advanced(bySeconds: 86_400)
  later.hasLegalHold = true
  let version = try #require(try store.versions("s/bundles/b.zst").first)
  #expect(version.bytes == bundle.count && !version.isDeleteMarker)
  try store.extend("s/bundles/b.zst", version, to: later)
  #expect(try store.lock("s/bundles/b.zst") == StoredLock(later))
  try store.extend("s/bundles/b.zst", version, to: untilNextYear)
  #expect(try store.create("s/bundles/b.zst", .bytes(other), retention: untilNextYear) == .exists)
  #expect(try store.lock("s/bundles/b.zst") == StoredLock(later))

  // A hold comes and goes, and leaves the retention as it is.
  try store.setLegalHold("s/bundles/b.zst", version, false)
  later.hasLegalHold = false
  #expect(try store.lock("s/bundles/b.zst") == StoredLock(later))
  try store.setLegalHold("s/bundles/b.zst", version, true)
  later.hasLegalHold = true
  #expect(try store.lock("s/bundles/b.zst") == StoredLock(later))

  // A limit is kept.
  #expect(throws: Failure.self) { try store.read("s/manifests/0000000000.json", limit: manifest.count - 1) }

  // Lists are by key and of one folder.
  for sequence in [2, 1, 10] {
    let key = "s/manifests/\(Manifest.sequenceText(sequence)).json"
    #expect(try store.create(key, .bytes(other), retention: untilNextYear) == .created)
  }
  let listed = try store.list("s/manifests/")
  #expect(listed.map(\.key) == [0, 1, 2, 10].map { "s/manifests/\(Manifest.sequenceText($0)).json" })
  #expect(listed.map(\.bytes) == [8, 8, 8, 8])
  #expect(try store.list("s/bundles/").map(\.key) == ["s/bundles/b.zst", "s/bundles/empty"])
  #expect(try store.list("other/bundles/").isEmpty)

  // Keys that are none.
  for key in ["", "/etc/passwd", "../x", "s/../../x", "s//x", "s/./x", "s/x/", "a\0b", "a\\b", "s/a\nb"] {
    #expect(throws: Failure.self, "\(key)") { try store.open(key) }
    #expect(throws: Failure.self, "\(key)") { try store.create(key, .bytes([1]), retention: untilNextYear) }
  }
}

/// Parts of `s/bundles/b.zst`, which has this content.
func checkParts(_ store: any ObjectStore, _ content: [UInt8]) throws {
  let version = try #require(try store.versions("s/bundles/b.zst").first)
  let (size, middle) = (content.count, content.count / 2)
  for range in [0..<1, 0..<size, 1..<size, middle..<middle + 70_000, size - 1..<size] {
    for piece in [1, 1000, 1 << 20] where piece > 1 || range.count == 1 {
      let reader = try #require(try store.open("s/bundles/b.zst", version, range: range))
      #expect(reader.size == size)
      #expect(try reader.all(pieceBytes: piece) == Array(content[range]), "\(range) by \(piece)")
    }
  }
  for range in [0..<size + 1, size..<size + 1, size + 5..<size + 6] {
    let failure = #expect(throws: Failure.self) { try store.open("s/bundles/b.zst", version, range: range) }
    #expect(failure?.status == .integrity, "\(range)")
  }
  #expect(try store.open("s/bundles/none", version, range: 0..<1) === nil)
  #expect(throws: Failure.self) { try store.open("../b.zst", version, range: 0..<1) }
}
