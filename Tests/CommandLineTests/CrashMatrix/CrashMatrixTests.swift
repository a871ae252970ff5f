// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// `MEMORYCTL_CRASH_POINTS` says how many points of each job and store, or `all`; scripts/crash-matrix asks for all.
@Suite("kill -9 at every effect", .enabled(if: TemporaryPostgres.isUsable && Ministack.isUsable))
struct CrashMatrixTests {
  private static let variables = ProcessInfo.processInfo.environment
  private static let sample = variables["MEMORYCTL_CRASH_POINTS"].map { $0 == "all" ? nil : Int($0) } ?? 10
  private static let text = variables["MEMORYCTL_CRASH_MATCH"]
  private static let isEach = variables["MEMORYCTL_CRASH_EACH"] != nil

  @Test("the next run completes what a killed one began, and nothing is there twice", arguments: CrashMatrix.all)
  func matrix(of matrix: CrashMatrix) async throws {
    let begun = Date()
    let choice = CrashMatrix.Choice(count: Self.sample, text: Self.text)
    let outcome = try await matrix.run(choice, recordings: Self.sample == nil ? 3 : 1, each: Self.isEach)
    #expect(outcome.faults == [])
    for effect in matrix.job.effects(on: matrix.kind) {
      for moment in effect.contains(": answer to ") ? [CrashPoint.Moment.after] : [.before, .after] {
        #expect(outcome.points.contains { $0.moment == moment && $0.name.hasPrefix(effect) }, "\(moment) \(effect)")
      }
    }
    // A run does not come to each point of another one, but to nearly all.
    #expect(outcome.unreached.count * 20 <= choice(outcome.points).count, "\(outcome.unreached)")
    if Self.variables["MEMORYCTL_CRASH_POINTS"] != nil { report(matrix, outcome, since: begun) }
  }

  private func report(_ matrix: CrashMatrix, _ outcome: CrashMatrix.Outcome, since begun: Date) {
    print(
      "crash matrix: \(matrix.testDescription): \(outcome.points.count) points, killed at \(outcome.killed),",
      "\(outcome.states.count) states, not reached \(outcome.unreached.count), faults \(outcome.faults.count), \(Int(-begun.timeIntervalSinceNow)) s"
    )
    for point in outcome.unreached { print("  not reached: \(point)") }
    for fault in outcome.faults { print("  fault: \(fault)") }
  }

  @Test("what must not be there after a run is seen")
  func seen() throws {
    let world = try CrashWorld(.archive, .file)
    try world.reset()
    #expect(try world.run().output.status == 0)
    let image = try world.image()
    // Once more, nothing is done.
    #expect(try world.run().output.status == 0)
    #expect(try world.faultsOfTheDead() + world.faultsAtTheEnd() + world.image().differences(from: image) == [])
    let manifest = "archive/memory-layer/manifests/0000000001.json"
    let lock = "archive/.retention/memory-layer/manifests/0000000001.json.json"
    try Data([1]).write(to: URL(fileURLWithPath: world.path("archive/memory-layer/manifests/.0000000001.json.1.part")))
    try FileManager.default.removeItem(atPath: world.path(lock))
    #expect(
      try world.image().differences(from: image) == [
        "\(lock) is missing", "archive/memory-layer/manifests/.0000000001.json.1.part is too much",
      ])
    #expect(try world.faultsAtTheEnd() == ["memory-layer/manifests/0000000001.json has no lock"])
    try FileManager.default.removeItem(atPath: world.path(manifest))
    #expect(try world.faultsOfTheDead().first?.hasPrefix("what it left: ") == true)
    #expect(try world.faultsAtTheEnd().count == 1)
  }
}
