// SPDX-License-Identifier: Apache-2.0
import Bytes
import CanonicalJSON
import Foundation
import TestCore
import TestSupport
import Testing

/// JSON texts of random values, in whatever form a writer may give them.
private struct RandomText {
  private var numbers: Dice

  init(seed: UInt64) { numbers = Dice(seed: seed) }

  private mutating func number(below limit: Int) -> Int { Int.random(in: 0..<limit, using: &numbers) }

  mutating func value(depth: Int = 0) -> String {
    switch number(below: depth < 5 ? 10 : 7) {
    case 0: return ["null", "true", "false"].randomElement(using: &numbers)!
    case 1...3: return numberText()
    case 4...6: return string()
    case 7: return "[" + list { $0.value(depth: depth + 1) } + "]"
    default:
      var names: Set<[UInt8]> = []
      let members = list { text in
        let name = text.string()
        // Which of two members of one name counts is not what is compared here.
        let isNew = names.insert((try? canonical(name)) ?? []).inserted
        return isNew ? name + text.space() + ":" + text.space() + text.value(depth: depth + 1) : nil
      }
      return "{" + members + "}"
    }
  }

  private mutating func list(_ element: (inout RandomText) -> String?) -> String {
    (0..<number(below: 6)).compactMap { _ in element(&self).map { space() + $0 + space() } }.joined(separator: ",")
  }

  private mutating func space() -> String { ["", "", "", " ", "\t", "\n"].randomElement(using: &numbers)! }

  /// Any double there is, halves of integers, and digits without end.
  private mutating func numberText() -> String {
    switch number(below: 5) {
    case 0:
      let double = Double(bitPattern: numbers.next())
      return double.isFinite ? "\(double)" : "0"
    case 1: return "\(Double(Int64(bitPattern: numbers.next())) / 2)"
    case 2: return "\(Int64(bitPattern: numbers.next() >> UInt64(number(below: 64))))"
    case 3:
      return "-\(digits()).\(digits())" + ["", "e\(number(below: 300))", "E-\(number(below: 340))"][number(below: 3)]
    default: return "\(digits())e\(["", "+", "-"][number(below: 3)])\(number(below: 30))"
    }
  }

  private mutating func digits() -> String {
    let rest = (0..<number(below: 30)).map { _ in String(number(below: 10)) }.joined()
    return rest.isEmpty || rest.hasPrefix("0") ? "0" : rest
  }

  private mutating func string() -> String {
    var text = "\""
    for _ in 0..<number(below: 8) {
      let limits: [UInt32] = [0x20, 0x80, 0x800, 0x3000, 0x110000]
      let value = UInt32.random(in: 0..<limits[number(below: limits.count)], using: &numbers)
      guard let scalar = Unicode.Scalar(value) else { continue }
      let isEscaped = value < 0x20 || value == 0x22 || value == 0x5c || number(below: 6) == 0
      text += isEscaped ? escaped(scalar) : String(scalar)
    }
    return text + "\""
  }

  private mutating func escaped(_ scalar: Unicode.Scalar) -> String {
    String(scalar).utf16.map { unit in
      let hex = String(unit, radix: 16, uppercase: number(below: 2) == 0)
      return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }.joined()
  }
}

private func canonical(_ text: String) throws -> [UInt8] {
  var canonicalizer = Canonicalizer()
  var out = ByteBuffer()
  try canonicalizer.canonicalize(Array(text.utf8).span, into: &out)
  return out.array()
}

/// What wrote the chain: `JSON.stringify`, members sorted by the units of their names.
private let program = """
  const form = value => Array.isArray(value) ? '[' + value.map(form).join(',') + ']'
    : value === null || typeof value !== 'object' ? JSON.stringify(value)
    : '{' + Object.keys(value).sort().map(name => JSON.stringify(name) + ':' + form(value[name])).join(',') + '}';
  const texts = require('fs').readFileSync(0, 'utf8').split('\\u0000');
  process.stdout.write(texts.map(text => form(JSON.parse(text))).join('\\n'));
  """

/// In CI it always is: a skip there would hide that it is missing.
private let hasNode =
  ProcessInfo.processInfo.environment["CI"] != nil || (try? Command.run("node", ["--version"]).status == 0) ?? false

@Suite("Canonical JSON and Node")
struct NodeTests {
  @Test(
    "random values have the form that JSON.stringify gives them",
    .enabled(if: hasNode, "node is missing: scripts/dependencies test installs it"))
  func stringify() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomText(seed: seed)
    // A number that no double holds is null to Node, and has no form here.
    let texts = (0..<20_000).map { _ in random.value() }.filter { (try? canonical($0)) != nil }
    #expect(texts.count > 19_000)
    let output = try Command.run("node", ["-e", program], input: Array(texts.joined(separator: "\0").utf8))
    #expect(output.status == 0, "\(output.errorText)")
    let forms = output.standardOutput.split(separator: 0x0a, omittingEmptySubsequences: false)
    try #require(forms.count == texts.count)
    for (text, form) in zip(texts, forms) {
      let own = try canonical(text)
      #expect(own.elementsEqual(form), "seed \(seed): \(text) is \(String(decoding: own, as: UTF8.self))")
    }
  }
}
