// SPDX-License-Identifier: Apache-2.0
import SimulatedWorld
import TestSupport
import Testing

@Suite("Simulated worlds")
struct WorldTests {
  /// The same seeds in each run: what new ones find (scripts/worlds) is looked into before it stops anybody.
  private static let perLane = 40
  private static let lanes = 4

  @Test("worlds are as they must be", arguments: 0..<lanes)
  func seeds(lane: Int) throws {
    let start = UInt64(1 + lane * Self.perLane)
    for seed in start..<start + UInt64(Self.perLane) { try live(seed) }
  }

  @Test("worlds that once showed a defect are as they must be", arguments: try keptSeeds())
  func keptSeed(seed: UInt64) throws { try live(seed) }

  @Test("the same seed gives the same world")
  func repeatable() throws {
    for seed in UInt64(1)...6 { #expect(try story(seed) == story(seed)) }
  }

  private func story(_ seed: UInt64) throws -> [String] {
    var lines: [String] = []
    _ = WorldOutcome(seed: seed, spool: try TemporaryDirectory("world").path) { lines.append($0) }
    try #require(!lines.isEmpty)
    return lines
  }

  private func live(_ seed: UInt64) throws {
    let outcome = WorldOutcome(seed: seed, spool: try TemporaryDirectory("world").path)
    #expect(outcome.fault == nil, "seed \(seed); again: scripts/worlds --debug --verbose \(seed)")
    #expect(outcome.counts["nights", default: 0] >= 2)
  }

  private static func keptSeeds() throws -> [UInt64] {
    try Fixtures.text("kept-worlds.txt")
      .split(separator: "\n").compactMap { UInt64($0.prefix { $0.isNumber }) }
  }
}
