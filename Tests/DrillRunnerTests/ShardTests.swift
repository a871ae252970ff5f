// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import Archiver
import AuditCore
import DrillRunner
import Foundation
import Signing
import TestSupport
import Testing

@Suite("Shards of a verification", .enabled(if: TemporaryPostgres.isUsable))
struct ShardTests {
  @Test("any number of shards gives what one process gives", arguments: StoreKind.usable)
  func sound(kind: StoreKind) throws {
    let place = try ShardedArchive(kind)
    let whole = try place.whole()
    #expect(whole.manifests > 12 && whole.isIntact)
    for count in [1, 3, 25] {
      let run = ShardedRun("r\(count)")!
      for index in 0..<count {
        let job = ShardJob(
          place.settings(), place.archive, run, Shard(index, of: count)!, signer: place.drill.signer)
        #expect(try job.verify().isEarlier == false)
      }
      #expect(try ShardJoin(place.settings(), place.archive, run).verify().json == whole.json, "\(count)")
    }
    // What reads archives takes verdicts for nothing that is wrong with them.
    #expect(try place.whole().json == whole.json)
    let lock = try #require(try place.archive.store.lock("memory-layer/checks/r3/1-of-3.json"))
    #expect(lock.isCompliance && lock.until! > Timestamp.now().advanced(bySeconds: 399 * 86_400))
  }

  @Test(
    "what is wrong with an archive is found as by one process, and named alike",
    arguments: [
      "bundle", "no bundle", "no manifest", "no manifests", "junk manifest", "junk name", "total", "hash", "previous",
      "unsigned", "day", "debris", "anomalies", "no signatures",
    ])
  func damaged(kind: String) throws {
    let change = kind == "anomalies" ? "UPDATE public.audit_events SET payload = '{}' WHERE hash < '6'" : nil
    let place = try ShardedArchive(change: change)
    var settings = place.settings()
    let bundle = { (sequence: Int) in try #require(try place.archive.manifest(sequence).manifest.bundle?.key) }
    switch kind {
    case "bundle":
      for sequence in [2, 5] {
        var bytes = try #require(try place.archive.store.read("memory-layer/\(bundle(sequence))", limit: 1 << 20))
        bytes[bytes.count / 3] ^= 1
        try place.drill.store.overwrite("memory-layer/\(bundle(sequence))", bytes)
      }
    case "no bundle": try place.remove(bundle(4))
    case "no manifest": try place.remove(Archive.manifestKey(4))
    case "no manifests": for sequence in [0, 1, 5, 6, 7] { try place.remove(Archive.manifestKey(sequence)) }
    case "junk manifest": try place.drill.store.overwrite("memory-layer/\(Archive.manifestKey(3))", [0x7b])
    case "junk name": try place.drill.store.overwrite("memory-layer/manifests/9999999999.json", [0x7b])
    case "total": try place.resign(3) { $0.rowTotal += 1 }
    case "hash": try place.resign(3) { $0.chain.previousHash = $0.merkleRoot }
    case "previous": try place.resign(3) { $0.previousManifest = $0.merkleRoot }
    case "day": try place.resign(3) { $0.coverage.part += 1 }
    case "unsigned": try place.drill.rewriteManifests(isSigned: false) { $0.tool = "another" }
    case "debris": try place.drill.store.overwrite("memory-layer/bundles/0000000099-0011223344556677.ndjson.zst", [1])
    case "no signatures": settings.checksManifestSignatures = false
    default: break
    }
    let whole = try place.whole(settings)
    #expect(whole.isIntact == (kind == "debris" || kind == "no signatures"), "\(whole)")
    try place.verifyAll(3, settings)
    #expect(try place.join(settings).json == whole.json)
  }

  @Test("more findings and anomalies than are listed are counted as by one process")
  func bounded() throws {
    let place = try ShardedArchive(
      change: """
        INSERT INTO public.audit_events (event_type, payload, hash, prev_hash, created_at)
        SELECT 'x', '{}', lpad(to_hex(n), 64, '0'), repeat('e', 64), (SELECT min(created_at) FROM public.audit_events)
        FROM generate_series(1, 2500) AS n
        """)
    let whole = try place.whole()
    #expect(whole.anomalies.total > 2 * AnomalyLog.limit)
    try place.verifyAll(2)
    #expect(try place.join().json == whole.json)
  }

  @Test("a verdict is done once, and stays", arguments: StoreKind.usable)
  func again(kind: StoreKind) throws {
    let place = try ShardedArchive(kind)
    #expect(try place.verify(1, of: 2).isEarlier == false)
    let first = try place.stored(1, of: 2)
    let again = try place.verify(1, of: 2)
    #expect(again.isEarlier && again.verdict.isIntact)
    #expect(try place.stored(1, of: 2) == first)
    // The same name for another look would pass for one that was made.
    #expect(place.status { try place.verify(1, of: 2, place.settings { $0.signatures = .none }) } == .refused)
  }

  @Test("shards that see another end are joined up to the first end, which is said")
  func growing() throws {
    let place = try ShardedArchive()
    let last = try place.archive.sequences().count - 1
    let path = place.drill.store.path("memory-layer/\(Archive.manifestKey(last))")
    let kept = place.drill.store.directory("kept")
    try FileManager.default.moveItem(atPath: path, toPath: kept)
    let before = try place.whole()
    try place.verify(0, of: 2)
    try FileManager.default.moveItem(atPath: kept, toPath: path)
    // The archive has grown: the name is taken for what it was before.
    #expect(place.status { try place.verify(0, of: 2) } == .refused)
    try place.verify(1, of: 2)
    let joined = try place.join()
    #expect(joined.isIntact && joined.manifests == last && joined.rows == before.rows)
    #expect(joined.headHash == before.headHash)
    #expect(joined.notes.contains { $0.hasPrefix("manifests from \(last) on came after") }, "\(joined.notes)")
    // A manifest of before that end is gone since.
    try place.remove(Archive.manifestKey(last - 1))
    try FileManager.default.removeItem(atPath: path)
    let cut = try place.join()
    let gone = last % 2 == 1 ? [last - 1, last] : [last - 1]
    #expect(
      cut.findings.map(\.object) == gone.map { place.archive.name(Archive.manifestKey($0)) }, "\(cut.findings)")
  }

