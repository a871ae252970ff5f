// SPDX-License-Identifier: Apache-2.0

/// A command line's words by the shell's rules for quoting (POSIX, Shell Command Language, 2.2), and by those alone.
enum ShellWords {
  /// - Returns: nil where a quote or an escape has no end.
  static func split(_ text: String) -> [String]? {
    var words: [String] = []
    var word: String?
    // Scalars: a combining mark behind a quote must not make another character of it.
    var rest = Substring(text).unicodeScalars
    while let character = rest.popFirst() {
      switch character {
      case " ", "\t", "\n":
        if let ended = word { words.append(ended) }
        word = nil
      case "'":
        guard let end = rest.firstIndex(of: "'") else { return nil }
        word = (word ?? "") + String(rest[..<end])
        rest = rest[rest.index(after: end)...]
      case "\"":
        guard let quoted = quoted(&rest) else { return nil }
        word = (word ?? "") + quoted
      case "\\":
        guard let next = rest.popFirst() else { return nil }
        word = (word ?? "") + String(next)
      default: word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }

  /// Reads to the closing double quote, within which a backslash only escapes a quote and itself.
  private static func quoted(_ rest: inout Substring.UnicodeScalarView) -> String? {
    var text = ""
    while let character = rest.popFirst() {
      switch character {
      case "\"": return text
      case "\\":
        guard let next = rest.popFirst() else { return nil }
        text += next == "\"" || next == "\\" ? String(next) : "\\" + String(next)
      default: text.unicodeScalars.append(character)
      }
    }
    return nil
  }
}
