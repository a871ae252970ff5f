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
    /// Those under way, by their objects' names.
    var uploads: [String: UploadLine] = [:]
    var lastShown = 0.0
    var measures = JobMeasures()
  }

  private let isJSON: Bool
  private let isJob: Bool
  private let isTerminal = Process.standardErrorIsTerminal
  /// A line that is drawn over needs a terminal that understands how.
  private let showsProgress: Bool
  private let started = Process.monotonicSeconds()
  /// What every line of the log says of its run.
  private let context: [JSONValue.Member]
  private let state = Mutex(State())

  /// - Parameter stream: the stream that a job is about; nil for what is no job.
  init(_ options: CommonOptions, stream: String? = nil) {
    isJSON = options.json
    isJob = stream != nil
    let environment = Process.environment()
    let terminal = environment["TERM"] ?? ""
    showsProgress = Process.standardErrorIsTerminal && terminal != "dumb" && !terminal.isEmpty
    context = Self.context(stream, TraceContext(environment["TRACEPARENT"] ?? ""))
  }

  private static func context(_ stream: String?, _ trace: TraceContext?) -> [JSONValue.Member] {
    var members = [JSONValue.Member("run", .string(String(UInt64.random(in: 0 ... .max), radix: 16)))]
    if let stream { members.append(JSONValue.Member("stream", .string(stream))) }
    if let trace {
      members.append(JSONValue.Member("trace_id", .string(trace.traceID)))
      members.append(JSONValue.Member("span_id", .string(trace.spanID)))
    }
    return members
  }

  /// What the run has come to.
  var measures: JobMeasures { state.withLock { $0.measures } }

  func measure(_ body: (inout JobMeasures) -> Void) { state.withLock { body(&$0.measures) } }

  func expect(rows: Int) { state.withLock { $0.line.expect(rows) } }

  /// Bytes of content that have gone by.
  var bytesSeen: Int { state.withLock { $0.line.bytes } }

  func advance(rows: Int, bytes: Int) {
    redraw { state in
      state.line.rows += rows
      state.line.bytes += bytes
    }
  }

  func upload(_ name: String, sent: Int, of total: Int) {
    redraw { state in
      guard sent < total else {
        state.uploads[name] = nil
        return
      }
      var upload = state.uploads[name] ?? UploadLine(total: total, started: Process.monotonicSeconds())
      upload.sent = sent
      state.uploads[name] = upload
    }
  }

  /// Notes how far the run is, and shows it a few times a second.
  private func redraw(_ note: (inout State) -> Void) {
    let lines = state.withLock { state -> [String]? in
      note(&state)
      guard showsProgress else { return nil }
      let now = Process.monotonicSeconds()
      guard now - state.lastShown > 0.2 else { return nil }
      state.lastShown = now
      let columns = Process.standardErrorColumns ?? 80
      let uploads = state.uploads.sorted { $0.key < $1.key }.prefix(8)
      return [state.line.text(seconds: now - started, columns: columns)]
        + uploads.map { $0.value.text($0.key, now: now, columns: columns) }
    }
    if let lines { ProgressScreen.draw(lines) }
  }

  func event(_ message: String, _ fields: KeyValuePairs<String, JSONValue>) { log("info", message, Array(fields)) }

  /// An event that people at a terminal see for themselves.
  func trace(_ message: String, _ fields: KeyValuePairs<String, JSONValue>) {
    if !isTerminal { log("info", message, Array(fields)) }
  }

  func warn(_ message: String) { log("warning", message, []) }

  /// A warning of a library's.
  func note(_ message: String, _ fields: [(String, String)]) {
    log("warning", message, fields.map { ($0.0, .string($0.1)) })
  }

  /// What a run fails by, as its log's last event.
  ///
  /// - Returns: false at a terminal, where people read sentences.
  func fail(_ message: String, status: ExitStatus, causes: [String]) -> Bool {
    guard !isTerminal else { return false }
    let causes = causes.map { JSONValue.string($0) }
    log(
      "error", message,
      [("status", .count(Int(status.rawValue)))] + (causes.isEmpty ? [] : [("causes", .array(causes))]))
    return true
  }

  private func log(_ level: String, _ message: String, _ fields: [(key: String, value: JSONValue)]) {
    if isTerminal {
      ProgressScreen.clear()
      let details = fields.map { " \($0.key)=\($0.value.string ?? $0.value.compactText)" }.joined()
      let label = level == "info" ? "" : Colour.yellow.paint("\(level): ", isTerminal: true)
      Process.write(label + (message + details).visible + "\n", to: 2)
      return
    }
    var members = [
      JSONValue.Member("ts", .string(Timestamp.now().iso)), JSONValue.Member("level", .string(level)),
      JSONValue.Member("msg", .string(message)),
    ]
    members += context
    members += fields.map { JSONValue.Member($0.key, $0.value) }
    Process.write(JSONValue.object(members).compactText + "\n", to: 2)
  }

  /// A job's first line is its verdict.
  private func painted(_ text: String, _ status: ExitStatus) -> String {
    guard isJob || status != .success else { return text }
    let verdict = text.prefix { $0 != "\n" }
    let colour: Colour = status == .success ? .green : status == .tryLater ? .yellow : .red
    return colour.paint(String(verdict), isTerminal: Process.standardOutputIsTerminal) + text.dropFirst(verdict.count)
  }

  /// Prints a command's result and ends the run where its status is no success.
  ///
  /// - Throws: where it cannot be written, too: a result that nobody gets is no success.
  func finish(_ json: JSONValue, _ text: String, status: ExitStatus = .success) throws {
    ProgressScreen.clear()
    let output = isJSON ? String(decoding: json.prettyBytes, as: UTF8.self) : painted(text.visibleLines, status) + "\n"
    let written = Process.write(output, to: 1)
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
