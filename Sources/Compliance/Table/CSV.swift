// SPDX-License-Identifier: Apache-2.0

/// Comma-separated values by RFC 4180, for programs and for spreadsheets.
enum CSV {
  /// One record, with its line break.
  static func line(_ fields: [String]) -> String { fields.map(field).joined(separator: ",") + "\r\n" }

  /// A field, in quotes where it must be.
  ///
  /// A spreadsheet takes for a formula what begins with `=`, `+`, `-`, `@` (or their wide forms), a tab or a line
  /// break, with spaces before it or not: such a text, which a stranger may have written, gets an apostrophe before it.
  static func field(_ text: String) -> String {
    let start = text.unicodeScalars.first { $0 != " " }
    let isFormula = start.map { "=+-@＝＋－＠\t\r\n".unicodeScalars.contains($0) } ?? false
    let safe = isFormula ? "'" + text : text
    let isPlain = safe.utf8.allSatisfy { $0 != 0x22 && $0 != 0x2c && $0 >= 0x20 } && !safe.hasPrefix(" ")
    return isPlain ? safe : "\"\(safe.replacing("\"", with: "\"\""))\""
  }
}
