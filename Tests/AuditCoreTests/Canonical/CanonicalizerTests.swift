// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes
import Foundation
import TestCore
import Testing

@testable import CanonicalJSON

private func canonical(_ text: String, budgetPerByte: Int = 8) throws -> String {
  var canonicalizer = Canonicalizer(budgetPerByte: budgetPerByte)
  var out = ByteBuffer()
  let bytes = Array(text.utf8)
  try canonicalizer.canonicalize(bytes.span, into: &out)
  return String(decoding: out.array(), as: UTF8.self)
}

private let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "Fixtures")

@Suite("Canonical JSON")
struct CanonicalizerTests {
  struct Vectors: Decodable {
    struct Case: Decodable {
      let name: String
      let input: String
      let output: String
    }
    let cases: [Case]
  }

  @Test("published RFC 8785 cases", arguments: [8, 0])
  func publishedCases(budget: Int) throws {
    let data = try Data(contentsOf: fixtures.appending(path: "jcs.json"))
    let cases = try JSONDecoder().decode(Vectors.self, from: data).cases
    #expect(cases.count >= 6)
    for vector in cases {
      #expect(try canonical(vector.input, budgetPerByte: budget) == vector.output, "\(vector.name)")
    }
  }

  @Test("the first 10,000 published numbers")
  func publishedNumbers() throws {
    let lines = try String(contentsOf: fixtures.appending(path: "es6-numbers-10000.csv"), encoding: .utf8)
      .split(separator: "\n")
    #expect(lines.count == 10_000)
    for line in lines {
      let parts = line.split(separator: ",")
      let value = Double(bitPattern: try #require(UInt64(parts[0], radix: 16)))
      guard value.isFinite else { continue }
      #expect(try canonical("\(value)") == parts[1])
      #expect(try canonical(String(parts[1])) == parts[1])
      #expect(try canonical(String(format: "%.25e", value)) == parts[1])
    }
  }

  @Test(
    "numbers as Postgres prints them",
    arguments: [
      ("1000000000000000000000", "1e+21"), ("0.0000001", "1e-7"), ("1.10", "1.1"), ("-0", "0"), ("-0.0", "0"),
      ("12345678901234567890", "12345678901234567000"), ("0.000001", "0.000001"),
      ("100000000000000000000", "100000000000000000000"),
      ("9007199254740993", "9007199254740992"), ("0.1000000000000000055511151231257827", "0.1"),
      ("123456789012345", "123456789012345"), ("1e400", nil), ("-1e400", nil), ("1e-400", "0"), ("5e-324", "5e-324"),
      ("2.2250738585072014e-308", "2.2250738585072014e-308"), ("1.7976931348623157e308", "1.7976931348623157e+308"),
      ("0.00001234", "0.00001234"), ("4.35", "4.35"), ("9.5367431640625e-7", "9.5367431640625e-7"),
      ("333333333.33333329", "333333333.3333333"),
    ] as [(String, String?)])
  func numbers(input: String, output: String?) throws {
    if let output {
      #expect(try canonical(input) == output)
    } else {
      #expect(throws: CanonicalizationError(reason: .numberOutOfRange, offset: 0)) { try canonical(input) }
    }
  }

  @Test(
    "names sort by UTF-16 code units", arguments: [8, 0])
  func order(budget: Int) throws {
    let input = #"{"\ufb33":1,"😂":2,"€":3,"\r":4,"1":5,"":6,"ö":7,"ab":8,"a":9,"abcdefghi":10,"abcdefgh":11}"#
    #expect(
      try canonical(input, budgetPerByte: budget)
        == #"{"":6,"\r":4,"1":5,"a":9,"ab":8,"abcdefgh":11,"abcdefghi":10,"ö":7,"€":3,"😂":2,"דּ":1}"#)
  }

  @Test("strings")
  func strings() throws {
    #expect(
      try canonical(#""\u2028\u007f\/\u0008\u001F\u000a\u00e9\ud83d\ude00""#) == "\"\u{2028}\u{7f}/\\b\\u001f\\né😀\"")
    #expect(throws: CanonicalizationError.self) { try canonical(#""\ud83d""#) }
    #expect(throws: CanonicalizationError.self) { try canonical("\"a\nb\"") }
  }

  @Test(
    "what is not JSON",
    arguments: [
      "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "[1 2]", "01", "1.", ".5", "+1", "1e",
      "nul", "tru",
      "\"", "\"\\x\"", "[}", "{]", "1 2", "{\"a\":1}}", "{1:2}", "{\"a\":1,\"a\":2}", "--1", "[1,,2]", "falsy",
      "\"\\u12\"",
    ])
  func refused(text: String) {
    #expect(throws: CanonicalizationError.self) { try canonical(text) }
    #expect(throws: CanonicalizationError.self) { try canonical(text, budgetPerByte: 0) }
  }

  @Test("nothing is appended by a refused text")
  func refusedLeavesNothing() {
    var canonicalizer = Canonicalizer()
    var out = ByteBuffer()
    out.append(0x41)
    let text = Array(#"{"b":1,"a":[1,2"#.utf8)
    #expect(throws: CanonicalizationError.self) { try canonicalizer.canonicalize(text.span, into: &out) }
    #expect(out.array() == [0x41])
  }

  @Test("deep and disordered texts take linear time and no stack")
  func deep() throws {
    let depth = 200_000
    let text = String(repeating: #"{"b":"#, count: depth) + "1" + String(repeating: #","a":0}"#, count: depth)
    let expected = String(repeating: #"{"a":0,"b":"#, count: depth) + "1" + String(repeating: "}", count: depth)
    #expect(try canonical(text) == expected)
    let arrays = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    #expect(try canonical(arrays) == arrays)
  }

  @Test("both ways agree on random values, and their result is a fixed point")
  func bothWays() throws {
    var random = Dice(seed: 42)
    for _ in 0..<3000 {
      let text = randomJSON(&random, depth: 0)
      let direct = try canonical(text)
      #expect(try canonical(text, budgetPerByte: 0) == direct)
      #expect(try canonical(direct) == direct)
      let tree = try JSONValue(parsing: Array(text.utf8))
      #expect(String(decoding: tree.canonicalBytes, as: UTF8.self) == direct)
    }
  }

  @Test("random doubles read back from their text")
  func randomDoubles() throws {
    var random = Dice(seed: 7)
    for _ in 0..<200_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite, value != 0 else { continue }
      let text = try canonical("\(value)")
      #expect(Double(text) == value)
      #expect(digits(text) == digits("\(value)"))
    }
  }

  @Test("any bytes at all are read without harm")
  func hostileBytes() throws {
    var random = Dice(seed: 3)
    var canonicalizer = Canonicalizer()
    let alphabet = Array(#"{}[]",:\u0019-.eE tfn"#.utf8) + [0xee, 0xf0, 0x9f, 0x80, 0x00, 0xff]
    for _ in 0..<20_000 {
      let bytes = (0..<Int(random.next() % 40)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
      var out = ByteBuffer()
      try? canonicalizer.canonicalize(bytes.span, into: &out)
    }
  }

  /// Significant digits of a number's text.
  private func digits(_ text: String) -> String {
    let mantissa = text.split(whereSeparator: { $0 == "e" || $0 == "E" })[0].filter { $0.isNumber }
    var all = String(mantissa.drop { $0 == "0" })
    while all.hasSuffix("0") { all.removeLast() }
    return all
  }
}

private func randomJSON(_ random: inout Dice, depth: Int) -> String {
  let space = random.next() % 3 == 0 ? " " : ""
  switch random.next() % (depth > 5 ? 5 : 8) {
  case 0: return "null"
  case 1: return random.next() % 2 == 0 ? "true" : "false"
  case 2:
    let value = Double(bitPattern: random.next())
    return value.isFinite ? "\(value)" : "\(Int64(bitPattern: random.next()) >> Int64(random.next() % 60))"
  case 3, 4: return randomString(&random)
  case 5:
    return "["
      + (0..<random.next() % 5).map { _ in randomJSON(&random, depth: depth + 1) }.joined(separator: ",\(space)") + "]"
  default:
    var names: Set<String> = []
    for _ in 0..<random.next() % 40 { names.insert(randomString(&random)) }
    let members = names.map { "\($0):\(space)\(randomJSON(&random, depth: depth + 2))" }
    return "{\(space)" + members.joined(separator: ",\(space)") + "}"
  }
}

private func randomString(_ random: inout Dice) -> String {
  let pieces = [
    "a", "b", "Z", "0", "é", "€", "\u{fb33}", "😂", "\\n", "\\u0001", "\\\"", "\\\\", " ", "longer than eight",
    "\u{ffff}", "\u{d7ff}",
  ]
  return "\"" + (0..<random.next() % 7).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined() + "\""
}
