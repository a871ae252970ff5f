// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography

/// An acceptance checklist: Markdown with task items, `- [x] done` and `- [ ] open`.
///
/// Whatever looks like a box and is no ticked item counts as an open one, wherever it stands: a sign-off that misses an item
/// is worse than one that has to be asked for again.
struct Checklist {
  let digest: Digest
  let items: Int

  /// - Throws: why nobody can sign it off.
  init(_ bytes: [UInt8], name: String) throws(Failure) {
    func refused(_ problem: String) -> Failure {
      Failure(.refused, problem, on: name, remedy: "tick what is done, line by line: - [x] …; nothing was signed off")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw refused("the checklist is no UTF-8") }
    digest = SHA256.hash(bytes)
    var items = 0
    var open: [String] = []
    var block = ChecklistBlock()
    for line in text.split(whereSeparator: \.isNewline) {
      let isText = block.isText(line)
      if let words = Self.tickedItem(line), !Self.hasBox(words) {
        items += isText ? 1 : 0
      } else if Self.hasBox(line) {
        open.append(String(line.prefix(100)))
      }
    }
    self.items = items
    guard open.isEmpty else {
      let named = open.prefix(5).map { "\"\($0)\"" }.joined(separator: ", ")
      throw refused("\(open.count) of \(items + open.count) items are not ticked: \(named)")
    }
    guard items > 0 else { throw refused("the checklist has no items") }
  }

  /// The words of a ticked item; nil for any other line.
  private static func tickedItem(_ line: Substring) -> Substring? {
    guard let match = line.wholeMatch(of: /[ \t]*(?:>[ \t]*)*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[[xX]\][ \t]+(\S.*)/) else {
      return nil
    }
    return match.1
  }

  /// Whether a line shows a box: two brackets around next to nothing, a sign that is one, or the tag of a form.
  private static func hasBox(_ line: Substring) -> Bool {
    if line.contains(where: { $0.unicodeScalars.contains(where: boxes.contains) }) { return true }
    if line.lowercased().contains("<input") { return true }
    return line.matches(of: /\[([^\[\]]{0,8})\]/).contains { match in
      let mark = match.1.filter { !$0.isWhitespace }
      // A footnote's number is no mark of a box.
      return mark.count <= 1 && !mark.contains { $0.isASCII && $0.isNumber }
    }
  }

  /// Boxes, empty or crossed out, that a list may begin its items with.
  private static let boxes = Set<Unicode.Scalar>(
    "\u{2610}\u{2612}\u{25a1}\u{25a2}\u{25fb}\u{25fd}\u{2b1c}\u{2b1a}\u{274f}\u{2750}\u{2751}\u{2752}\u{1f532}\u{1f533}\u{1f78e}"
      .unicodeScalars)
}

/// Follows a text's code blocks and comments, in which no item stands.
private struct ChecklistBlock {
  private var fence: Character?
  private var isComment = false

  /// Takes the next line.
  ///
  /// - Returns: whether it is shown as text.
  mutating func isText(_ line: Substring) -> Bool {
    let words = line.drop { $0 == " " || $0 == "\t" || $0 == ">" }
    if let mark = fence {
      if words.hasPrefix(String(repeating: mark, count: 3)) { fence = nil }
      return false
    }
    if !isComment, let mark = words.first, mark == "`" || mark == "~",
      words.hasPrefix(String(repeating: mark, count: 3))
    {
      fence = mark
      return false
    }
    let wasComment = isComment
    var rest = line
    while let next = rest.firstRange(of: isComment ? "-->" : "<!--") {
      isComment.toggle()
      rest = rest[next.upperBound...]
    }
    return !wasComment && !isComment
  }
}
