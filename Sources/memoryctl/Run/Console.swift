// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Files
import Pipeline
import Synchronization

/// Results on standard output; logs and progress on standard error.
final class Console: ProgressListener {
  private struct State {
    var rows = 0
    var bytes = 0
    var expected = 0
    var lastShown = 0.0
    var isBarShown = false
  }

  private let isJSON: Bool
  private let isTerminal = Process.standardErrorIsTerminal
  private let started = Process.monotonicSeconds()
  private let runID = String(UInt64.random(in: 0 ... .max), radix: 16)
  private let state = Mutex(State())

  init(_ options: CommonOptions) { isJSON = options.json }

  func expect(rows: Int) { state.withLock { $0.expected += rows } }

  func advance(rows: Int, bytes: Int) {
    guard isTerminal else { return }
    let line = state.withLock { state -> String? in
      state.rows += rows
      state.bytes += bytes
      let now = Process.monotonicSeconds()
      guard now - state.lastShown > 0.2 else { return nil }
      state.lastShown = now
      state.isBarShown = true
      return "\r\u{1b}[K" + Self.bar(state, seconds: max(now - started, 0.001))
    }
    if let line { Process.write(line, to: 2) }
  }

  /// `[#####     ] 1000 rows, 12 MiB, 900 rows/s, 3 s left`; without bar and end where the number of rows is not known.
  private static func bar(_ state: State, seconds: Double) -> String {
    let rate = Double(state.rows) / seconds
    let text = "\(state.rows) rows, \(state.bytes >> 20) MiB, \(Int(rate)) rows/s"
    guard state.expected >= state.rows, state.expected > 0, rate > 0 else { return text }
    let filled = state.rows * 20 / state.expected
    let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: 20 - filled)
    return "[\(bar)] \(text), \(Int(Double(state.expected - state.rows) / rate) + 1) s left"
  }

  func event(_ message: String, _ fields: KeyValuePairs<String, String>) { log("info", message, fields) }

  func warn(_ message: String) { log("warning", message, [:]) }

  private func log(_ level: String, _ message: String, _ fields: KeyValuePairs<String, String>) {
    if isTerminal {
      clearBar()
      let details = fields.map { " \($0.key)=\($0.value)" }.joined()
      Process.write((level == "info" ? "" : "\(level): ") + message + details + "\n", to: 2)
      return
    }
    var members = [
      JSONValue.Member("ts", .string(Timestamp.now().iso)), JSONValue.Member("level", .string(level)),
      JSONValue.Member("msg", .string(message)), JSONValue.Member("run", .string(runID)),
    ]
    members += fields.map { JSONValue.Member($0.key, .string($0.value)) }
    Process.write(JSONValue.object(members).compactText + "\n", to: 2)
  }

  private func clearBar() {
    let shown = state.withLock { state in
      defer { state.isBarShown = false }
      return state.isBarShown
    }
    if shown { Process.write("\r\u{1b}[K", to: 2) }
  }

  /// Prints a command's result and ends the run where its status is no success.
  ///
  /// - Throws: where it cannot be written, too: a result that nobody gets is no success.
  func finish(_ json: JSONValue, _ text: String, status: ExitStatus = .success) throws {
    clearBar()
    let written = Process.write(isJSON ? String(decoding: json.prettyBytes, as: UTF8.self) : text + "\n", to: 1)
    try Results.check(written, status)
    if status != .success { throw ExitCode(status.rawValue) }
  }
}

extension Cancellation {
  /// A request that SIGTERM, SIGINT and SIGHUP make.
  static func onTermination() -> Cancellation {
    let cancellation = Cancellation()
    Process.onTermination { cancellation.cancel() }
    return cancellation
  }
}
