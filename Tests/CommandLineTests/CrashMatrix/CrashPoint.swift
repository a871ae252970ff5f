// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// An instant of a run: just before the kernel does something for it, or just after, when the program has not heard yet.
struct CrashPoint: Hashable, Sendable, CustomStringConvertible {
  enum Moment: String, Sendable { case before, after }

  let moment: Moment
  /// Of the effects of this name, from 1: threads do theirs in any order.
  let number: Int
  let name: String

  /// Reads a line of what the tracer wrote down.
  init?(_ line: some StringProtocol) {
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count == 3, let moment = Moment(rawValue: String(words[0])), let number = Int(words[1]) else {
      return nil
    }
    (self.moment, self.number, name) = (moment, number, String(words[2]))
  }

  var description: String { "\(moment.rawValue) \(number) \(name)" }
}

/// Runs the program under `crash-tracer`, which counts its effects and may kill it at one.
struct CrashTracer {
  struct Run {
    let output: CommandOutput
    let points: [CrashPoint]
    let isKilled: Bool
  }

  /// Texts of this run alone, by what they are called in the points' names.
  var aliases: [String: String] = [:]
  /// Names of servers by their ports.
  var ports: [String: Int] = [:]
  var program = Self.underTest

  /// By default the one that is built beside the tests.
  static let underTest =
    ProcessInfo.processInfo.environment["MEMORYCTL_CRASH_PROGRAM"] ?? Fixtures.product("memoryctl")

  func run(_ arguments: [String], environment: [String: String?], killingAt point: CrashPoint? = nil) throws -> Run {
    let directory = try TemporaryDirectory("tracer")
    var words =
      aliases.flatMap { ["-a", "\($0.value)=\($0.key)"] } + ports.flatMap { ["-p", "\($0.value)=\($0.key)"] }
    words += ["-o", directory("points")]
    if let point { words += ["-k", "\(point.moment.rawValue):\(point.number):\(point.name)"] }
    let output = try Command.run(
      Fixtures.product("crash-tracer"), words + [program] + arguments, environment: environment,
      inheritsEnvironment: false)
    let lines = try String(contentsOfFile: directory("points"), encoding: .utf8).split(separator: "\n")
    return Run(output: output, points: lines.compactMap { CrashPoint($0) }, isKilled: lines.contains("killed"))
  }
}
