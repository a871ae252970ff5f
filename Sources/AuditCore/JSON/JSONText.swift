// SPDX-License-Identifier: Apache-2.0

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

  /// Whether a text is laid out as a program does it: on one line, or indented by the same width all through, with a
  /// newline at the end or without, and nothing escaped that need not be.
  ///
  /// What is outside a document's digest can then not be bent unseen.
  static func isRegular(_ text: [UInt8], _ value: JSONValue) -> Bool {
    let body = text.last == 0x0a ? text.dropLast() : text[...]
    if body.elementsEqual(compact(value).utf8) { return true }
    return [1, 2, 4].contains { body.elementsEqual(pretty(value, width: $0).utf8) }
  }

  private static func write(_ value: JSONValue, indent: Int?, width: Int = 0, into out: inout String) {
    switch value {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .integer(let value): out += String(value)
    case .number(let text): out += text
    case .string(let text): quote(text, into: &out)
    case .array(let elements):
      list(elements, "[", "]", indent: indent, width: width, into: &out) { element, indent, out in
        write(element, indent: indent, width: width, into: &out)
      }
    case .object(let members):
      list(members, "{", "}", indent: indent, width: width, into: &out) { member, indent, out in
        quote(member.name, into: &out)
        out += indent == nil ? ":" : ": "
        write(member.value, indent: indent, width: width, into: &out)
      }
    }
  }

  private static func list<Element>(
    _ elements: [Element], _ open: String, _ close: String, indent: Int?, width: Int, into out: inout String,
    each: (Element, Int?, inout String) -> Void
  ) {
    out += open
    let inner = indent.map { $0 + width }
    for (index, element) in elements.enumerated() {
      if index > 0 { out += "," }
      newLine(inner, into: &out)
      each(element, inner, &out)
    }
    if !elements.isEmpty { newLine(indent, into: &out) }
    out += close
  }

  private static func newLine(_ indent: Int?, into out: inout String) {
    guard let indent else { return }
    out += "\n" + String(repeating: " ", count: indent)
  }

  private static func quote(_ text: String, into out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{8}": out += "\\b"
      case "\u{c}": out += "\\f"
      case _ where scalar.value < 0x20:
        out += "\\u00" + (scalar.value < 16 ? "0" : "1") + String(scalar.value & 15, radix: 16)
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
