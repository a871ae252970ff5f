// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

@Suite("The signer registry in a store")
struct RegistryStoreTests {
  private let operators: Operators
  private let first: RegistryVersion
  private let second: RegistryVersion
  private let retention = Manifest.Retention(
    until: Timestamp.now().advanced(bySeconds: 366 * 86_400), hasLegalHold: false)

  init() throws {
    operators = try Operators()
    first = try operators.signed(operators.founded())
    second = try operators.signed(
      first.registry.promoting(
        [operators.entry("new")], threshold: nil, reason: "rotation", at: Timestamp("2026-02-01T00:00:00Z")!))
  }

  private func pin(_ version: RegistryVersion) -> RegistryPin { RegistryPin(version: nil, digest: version.digest) }

  private func trusted(_ archive: Archive, _ pin: RegistryPin? = nil) throws -> (version: Int, findings: [String]) {
    let found = try #require(try archive.trustedRegistry(nil, pin: pin ?? self.pin(first)))
    return (found.registry.newest.version, found.findings.map(\.reason))
  }

  @Test("stored under lock, walked to from a digest, and published again without harm", arguments: StoreKind.usable)
  func publish(kind: StoreKind) throws {
    let store = try TestStore(kind)
    let archive = try Archive(store.store, stream: "memory-layer")
    #expect(try archive.trustedRegistry(nil, pin: nil) == nil)
    #expect(throws: Failure.self) { try archive.trustedRegistry(nil, pin: pin(first)) }
    for _ in 0..<2 { try archive.publish(first, after: nil, retention: retention) }
    for _ in 0..<2 { try archive.publish(second, after: first, retention: retention) }
    let (version, findings) = try trusted(archive)
    #expect(version == 2 && findings.isEmpty, "\(findings)")
    for number in 1...2 {
      let lock = try store.store.lock("memory-layer/" + Archive.signersKey(number))
      #expect(try #require(lock?.until) >= Timestamp(retention.until.isoSeconds)!)
    }
    #expect(try archive.versionFindings().findings.isEmpty)
    let other = try Archive(store.store, stream: "other")
    #expect(throws: Failure.self) { try other.trustedRegistry(nil, pin: pin(first)) }
  }

  @Test("a second version of one number is refused: there is no fork by accident", arguments: StoreKind.usable)
  func fork(kind: StoreKind) throws {
    let archive = try Archive(TestStore(kind).store, stream: "memory-layer")
    try archive.publish(first, after: nil, retention: retention)
    try archive.publish(second, after: first, retention: retention)
    let other = try operators.signed(
      first.registry.retiring(
        ["op5"], at: Timestamp("2026-02-01T00:00:00Z")!, threshold: nil, reason: "leaves",
        now: Timestamp("2026-02-01T00:00:00Z")!))
    let failure = #expect(throws: Failure.self) { try archive.publish(other, after: first, retention: retention) }
    #expect(failure?.status == .tryLater)
    #expect(try trusted(archive).version == 2)
  }

  @Test(
    "junk in a version's place: in a bucket it is passed over and named, in a folder refused",
    arguments: StoreKind.usable)
  func junk(kind: StoreKind) throws {
    let store = try TestStore(kind)
    let archive = try Archive(store.store, stream: "memory-layer")
    try archive.publish(first, after: nil, retention: retention)
    let alone = try operators.signed(second.registry, by: ["op1"], threshold: 1)
    try store.overwrite("memory-layer/" + Archive.signersKey(2), alone.document.bytes)
    let before = try trusted(archive)
    #expect(before.version == 1 && before.findings.contains { $0.contains("1 of its predecessor's") }, "\(before)")
    switch kind {
    case .file: #expect(throws: Failure.self) { try archive.publish(second, after: first, retention: retention) }
    case .s3:
      try archive.publish(second, after: first, retention: retention)
      let after = try trusted(archive)
      #expect(after.version == 2 && after.findings.contains { $0.contains("1 of its predecessor's") }, "\(after)")
    }
  }
}
