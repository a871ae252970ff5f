// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography

/// An acceptance checklist: Markdown with task items, `- [x] done` and `- [ ] open`.
struct Checklist {
  let digest: Digest
  let items: Int
  /// The items that are not ticked.
  let open: [String]

  /// - Throws: why nobody can sign it off.
  init(_ bytes: [UInt8], name: String) throws(Failure) {
    func refused(_ problem: String) -> Failure {
      Failure(.refused, problem, on: name, remedy: "tick what is done, line by line: - [x] …; nothing was signed off")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw refused("the checklist is no UTF-8") }
    digest = SHA256.hash(bytes)
    var items = 0
    var open: [String] = []
    for line in text.split(whereSeparator: \.isNewline) {
      guard let item = Self.item(line) else { continue }
      items += 1
      if !item.isTicked { open.append(item.words) }
    }
    self.items = items
    self.open = open
    guard items > 0 else { throw refused("the checklist has no items") }
    guard open.isEmpty else {
      let named = open.prefix(5).map { "\"\($0)\"" }.joined(separator: ", ")
      throw refused("\(open.count) of \(items) items are not ticked: \(named)")
    }
  }

  /// The item of a line; nil for a line that is none. What stands between the brackets is a tick only where it is `x`.
  private static func item(_ line: Substring) -> (isTicked: Bool, words: String)? {
    var rest = line.drop { $0 == " " || $0 == "\t" }
    guard let marker = rest.first else { return nil }
    if marker.isNumber {
      rest = rest.drop { $0.isNumber }
      guard rest.first == "." || rest.first == ")" else { return nil }
    } else if !"-*+".contains(marker) {
      return nil
    }
    rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
    guard rest.first == "[", let end = rest.firstIndex(of: "]") else { return nil }
    let mark = rest[rest.index(after: rest.startIndex)..<end]
    // A link in a list is no task.
    guard mark.count <= 1, rest[rest.index(after: end)...].first != "(" else { return nil }
    let words = rest[rest.index(after: end)...].drop { $0 == " " }
    return (mark == "x" || mark == "X", String(words.prefix(100)))
  }
}
