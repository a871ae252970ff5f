// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport

/// A page whose blocks `sh run` are run as they stand, one after the other.
///
/// A block's words: a number is the exit status of its last command, `kms` and `s3` say what it needs. The block `text`
/// behind it shows of the output what matters: its lines come in that order, `…` stands for anything.
struct RunbookPage {
  struct Step {
    let script: String
    let status: Int32
    let needs: Set<String>
    let expected: [String]
    let line: Int
  }

  let steps: [Step]

  init(_ text: String) {
    let blocks = MarkdownPage(text).blocks
    steps = blocks.enumerated().compactMap { index, block in
      let words = block.info.split(separator: " ").map(String.init)
      guard words.starts(with: ["sh", "run"]) else { return nil }
      let next = index + 1 < blocks.count ? blocks[index + 1] : nil
      let expected = next?.info == "text" ? next?.text.components(separatedBy: "\n") ?? [] : []
      return Step(
        script: block.text, status: words.compactMap { Int32($0) }.first ?? 0,
        needs: Set(words.dropFirst(2).filter { Int32($0) == nil }), expected: expected.filter { !$0.isEmpty },
        line: block.line)
    }
  }

  /// The first line that an output lacks behind those before it; nil where all are there.
  static func missing(_ expected: [String], in output: String) -> String? {
    var rest = output.components(separatedBy: "\n").map { steady(onTerminal($0)) }[...]
    for line in expected {
      let parts = steady(line).components(separatedBy: "…").map(NSRegularExpression.escapedPattern(for:))
      let pattern = "^" + parts.joined(separator: ".*") + "$"
      guard let index = rest.firstIndex(where: { $0.range(of: pattern, options: .regularExpression) != nil }) else {
        return line
      }
      rest = rest[(index + 1)...]
    }
    return nil
  }

  /// An error as a terminal shows it; elsewhere it may be a line of JSON.
  private static func onTerminal(_ line: String) -> String {
    guard line.hasPrefix("{\"ts\":"), let json = try? JSONValue(parsing: Array(line.utf8)), json["level"] == "error",
      let message = json["msg"]?.string
    else { return line }
    return "memoryctl: " + message
  }

  /// A line without what differs from run to run: times, ids, digests, ports, and the width of columns.
  private static func steady(_ line: String) -> String {
    [
      (#"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"#, "ID"), (#"[0-9a-f]{16,64}"#, "HEX"),
      (#"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?Z)?"#, "TIME"), (#"\d{8}T\d{6}Z-[0-9a-f]{8}"#, "TIME"),
      (#"\d+(\.\d+)? m?s\b"#, "DURATION"), (#"127\.0\.0\.1:\d+"#, "HOST"), (#"\s+"#, " "),
    ].reduce(line) { $0.replacingOccurrences(of: $1.0, with: $1.1, options: .regularExpression) }
  }
}
