// SPDX-License-Identifier: Apache-2.0
import Files

/// Colours of a terminal's text, where it has them and nobody has asked for none.
///
/// - SeeAlso: no-color.org; ECMA-48, "SGR".
enum Colour: Int {
  case red = 31
  case green = 32
  case yellow = 33

  /// - Parameter isTerminal: whether what the text is written to is one.
  func paint(_ text: String, isTerminal: Bool) -> String {
    guard isTerminal, Self.isWanted(Process.environment()) else { return text }
    return "\u{1b}[\(rawValue)m\(text)\u{1b}[0m"
  }

  /// `NO_COLOR` counts where it is set to anything at all.
  static func isWanted(_ environment: [String: String]) -> Bool {
    let terminal = environment["TERM"] ?? ""
    return (environment["NO_COLOR"] ?? "").isEmpty && !terminal.isEmpty && terminal != "dumb"
  }
}
