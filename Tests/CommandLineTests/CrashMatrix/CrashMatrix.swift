// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Kills a job at each of its points, runs it again undisturbed, and compares what that comes to with an undisturbed run.
struct CrashMatrix: Sendable, CustomTestStringConvertible {
  let job: CrashJob
  let kind: StoreKind

  var testDescription: String { "\(job) on \(kind)" }

  /// Every job on every store that can be had here.
  static let all = CrashJob.allCases.flatMap { job in StoreKind.usable.map { CrashMatrix(job: job, kind: $0) } }

  /// Which of a job's points.
  struct Choice: Sendable {
    /// How many, evenly spread; nil for all.
    var count: Int?
    /// Those alone whose description has this text.
    var text: String?

    func callAsFunction(_ points: [CrashPoint]) -> [CrashPoint] {
      let points = points.filter { text == nil || $0.description.contains(text!) }
      guard let count, count < points.count else { return points }
      return (0..<count).map { points[$0 * points.count / count] }
    }
  }

  struct Outcome: Sendable {
    var points: [CrashPoint] = []
    var killed = 0
    /// Different things that killed runs left behind; from each the next run was tried.
    var states: [CrashImage] = []
    /// Points that a run did not come to, each time that it was tried: threads do things in another order, or bytes
    /// arrive in other pieces.
    var unreached: [CrashPoint] = []
    var faults: [String] = []
  }

  /// How often a point is tried that a run does not come to.
  private static let attempts = 8

  /// - Parameters:
  ///   - recordings: undisturbed runs whose points are taken together.
  ///   - each: try the next run behind each kill, even where an earlier one has left just the same.
  func run(_ choice: Choice, recordings: Int, each: Bool = false) async throws -> Outcome {
    let world = try await Lanes.run { try CrashWorld(job, kind) }
    var outcome = try await Lanes.run { try firstRun(world) }
    let undisturbed = try await Lanes.run { try world.image() }
    for _ in 1..<recordings {
      let known = Set(outcome.points)
      outcome.points += try await Lanes.run { try recorded(world) }.filter { !known.contains($0) }
    }
    for point in choice(outcome.points) {
      guard let left = try await Lanes.run({ try kill(world, at: point) }) else {
        outcome.unreached.append(point)
        continue
      }
      outcome.killed += 1
      let isKnown = outcome.states.contains(left)
      if !isKnown { outcome.states.append(left) }
      guard each || !isKnown else { continue }
      outcome.faults += try await Lanes.run { try faults(world, left, undisturbed) }.map { "\(point): \($0)" }
    }
    return outcome
  }

  private func firstRun(_ world: CrashWorld) throws -> Outcome {
    let points = try recorded(world)
    return Outcome(points: points, faults: try world.faultsAtTheEnd().map { "undisturbed: \($0)" })
  }

  private func recorded(_ world: CrashWorld) throws -> [CrashPoint] {
    try world.reset()
    let run = try world.run()
    guard run.output.status == 0 else { throw TestSupportError("undisturbed: \(run.output.errorText)") }
    try world.waitForServers()
    return run.points
  }

  /// - Returns: what the killed run left; nil where none came to the point.
  private func kill(_ world: CrashWorld, at point: CrashPoint) throws -> CrashImage? {
    for _ in 0..<Self.attempts {
      try world.reset()
      let isKilled = try world.run(killingAt: point).isKilled
      try world.waitForServers()
      if isKilled { return try world.image() }
    }
    return nil
  }

  /// What is wrong with what a killed run left, and with what the next run makes of it.
  private func faults(_ world: CrashWorld, _ left: CrashImage, _ undisturbed: CrashImage) throws -> [String] {
    var faults = try world.faultsOfTheDead()
    let run = try world.run()
    if run.output.status != 0 { faults.append("the next run: \(run.output.status) \(run.output.errorText)") }
    try world.waitForServers()
    faults += try world.faultsAtTheEnd()
    // A drill that has its report was one, and the next run is another.
    return try faults + world.image().differences(from: undisturbed.adding(left.reports))
  }
}
