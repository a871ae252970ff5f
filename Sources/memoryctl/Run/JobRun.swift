// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import DrillRunner
import Files

/// One run of a job: the log begins and ends with it, and what it came to goes to where metrics are gathered.
struct JobRun {
  let command: String
  private let console: Console
  private let stream: String
  private let destinations: MetricsDestinations

  /// - Parameter isTrial: it only says what it would do, which tells nobody how the job stands.
  init(
    _ command: String, _ common: CommonOptions, _ metrics: MetricsOptions, _ archive: ArchiveOptions,
    isTrial: Bool = false
  ) throws {
    let environment = common.environment()
    self.command = command
    stream = try archive.streamName(environment)
    console = Console(common, stream: stream)
    Outcome.log(to: console)
    let destinations = try metrics.destinations(environment)
    self.destinations = isTrial ? MetricsDestinations(file: nil, pushgateway: nil) : destinations
  }

  /// - Throws: what `body` throws.
  func run(_ body: (Console) throws -> Void) throws {
    let started = Process.monotonicSeconds()
    console.trace("started", ["command": .string(command), "version": .string(Tool.version)])
    do {
      try body(console)
      end(.success, since: started)
    } catch {
      end(Outcome.status(of: error), since: started)
      throw error
    }
  }

  private func end(_ status: ExitStatus, since started: Double) {
    let seconds = Process.monotonicSeconds() - started
    let measures = console.measures
    destinations.send(
      measures,
      JobEnd(
        command: command, stream: stream, status: status.rawValue, endedAt: .now(), seconds: seconds),
      console)
    console.trace(
      "finished",
      [
        "command": .string(command), "status": .count(Int(status.rawValue)),
        "rows": measures.rows.map { .count($0) } ?? .null,
        "milliseconds": .count(Int(seconds * 1000)),
      ])
  }
}
