// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import DrillRunner
import Foundation
import Signing
import TestSupport
import Testing

/// An archive of some twenty bundles, verified whole and in shards.
struct ShardedArchive {
  let drill: Drill
  let run = ShardedRun("2026-w47.a_b")!

  init(_ kind: StoreKind = .file, change: String? = nil) throws {
    drill = try Drill(in: kind, change: change, maxRows: 20)
  }

  var archive: Archive { drill.archive }

  func settings(_ change: (inout VerifySettings) -> Void = { _ in }) -> VerifySettings {
    var settings = VerifySettings(keys: drill.keys)
    change(&settings)
    return settings
  }

  @discardableResult
  func verify(
    _ index: Int, of count: Int, signer: (any Signer)? = nil, _ settings: VerifySettings? = nil
  ) throws -> (verdict: ShardVerdict, isEarlier: Bool) {
    try ShardJob(
      settings ?? self.settings(), archive, run, Shard(index, of: count)!, signer: signer ?? drill.signer
    ).verify()
  }

  func verifyAll(_ count: Int, _ settings: VerifySettings? = nil) throws {
    for index in 0..<count { try verify(index, of: count, settings) }
  }

  func join(_ settings: VerifySettings? = nil, shards: Int? = nil) throws -> VerifyReport {
    try ShardJoin(settings ?? self.settings(), archive, run, shards: shards).verify()
  }

  func whole(_ settings: VerifySettings? = nil) throws -> VerifyReport {
    try ArchiveVerifier(settings ?? self.settings(), archive).run()
  }

  /// The status of what a join, or a shard, ends with.
  func status(_ body: () throws -> Void) -> AuditCore.ExitStatus {
    do { try body() } catch { return Failure(from: error).status }
    return .success
  }

  func key(_ index: Int, of count: Int) -> String { "memory-layer/\(run.key(Shard(index, of: count)!))" }

  func stored(_ index: Int, of count: Int) throws -> SignedDocument {
    try SignedDocument(
      parsing: #require(try archive.store.read(key(index, of: count), limit: 1 << 24)), .check)
  }

  /// Puts a changed verdict in the place of one, past the store; in a bucket nothing else is there yet.
  func forge(
    _ index: Int, of count: Int, from other: (Int, Int)? = nil, signer: (any Signer)? = nil,
    _ change: (inout [JSONValue.Member]) -> Void = { _ in }
  ) throws {
    let original = try stored(other?.0 ?? index, of: other?.1 ?? count)
    var members = original.content.members ?? []
    change(&members)
    let content = JSONValue.object(members)
    let document =
      try signer?.sign(.check, content)
      ?? SignedDocument(
        .check, content,
        proof: Proof(
          digest: SignedDocument.digest(of: content), threshold: 1, signatures: original.proof.signatures))
    try drill.store.overwrite(key(index, of: count), document.bytes)
  }

  /// Changes a manifest and signs it anew.
  func resign(_ sequence: Int, _ change: (inout Manifest) -> Void) throws {
    var manifest = try archive.manifest(sequence).manifest
    change(&manifest)
    try drill.store.overwrite(
      "memory-layer/\(Archive.manifestKey(sequence))", try drill.signer.sign(.manifest, manifest.json).bytes)
  }

  func bundleKey(_ sequence: Int) throws -> String {
    try #require(try archive.manifest(sequence).manifest.bundle?.key)
  }

  /// Sequence of the last manifest.
  func last() throws -> Int { try archive.sequences().count - 1 }

  /// Runs `body` as if manifests had not been written yet.
  func without(_ sequences: ClosedRange<Int>, _ body: () throws -> Void) throws {
    let paths = sequences.map { (drill.store.path("memory-layer/\(Archive.manifestKey($0))"), "kept\($0)") }
    for (path, kept) in paths { try FileManager.default.moveItem(atPath: path, toPath: drill.store.directory(kept)) }
    try body()
    for (path, kept) in paths { try FileManager.default.moveItem(atPath: drill.store.directory(kept), toPath: path) }
  }

  func remove(_ key: String) throws {
    try FileManager.default.removeItem(atPath: drill.store.path("memory-layer/\(key)"))
  }
}

extension [JSONValue.Member] {
  mutating func set(_ name: String, _ value: JSONValue) {
    for index in indices where self[index].name == name { self[index] = JSONValue.Member(name, value) }
  }
}
