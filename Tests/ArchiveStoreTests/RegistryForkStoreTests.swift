// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

/// A real store, to which somebody else writes just before this run's first object gets there.
private final class Overtaken: ForwardingStore {
  let other: any ObjectStore
  private let before: @Sendable () throws -> Void

  init(_ store: any ObjectStore, by before: @escaping @Sendable () throws -> Void) {
    (other, self.before) = (store, before)
  }

  func create(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) throws -> CreateOutcome {
    try before()
    return try other.create(key, content, retention: retention)
  }

  func removeLeftovers(in folder: String) throws { try other.removeLeftovers(in: folder) }
}

@Suite("Two coordinators publish a version at the same time")
struct RegistryForkStoreTests {
  private let operators: Operators
  private let first: RegistryVersion
  private let (revoking, retiring): (RegistryVersion, RegistryVersion)
  private static let day2 = Timestamp("2026-02-01T00:00:00Z")!
  private let retention = Manifest.Retention(
    until: Timestamp.now().advanced(bySeconds: 366 * 86_400), hasLegalHold: false)

  init() throws {
    operators = try Operators()
    first = try operators.signed(operators.founded())
    revoking = try operators.signed(
      first.registry.revoking(
        ["archive"], compromisedSince: Self.day2, threshold: nil, reason: "stolen", now: Self.day2))
    retiring = try operators.signed(
      first.registry.retiring(["op5"], at: Self.day2, threshold: nil, reason: "leaves", now: Self.day2),
      by: ["op2", "op3", "op4"])
  }

  private func found(_ archive: Archive, pin: RegistryVersion? = nil) throws -> FoundRegistry {
    try #require(try archive.trustedRegistry(nil, pin: RegistryPin(version: nil, digest: (pin ?? first).digest)))
  }

  @Test("the later one gets 75, and leaves no second version on top", arguments: StoreKind.usable)
  func race(kind: StoreKind) throws {
    let store = try TestStore(kind).store
    let winner = try Archive(store, stream: "memory-layer")
    try winner.publish(first, after: nil, retention: retention)
    let loser = try Archive(
      Overtaken(store) { [first, revoking, retention] in
        try winner.publish(revoking, after: first, retention: retention)
      }, stream: "memory-layer")
    let failure = #expect(throws: Failure.self) { try loser.publish(retiring, after: first, retention: retention) }
    #expect(failure?.status == .tryLater, "\(failure.map { "\($0)" } ?? "")")
    #expect(try store.versions("memory-layer/" + Archive.signersKey(2)).count == 1)
    let after = try found(winner)
    #expect(after.findings.isEmpty && after.registry.newest.digest == revoking.digest)
  }

  @Test("the same version by other approvals: what is there counts, and is given back", arguments: StoreKind.usable)
  func sameVersion(kind: StoreKind) throws {
    let store = try TestStore(kind).store
    let winner = try Archive(store, stream: "memory-layer")
    try winner.publish(first, after: nil, retention: retention)
    let other = try operators.signed(revoking.registry, by: ["op3", "op4", "op5"])
    let loser = try Archive(
      Overtaken(store) { [first, revoking, retention] in
        try winner.publish(revoking, after: first, retention: retention)
      }, stream: "memory-layer")
    #expect(try loser.publish(other, after: first, retention: retention).proof == revoking.proof)
    #expect(try winner.publish(other, after: first, retention: retention).proof == revoking.proof)
    #expect(try store.versions("memory-layer/" + Archive.signersKey(2)).count == 1)
  }

  @Test(
    "a fork that somebody made all the same: the oldest counts, the other's revocations do too, a pin settles it",
    .enabled(if: StoreKind.usable.contains(.s3)))
  func fork() throws {
    let store = try TestStore(.s3)
    let archive = try Archive(store.store, stream: "memory-layer")
    try archive.publish(first, after: nil, retention: retention)
    try archive.publish(retiring, after: first, retention: retention)
    try store.overwrite("memory-layer/" + Archive.signersKey(2), revoking.document.bytes)
    let forked = try found(archive)
    #expect(forked.registry.newest.digest == retiring.digest && forked.forks.count == 1 && forked.doubts.count == 1)
    #expect(forked.registry.signers.first { $0.kid == "archive" }?.untrustedSince == Self.day2)
    #expect(throws: ArchiveFinding.self) { try archive.publish(retiring, after: first, retention: retention) }
    let failure = #expect(throws: Failure.self) { try archive.publish(revoking, after: first, retention: retention) }
    #expect(failure?.status == .tryLater)
    let settled = try found(archive, pin: revoking)
    #expect(settled.registry.newest.digest == revoking.digest && settled.doubts.isEmpty && settled.findings.count == 1)
  }

  @Test("a version that verifiers would refuse is not written: its number stays free", arguments: StoreKind.usable)
  func unsound(kind: StoreKind) throws {
    let archive = try Archive(TestStore(kind).store, stream: "memory-layer")
    try archive.publish(first, after: nil, retention: retention)
    let dropping = try operators.signed(
      SignerRegistry(
        stream: "memory-layer", version: 2, previous: first.digest, createdAt: Self.day2,
        change: retiring.registry.change,
        policy: first.registry.policy, signers: first.registry.signers.filter { $0.kid != "archive" }))
    let few = try operators.signed(retiring.registry, by: ["op1", "op2"], threshold: 2)
    for version in [dropping, few] {
      let failure = #expect(throws: Failure.self) { try archive.publish(version, after: first, retention: retention) }
      #expect(failure?.status == .integrity && failure?.problem.contains("verifiers would refuse") == true)
    }
    try archive.publish(retiring, after: first, retention: retention)
    #expect(try found(archive).registry.newest.digest == retiring.digest)
  }
}
