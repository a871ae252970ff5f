// SPDX-License-Identifier: Apache-2.0
import AuditCore

/// RFC 8785 by the letter, from a value tree: what the fast canonicaliser is held against.
enum SlowCanonicalForm {
  /// - Returns: nil for a number that no double can hold.
  static func of(_ value: JSONValue) -> [UInt8]? { text(value).map { Array($0.utf8) } }

  private static func text(_ value: JSONValue) -> String? {
    switch value {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return number(Double(value))
    case .number(let text): return Double(text).flatMap(number)
    case .string(let text): return quoted(text)
    case .array(let elements):
      let texts = elements.compactMap(text)
      return texts.count == elements.count ? "[" + texts.joined(separator: ",") + "]" : nil
    case .object(let members):
      let sorted = members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
      let texts = sorted.compactMap { member in text(member.value).map { quoted(member.name) + ":" + $0 } }
      return texts.count == members.count ? "{" + texts.joined(separator: ",") + "}" : nil
    }
  }

  private static func quoted(_ text: String) -> String {
    let short: [Unicode.Scalar: String] = [
      "\u{8}": "\\b", "\t": "\\t", "\n": "\\n", "\u{c}": "\\f", "\r": "\\r", "\"": "\\\"", "\\": "\\\\",
    ]
    var out = ""
    for scalar in text.unicodeScalars {
      if let escape = short[scalar] {
        out += escape
      } else if scalar.value < 0x20 {
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        out.unicodeScalars.append(scalar)
      }
    }
    return "\"" + out + "\""
  }

  /// ECMAScript's Number::toString, from the shortest digits that give the number back.
  private static func number(_ value: Double) -> String? {
    guard value.isFinite else { return nil }
    if value == 0 { return "0" }
    let parts = value.magnitude.description.split(separator: "e")
    let pieces = parts[0].split(separator: ".")
    let fraction = pieces.count == 2 && pieces[1] != "0" ? String(pieces[1]) : ""
    var digits = String(pieces[0]) + fraction
    // The number is 0.digits × 10^n.
    var n = pieces[0].count + (parts.count == 2 ? Int(parts[1])! : 0)
    while digits.hasPrefix("0") {
      digits.removeFirst()
      n -= 1
    }
    while digits.hasSuffix("0") { digits.removeLast() }
    return (value < 0 ? "-" : "") + placed(digits, n)
  }

  private static func placed(_ digits: String, _ n: Int) -> String {
    let k = digits.count
    switch n {
    case k...21 where k <= 21: return digits + String(repeating: "0", count: n - k)
    case 1...21: return digits.prefix(n) + "." + digits.dropFirst(n)
    case -5...0: return "0." + String(repeating: "0", count: -n) + digits
    default:
      let mantissa = k == 1 ? digits : digits.prefix(1) + "." + digits.dropFirst()
      return mantissa + "e" + (n > 0 ? "+" : "-") + String(abs(n - 1))
    }
  }
}