  @Test("a manifest that no shard has checked stops the join")
  func unchecked() throws {
    let place = try ShardedArchive()
    let path = place.drill.store.path("memory-layer/\(Archive.manifestKey(3))")
    try FileManager.default.moveItem(atPath: path, toPath: place.drill.store.directory("kept"))
    try place.verifyAll(2)
    #expect(try place.join().findings.map(\.reason).contains("the manifest is missing"))
    try FileManager.default.moveItem(atPath: place.drill.store.directory("kept"), toPath: path)
    #expect(place.status { _ = try place.join() } == .integrity)
  }

  @Test("missing verdicts: none is nothing to check, some are not there yet")
  func missing() throws {
    let place = try ShardedArchive()
    #expect(place.status { _ = try place.join() } == .nothingToCheck)
    try place.verify(0, of: 3)
    try place.verify(2, of: 3)
    #expect(place.status { _ = try place.join() } == .tryLater)
    try place.verify(1, of: 3)
    #expect(place.status { _ = try place.join() } == .success)
    #expect(place.status { _ = try place.join(shards: 4) } == .tryLater)
    try place.verify(0, of: 4)
    #expect(place.status { _ = try place.join() } == .configuration)
    #expect(place.status { _ = try place.join(shards: 3) } == .success)
    try place.drill.store.overwrite("memory-layer/checks/\(place.run.name)/junk", [1])
    #expect(try place.join(shards: 3).notes.contains { $0.contains("junk: it is no verdict") })
  }

  static let stranger = LocalSigner(hmacKey: [1, 2, 3], kid: "stranger")

