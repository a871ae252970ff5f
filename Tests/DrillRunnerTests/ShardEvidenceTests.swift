// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import DrillRunner
import Foundation
import Signing
import TestSupport
import Testing

@Suite("What a join holds verdicts against", .enabled(if: TemporaryPostgres.isUsable))
struct ShardEvidenceTests {
  @Test("verdicts on other manifests than the archive's vouch for none of them")
  func copied() throws {
    let place = try ShardedArchive()
    try place.verifyAll(3)
    try place.drill.rewriteManifests(isSigned: true) { $0.tool = "another" }
    let whole = try place.whole()
    #expect(whole.isIntact)
    let joined = try place.join()
    #expect(
      joined.findings.map(\.object) == (0..<whole.manifests).map { place.archive.name(Archive.manifestKey($0)) },
      "\(joined.findings)")
    #expect(joined.findings.allSatisfy { $0.reason.contains("not the manifest that shard") }, "\(joined.findings)")
  }

  @Test(
    "what became of an archive since its shards looked is found",
    arguments: [
      "replaced", "damaged", "unsigned", "removed", "last removed", "bundle removed", "bundle cut", "repaired",
    ])
  func since(kind: String) throws {
    let place = try ShardedArchive()
    let last = try place.last()
    let key = "memory-layer/\(Archive.manifestKey(3))"
    let original = try #require(try place.archive.store.read(key, limit: 1 << 20))
    if kind == "repaired" { try place.drill.store.overwrite(key, [0x7b]) }
    let bundle = kind == "repaired" ? "" : try place.bundleKey(3)
    try place.verifyAll(3)
    #expect(try place.join().isIntact == (kind != "repaired"))
    var object = Archive.manifestKey(3)
    var words = "not the manifest that shard 0"
    switch kind {
    case "replaced": try place.resign(3) { $0.tool = "another" }
    case "repaired": try place.drill.store.overwrite(key, original)
    case "damaged":
      try place.drill.store.overwrite(key, [0x7b])
      words = "JSON"
    case "unsigned":
      let stored = try place.archive.manifest(3)
      let other = try ShardTests.stranger.sign(.manifest, stored.manifest.json)
      try place.drill.store.overwrite(key, other.bytes)
      words = "signature"
    case "removed":
      try place.remove(object)
      words = "missing"
    case "last removed":
      object = Archive.manifestKey(last)
      try place.remove(object)
      words = "missing, and shard \(last % 3)"
    case "bundle removed":
      object = bundle
      try place.remove(bundle)
      words = "the bundle is missing"
    default:
      object = bundle
      let bytes = try #require(try place.archive.store.read("memory-layer/\(bundle)", limit: 1 << 20))
      try place.drill.store.overwrite("memory-layer/\(bundle)", bytes.dropLast())
      words = "\(bytes.count - 1) bytes"
    }
    let joined = try place.join()
    let found = joined.findings.filter { $0.object == place.archive.name(object) && $0.reason.contains(words) }
    #expect(found.count == 1, "\(joined.findings)")
  }

  @Test("what a shard found behind the first end counts", arguments: ["bundle", "anomalies", "gone"])
  func behind(kind: String) throws {
    let change = kind == "bundle" ? nil : "UPDATE public.audit_events SET payload = '{}'"
    let place = try ShardedArchive(change: change)
    let last = try place.last()
    let late = try #require(try (0...last).last { try place.archive.manifest($0).manifest.bundle != nil })
    try place.without(late...last) { try place.verify(1 - late % 2, of: 2) }
    let bundle = try place.bundleKey(late)
    if kind == "bundle" {
      var bytes = try #require(try place.archive.store.read("memory-layer/\(bundle)", limit: 1 << 20))
      bytes[bytes.count / 3] ^= 1
      try place.drill.store.overwrite("memory-layer/\(bundle)", bytes)
    }
    try place.verify(late % 2, of: 2)
    let whole = try place.whole()
    #expect(!whole.isIntact)
    if kind == "gone" { for sequence in late...last { try place.remove(Archive.manifestKey(sequence)) } }
    let joined = try place.join()
    #expect(joined.manifests == late && !joined.isIntact)
    #expect(joined.anomalies.total == whole.anomalies.total)
    let name = place.archive.name(kind == "gone" ? Archive.manifestKey(late) : bundle)
    #expect(joined.findings.contains { $0.object == name } == (kind != "anomalies"), "\(joined.findings)")
    #expect(joined.notes.contains { $0.hasPrefix("manifests from \(late) on came after") }, "\(joined.notes)")
  }

  @Test("a shard that finds its verdict on other manifests is not done", arguments: ["replaced", "damaged", "removed"])
  func notDone(kind: String) throws {
    let place = try ShardedArchive()
    try place.verify(1, of: 2)
    let key = "memory-layer/\(Archive.manifestKey(3))"
    switch kind {
    case "replaced": try place.resign(3) { $0.tool = "another" }
    case "damaged": try place.drill.store.overwrite(key, [0x7b])
    default: try place.remove(Archive.manifestKey(3))
    }
    let failure = #expect(throws: Failure.self) { try place.verify(1, of: 2) }
    #expect(failure?.status == .refused && failure?.problem.contains("sequence 3") == true, "\(failure?.problem ?? "")")
    #expect(place.status { try place.verify(0, of: 2) } == .success)
  }

  @Test("junk among the verdicts does not say how many shards there are", arguments: StoreKind.usable)
  func junk(kind: StoreKind) throws {
    let place = try ShardedArchive(kind)
    try place.drill.store.overwrite(place.key(0, of: 1), Array("{}".utf8))
    #expect(place.status { _ = try place.join() } == .integrity)
    try place.verifyAll(3)
    try place.forge(1, of: 7, from: (1, 3), signer: ShardTests.stranger) { $0.set("of", 7) }
    // Signed, but for another place.
    try place.forge(2, of: 9, from: (2, 3), signer: place.drill.signer)
    let whole = try place.whole()
    let joined = try place.join()
    #expect(joined.isIntact && joined.rows == whole.rows && joined.manifests == whole.manifests)
    for name in ["0-of-1.json", "1-of-7.json", "2-of-9.json"] {
      #expect(joined.notes.contains { $0.contains("\(name): it is no verdict") }, "\(joined.notes)")
    }
    // One that verifies does.
    try place.verify(0, of: 4)
    #expect(place.status { _ = try place.join() } == .configuration)
    #expect(try place.join(shards: 3).isIntact)
  }
}
