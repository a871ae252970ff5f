// SPDX-License-Identifier: Apache-2.0
import AuditCore
import DrillRunner
import Signing
import TestSupport
import Testing

@Suite("Rules of shards and of their join", .enabled(if: TemporaryPostgres.isUsable))
struct ShardRulesTests {
  private typealias Change = @Sendable (inout VerifySettings) -> Void

  private static let changes: [String: Change] = [
    "all": { _ in },
    "sample": { $0.signatures = .sample(10) },
    "other sample": { $0.signatures = .sample(20) },
    "none": { $0.signatures = .none },
    "no signatures": {
      $0.signatures = .none
      $0.checksManifestSignatures = false
    },
    "required": { $0.requiresSignatures = true },
    "columns": { $0.columns.signature = "another" },
  ]

  @Test("shards by different rules are not joined")
  func different() throws {
    let place = try ShardedArchive()
    try place.verify(0, of: 2)
    try place.verify(1, of: 2, place.settings { $0.signatures = .none })
    #expect(place.status { _ = try place.join() } == .configuration)
  }

  @Test(
    "a join gives no verdict by weaker rules than its own",
    arguments: [
      ("no signatures", "all", "--no-signatures"), ("no signatures", "none", "--no-signatures"),
      ("none", "all", "--signatures none"), ("sample", "all", "--signatures sample:10"),
      ("sample", "other sample", "--signatures sample:10"), ("none", "sample", "--signatures none"),
      ("all", "required", "--require-signatures"), ("columns", "all", "--column-"),
    ])
  func weaker(shards: String, join: String, words: String) throws {
    let place = try ShardedArchive()
    try place.verifyAll(2, place.settings(#require(Self.changes[shards])))
    let asked = place.settings(try #require(Self.changes[join]))
    let failure = #expect(throws: Failure.self) { try place.join(asked) }
    #expect(failure?.status == .configuration && failure?.problem.contains(words) == true, "\(failure?.problem ?? "")")
  }

  @Test(
    "by the same rules it gives one process's document", arguments: ["sample", "none", "no signatures", "required"])
  func same(rules: String) throws {
    let place = try ShardedArchive()
    let settings = place.settings(try #require(Self.changes[rules]))
    try place.verifyAll(2, settings)
    #expect(try place.join(settings).json == place.whole(settings).json)
  }

  @Test("what looked at more than is asked for is joined, and says what was looked at")
  func stronger() throws {
    let place = try ShardedArchive()
    try place.verifyAll(2)
    let asked = place.settings(try #require(Self.changes["no signatures"]))
    #expect(try place.join(asked).json == place.whole().json)
  }
}
