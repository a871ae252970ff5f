// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Forgeries
import Signing
import TestSupport
import Testing

/// `scripts/forgeries` does the same without thinning it out; docs/reliability/forgeries.md has its figures.
@Suite("Forgeries of a small archive", .serialized)
struct ForgeryTests {
  private let directory: TemporaryDirectory
  private let spool: Spool

  init() throws {
    directory = try TemporaryDirectory("forgeries")
    spool = try Spool(directory: directory("spool"))
  }

  private func campaign(_ change: (inout CampaignSize) -> Void) throws -> Campaign {
    var size = CampaignSize()
    // Other forgeries in each run.
    size.seed = UInt64.random(in: 0..<1 << 32)
    (size.step, size.share, size.onTop) = (1499, 37, 10)
    change(&size)
    return try Campaign(size, spool)
  }

  @Test("whatever can be counted through, thinned out, is found")
  func countedThrough() throws {
    var campaign = try campaign { _ in }
    try campaign.runThrough()
    #expect(campaign.trial.missed == [], "\(campaign.trial.report)")
    for kind in ForgeryKind.allCases where kind != .random {
      #expect(campaign.trial.counts[kind]?.tried ?? 0 > 0, "\(kind)")
    }
  }

  @Test("what chance makes is found")
  func random() throws {
    var campaign = try campaign { ($0.random, $0.auditEvery) = (3000, 500) }
    try campaign.runAtRandom()
    #expect(campaign.trial.missed == [], "\(campaign.trial.report)")
    #expect(campaign.trial.counts[.random]?.tried == 3000)
  }

  @Test("sound archives of any shape are said to be intact")
  func sound() throws {
    #expect(try campaign { $0.sound = 300 }.falseAlarms() == [])
  }

  @Test("the program says the same as its verifier")
  func program() throws {
    let site = try Site()
    let base = try site.objects(of: try site.sample(), spool)
    #expect(try verify(base) == 0)
    let forger = Forger(base, step: 40_001, offset: 11)
    var found: [(objects: Objects, name: String)] = []
    forger.bits { found.append(($0, $1)) }
    forger.swaps { if found.count % 9 == 0 || $1.contains("manifest") { found.append(($0, $1)) } }
    for forgery in found.prefix(12) { #expect(try verify(forgery.objects) == 65, "\(forgery.name)") }
  }

  /// The exit status of `memoryctl audit verify`.
  private func verify(_ objects: Objects) throws -> Int32 {
    let store = try TestStore()
    for (key, versions) in objects where versions[0] != nil { try store.overwrite(key, versions[0] ?? []) }
    let signers = SignersFile(pinned: try Site().registries[0]).bytes
    try store.overwrite("signers.json", signers)
    return try Command.run(
      Fixtures.product("memoryctl"), ["audit", "verify", "--archive", "file://" + store.directory("store")],
      environment: [
        "AUDIT_SIGNERS_FILE": store.path("signers.json"), "AUDIT_SIGNERS_PIN": "2",
        "AUDIT_SIGNING_KEY": "events' secret",
      ]
    ).status
  }
}
