// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Signing
import TestSupport
import Testing

/// Two versions of one number, both approved: by a race, by two groups of operators, or by whoever kept an unused proposal.
@Suite("A forked registry")
struct RegistryForkTests {
  private let operators: Operators
  private let first: RegistryVersion
  /// Lets op5 go; leaves the key of the manifests alone.
  private let retiring: RegistryVersion
  /// Takes the trust from the key of the manifests, and goes on.
  private let revoking: RegistryVersion
  private let behindRevoking: RegistryVersion
  private static let day2 = Timestamp("2026-02-01T00:00:00Z")!
  private static let day3 = Timestamp("2026-03-01T00:00:00Z")!

  init() throws {
    operators = try Operators()
    first = try operators.signed(operators.founded())
    retiring = try operators.signed(
      first.registry.retiring(["op5"], at: Self.day2, threshold: nil, reason: "leaves", now: Self.day2))
    revoking = try operators.signed(
      first.registry.promoting([operators.entry("new")], threshold: nil, reason: "more", at: Self.day2))
    behindRevoking = try operators.signed(
      revoking.registry.revoking(
        ["archive"], compromisedSince: Self.day2, threshold: nil, reason: "stolen", now: Self.day3))
  }

  private func walk(_ second: [RegistryVersion], pin: RegistryPin? = nil) -> RegistryWalk {
    RegistryWalk(
      from: first,
      [1: [.version(first)], 2: second.map { .version($0) }, 3: [.version(behindRevoking)]], pin: pin, now: Self.day3)
  }

  private func trusted(_ walk: RegistryWalk) throws -> TrustedRegistry {
    try TrustedRegistry(walk, emergencies: [], candidates: [])
  }

  @Test("the oldest counts, whatever is put on top; what the other branch revokes, however far behind, is distrusted")
  func oldest() throws {
    let forked = walk([retiring, revoking])
    #expect(forked.trusted.map(\.digest) == [first.digest, retiring.digest])
    #expect(forked.rivals.map(\.digest) == [revoking.digest, behindRevoking.digest])
    #expect(forked.findings.filter(\.isFork).map(\.version) == [2] && forked.findings.contains { !$0.isJunk })
    let archive = try #require(try trusted(forked).signers.first { $0.kid == "archive" })
    #expect(archive.untrustedSince == Self.day2)
    #expect(try trusted(forked).signers.filter { $0.untrustedSince != nil }.map(\.kid) == ["archive"])
    // The other way round the branch that revokes is the one that counts.
    let other = walk([revoking, retiring])
    #expect(other.newest.digest == behindRevoking.digest && other.findings.contains(where: \.isFork))
  }

  @Test("a pin of either branch settles it: the fork stays named, and stops nobody any more")
  func pinned() throws {
    for (version, newest) in [(behindRevoking, behindRevoking), (revoking, behindRevoking), (retiring, retiring)] {
      let settled = walk([retiring, revoking], pin: RegistryPin(version: nil, digest: version.digest))
      #expect(settled.newest.digest == newest.digest)
      #expect(settled.findings.contains { $0.reason.contains("the pinned one counts") })
      #expect(settled.findings.allSatisfy { $0.isJunk && !$0.isFork } && settled.rivals.isEmpty, "\(settled.findings)")
    }
    let stranger = walk([retiring, revoking], pin: RegistryPin(version: nil, digest: SHA256.hash([1])))
    #expect(stranger.newest.digest == retiring.digest && stranger.findings.contains(where: \.isFork))
  }

  @Test("a version that no signers have approved is no fork, in front of ours or on top")
  func junk() throws {
    let alone = try operators.signed(revoking.registry, by: ["op1"], threshold: 1)
    for second in [[alone, retiring], [retiring, alone]] {
      let walk = walk(second)
      #expect(walk.newest.digest == retiring.digest && walk.rivals.isEmpty)
      #expect(walk.findings.allSatisfy { $0.isJunk && !$0.isFork } && !walk.findings.isEmpty, "\(walk.findings)")
      #expect(try trusted(walk).signers.allSatisfy { $0.untrustedSince == nil })
    }
  }

  @Test("who starts from one branch has chosen; the other is named")
  func start() {
    let walk = RegistryWalk(
      from: retiring, [1: [.version(first)], 2: [.version(retiring), .version(revoking)]], now: Self.day3)
    #expect(walk.newest.digest == retiring.digest && walk.findings.map(\.isJunk) == [true], "\(walk.findings)")
    let missing = RegistryWalk(from: retiring, [1: [.version(first)], 2: [.version(revoking)]], now: Self.day3)
    #expect(missing.findings.map(\.isFork) == [true], "\(missing.findings)")
  }
}
