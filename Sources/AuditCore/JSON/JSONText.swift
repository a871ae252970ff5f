// SPDX-License-Identifier: Apache-2.0

/// What text is written to, piece by piece.
private protocol TextOutput {
  mutating func add(_ text: String)
}

extension String: TextOutput {
  fileprivate mutating func add(_ text: String) { self += text }
}

/// Compares what is written with a text that is there; holds nothing of its own.
private struct TextMatch: TextOutput {
  let text: [UInt8]
  var position = 0
  var isSame = true

  init(_ text: [UInt8]) { self.text = text }

  var isWhole: Bool { isSame && position == text.count }

  mutating func add(_ piece: String) {
    guard isSame else { return }
    for byte in piece.utf8 {
      guard position < text.count, text[position] == byte else { return isSame = false }
      position += 1
    }
  }
}

/// Writes a JSONValue as text.
enum JSONText {
  static func compact(_ value: JSONValue) -> String {
    var out = ""
    write(value, indent: nil, into: &out)
    return out
  }

  /// - Parameter width: spaces that each level is indented by.
  static func pretty(_ value: JSONValue, width: Int = 2) -> String {
    var out = ""
    write(value, indent: 0, width: width, into: &out)
    return out
  }

  /// Whether a text is laid out in one of the two ways that the format has: indented by two spaces a level with a
  /// newline at the end, as ``pretty(_:width:)`` and jq do it, or by one space without a newline.
  ///
  /// What is outside a document's digest can then not be bent unseen.
  static func isRegular(_ text: [UInt8], _ value: JSONValue) -> Bool {
    let hasNewline = text.last == 0x0a
    var match = TextMatch(text)
    write(value, indent: 0, width: hasNewline ? 2 : 1, into: &match)
    if hasNewline { match.add("\n") }
    return match.isWhole
  }

  private static func write<Out: TextOutput>(_ value: JSONValue, indent: Int?, width: Int = 0, into out: inout Out) {
    switch value {
    case .null: out.add("null")
    case .bool(let value): out.add(value ? "true" : "false")
    case .integer(let value): out.add(String(value))
    case .number(let text): out.add(text)
    case .string(let text): quote(text, into: &out)
    case .array(let elements):
      list(elements, "[", "]", indent: indent, width: width, into: &out) { element, indent, out in
        write(element, indent: indent, width: width, into: &out)
      }
    case .object(let members):
      list(members, "{", "}", indent: indent, width: width, into: &out) { member, indent, out in
        quote(member.name, into: &out)
        out.add(indent == nil ? ":" : ": ")
        write(member.value, indent: indent, width: width, into: &out)
      }
    }
  }

  private static func list<Element, Out: TextOutput>(
    _ elements: [Element], _ open: String, _ close: String, indent: Int?, width: Int, into out: inout Out,
    each: (Element, Int?, inout Out) -> Void
  ) {
    out.add(open)
    let inner = indent.map { $0 + width }
    for (index, element) in elements.enumerated() {
      if index > 0 { out.add(",") }
      newLine(inner, into: &out)
      each(element, inner, &out)
    }
    if !elements.isEmpty { newLine(indent, into: &out) }
    out.add(close)
  }

  private static func newLine(_ indent: Int?, into out: inout some TextOutput) {
    guard let indent else { return }
    out.add("\n" + String(repeating: " ", count: indent))
  }

  private static func quote(_ text: String, into out: inout some TextOutput) {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\u{8}": quoted += "\\b"
      case "\u{c}": quoted += "\\f"
      case _ where scalar.value < 0x20:
        quoted += "\\u00" + (scalar.value < 16 ? "0" : "1") + String(scalar.value & 15, radix: 16)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    out.add(quoted + "\"")
  }
}
