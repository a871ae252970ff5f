// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// A page of documentation: its fenced blocks, the anchors of its headings, and where its links lead.
public struct MarkdownPage: Sendable {
  /// What stands between two fences.
  public struct Block: Sendable {
    /// What follows the first fence, as `sh run`.
    public let info: String
    public let text: String
    /// Of its first fence, from 1.
    public let line: Int
  }

  public struct Link: Sendable {
    public let target: String
    public let line: Int
  }

  public private(set) var blocks: [Block] = []
  public private(set) var links: [Link] = []
  /// As GitHub makes them.
  public private(set) var anchors: Set<String> = []

  public init(_ text: String) {
    var open: (info: String, lines: [String], line: Int)?
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append(Block(info: block.info, text: block.lines.joined(separator: "\n"), line: block.line))
        }
        open = open == nil ? (String(line.dropFirst(3)).trimmingCharacters(in: .whitespaces), [], index + 1) : nil
      } else if open != nil {
        open?.lines.append(line)
      } else {
        read(line, index + 1)
      }
    }
  }

  private mutating func read(_ line: String, _ number: Int) {
    if let hashes = line.range(of: "^#{1,6} ", options: .regularExpression) {
      let slug = Self.slug(String(line[hashes.upperBound...]))
      let count = anchors.filter { $0 == slug || $0.hasPrefix(slug + "-") }.count
      anchors.insert(anchors.contains(slug) ? "\(slug)-\(count)" : slug)
    }
    let text = line.replacingOccurrences(of: "`[^`]*`", with: "code", options: .regularExpression)
    for pattern in [#"\[[^\]]*\]\(([^)\s]+)\)"#, #"(?:src|href|srcset)="([^"]+)""#] {
      guard let expression = try? NSRegularExpression(pattern: pattern) else { continue }
      for match in expression.matches(in: text, range: NSRange(text.startIndex..., in: text)) {
        guard let range = Range(match.range(at: 1), in: text) else { continue }
        links.append(Link(target: String(text[range]), line: number))
      }
    }
  }

  private static func slug(_ heading: String) -> String {
    let words = heading.replacingOccurrences(of: #"\[([^\]]*)\]\([^)]*\)"#, with: "$1", options: .regularExpression)
    let kept = words.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
    return kept.replacingOccurrences(of: " ", with: "-")
  }
}