  @Test(
    "a verdict that counts for nothing stops the join",
    arguments: [
      "junk", "stranger", "rows", "end", "run", "stream", "other shard", "other count", "manifest left out",
      "finding left out", "another's manifest", "not one of the shard's", "rows of a manifest",
    ])
  func forged(kind: String) throws {
    let place = try ShardedArchive(change: "UPDATE public.audit_events SET payload = '{}' WHERE hash < '2'")
    let signer = place.drill.signer
    try place.verifyAll(2)
    #expect(try !place.join().isIntact)
    switch kind {
    case "junk": try place.drill.store.overwrite(place.key(1, of: 2), Array("{}".utf8))
    case "stranger": try place.forge(1, of: 2, signer: Self.stranger)
    case "rows": try place.forge(1, of: 2) { $0.set("anomalies", .array([])) }
    case "end": try place.forge(1, of: 2) { $0.set("end", 4) }
    case "run": try place.forge(1, of: 2, signer: signer) { $0.set("run", "another") }
    case "stream": try place.forge(1, of: 2, signer: signer) { $0.set("stream", "another") }
    case "other shard": try place.forge(1, of: 2, from: (0, 2), signer: signer)
    case "other count": try place.forge(1, of: 2, signer: signer) { $0.set("of", 4) }
    case "manifest left out":
      try place.forge(1, of: 2, signer: signer) { members in
        let kept = members.first { $0.name == "manifests" }?.value.array?.dropFirst() ?? []
        members.set("manifests", .array(Array(kept)))
        members.set("anomalies", .array([]))
        for entry in kept { #expect(entry["anomaliesTotal"] != nil) }
      }
    case "finding left out":
      try place.forge(1, of: 2, signer: signer) { members in
        members.set(
          "anomalies", .array(Array(members.first { $0.name == "anomalies" }?.value.array?.dropFirst() ?? [])))
      }
    case "another's manifest":
      try place.forge(1, of: 2, signer: signer) { members in
        let other = try? place.stored(0, of: 2).content["manifests"]
        members.set("manifests", other ?? .null)
      }
    case "rows of a manifest":
      try place.forge(1, of: 2, signer: signer) { members in
        var entries = members.first { $0.name == "manifests" }?.value.array ?? []
        var entry = entries[0].members ?? []
        entry.set("rows", 7)
        entries[0] = .object(entry)
        members.set("manifests", .array(entries))
      }
    default:
      try place.forge(1, of: 2, signer: signer) { members in
        let entries = members.first { $0.name == "manifests" }?.value.array ?? []
        members.set("manifests", .array(entries + entries.suffix(1)))
      }
    }
    #expect(place.status { _ = try place.join() } == .integrity)
    // What is there is not replaced, nor taken for the shard's own.
    #expect(place.status { try place.verify(1, of: 2) } == .refused)
  }

  @Test("junk in a verdict's place blocks nobody in a bucket", .enabled(if: SeaweedS3.isUsable))
  func junkFirst() throws {
    let place = try ShardedArchive(.s3)
    try place.drill.store.overwrite(place.key(0, of: 2), Array("{}".utf8))
    #expect(place.status { _ = try place.join() } == .integrity)
    try place.verifyAll(2)
    #expect(try place.join().json == place.whole().json)
    try place.drill.store.overwrite(place.key(0, of: 2), Array("[]".utf8))
    #expect(try place.join().json == place.whole().json)
    #expect(try place.verify(0, of: 2).isEarlier)
  }

  @Test("names of runs and numbers of shards")
  func names() {
    for name in ["", ".a", "a/b", "a b", "ä", "a\n", String(repeating: "a", count: 129)] {
      #expect(ShardedRun(name) == nil, "\(name)")
    }
    #expect(Shard(2, of: 2) == nil && Shard(-1, of: 2) == nil && Shard(0, of: 0) == nil && Shard(0, of: 4097) == nil)
  }
}
