// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Files
import Pipeline
import Synchronization

/// Results on standard output; logs and progress on standard error.
final class Console: ProgressListener {
  private struct State {
    var line = ProgressLine()
    var lastShown = 0.0
  }

  private static let isLineShown = Mutex(false)

  private let isJSON: Bool
  private let isTerminal = Process.standardErrorIsTerminal
  /// A line that is drawn over needs a terminal that understands how.
  private let showsProgress: Bool
  private let started = Process.monotonicSeconds()
  private let runID = String(UInt64.random(in: 0 ... .max), radix: 16)
  private let state = Mutex(State())

  init(_ options: CommonOptions) {
    isJSON = options.json
    let terminal = Process.environment()["TERM"] ?? ""
    showsProgress = Process.standardErrorIsTerminal && terminal != "dumb" && !terminal.isEmpty
  }

  func expect(rows: Int) { state.withLock { $0.line.expect(rows) } }

  func advance(rows: Int, bytes: Int) {
    guard showsProgress else { return }
    let text = state.withLock { state -> String? in
      state.line.rows += rows
      state.line.bytes += bytes
      let now = Process.monotonicSeconds()
      guard now - state.lastShown > 0.2 else { return nil }
      state.lastShown = now
      Self.isLineShown.withLock { $0 = true }
      return state.line.text(seconds: now - started, columns: Process.standardErrorColumns ?? 80)
    }
    if let text { Process.write("\r\u{1b}[K" + text, to: 2) }
  }

  func event(_ message: String, _ fields: KeyValuePairs<String, String>) { log("info", message, Array(fields)) }

  func warn(_ message: String) { log("warning", message, []) }

  /// A warning of a library's.
  func note(_ message: String, _ fields: [(String, String)]) { log("warning", message, fields) }

  private func log(_ level: String, _ message: String, _ fields: [(key: String, value: String)]) {
    if isTerminal {
      Self.clearLine()
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

  /// Takes the progress line away, for what is printed next.
  static func clearLine() {
    let shown = isLineShown.withLock { shown in
      defer { shown = false }
      return shown
    }
    if shown { Process.write("\r\u{1b}[K", to: 2) }
  }

  /// Prints a command's result and ends the run where its status is no success.
  ///
  /// - Throws: where it cannot be written, too: a result that nobody gets is no success.
  func finish(_ json: JSONValue, _ text: String, status: ExitStatus = .success) throws {
    Self.clearLine()
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
