// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Testing

@Suite("JSON documents")
struct JSONValueTests {
  /// Swift's own equality takes them for the same text.
  private static let spellings = [("K", "\u{212a}"), ("é", "e\u{301}"), (";", "\u{37e}"), ("`", "\u{1fef}")]

  @Test("names in two spellings of a character are two names", arguments: spellings)
  func spelling(name: String, other: String) throws {
    #expect(name == other && !name.isSameText(as: other))
    let value = try JSONValue(parsing: #"{"\#(other)":1,"\#(name)":2}"#)
    #expect(value[name] == 2)
    #expect(value[other] == 1)
    #expect(try JSONValue(parsing: #"{"\#(other)":1}"#)[name] == nil)
  }

  @Test("a name that occurs twice is refused, however it is written", arguments: ["K", #"\u004b"#, #"\u004B"#])
  func duplicates(name: String) {
    #expect(throws: JSONParseError.self) { try JSONValue(parsing: #"{"K":1,"\#(name)":2}"#) }
  }

  @Test(
    "a number that no double can hold is refused",
    arguments: ["1e400", "-1e400", "1" + String(repeating: "0", count: 400)])
  func numbers(number: String) throws {
    #expect(throws: JSONParseError.self) { try JSONValue(parsing: "[\(number)]") }
    #expect(try JSONValue(parsing: "[1e308]").canonicalBytes == Array("[1e+308]".utf8))
    #expect(try JSONValue(parsing: "[1e-400]").canonicalBytes == Array("[0]".utf8))
  }
}
