// SPDX-License-Identifier: Apache-2.0

/// Why a document is not the JSON that this software accepts.
public struct JSONParseError: Error, Equatable, CustomStringConvertible {
  public let reason: String
  /// Byte offset in the document.
  public let offset: Int

  public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONValue {
  /// Reads one document strictly (RFC 8259): no duplicate member names, no trailing bytes, valid UTF-8.
  ///
  /// - Parameter maxDepth: nesting that is still accepted.
  public init(parsing bytes: [UInt8], maxDepth: Int = 64) throws(JSONParseError) {
    var parser = JSONParser(bytes: bytes, maxDepth: maxDepth)
    self = try parser.document()
  }

  public init(parsing text: String) throws(JSONParseError) {
    try self.init(parsing: Array(text.utf8))
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  let maxDepth: Int
  var position = 0

  func failure(_ reason: String) -> JSONParseError { JSONParseError(reason: reason, offset: position) }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipWhiteSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  mutating func document() throws(JSONParseError) -> JSONValue {
    let value = try value(depth: 0)
    skipWhiteSpace()
    guard position == bytes.count else { throw failure("trailing bytes") }
    return value
  }

  mutating func value(depth: Int) throws(JSONParseError) -> JSONValue {
    guard depth <= maxDepth else { throw failure("nested deeper than \(maxDepth)") }
    skipWhiteSpace()
    switch next {
    case 0x7b: return try object(depth: depth)
    case 0x5b: return try array(depth: depth)
    case 0x22: return .string(try string())
    case 0x74: return try word("true", .bool(true))
    case 0x66: return try word("false", .bool(false))
    case 0x6e: return try word("null", .null)
    case nil: throw failure("unexpected end")
    default: return try number()
    }
  }

  mutating func word(_ word: String, _ value: JSONValue) throws(JSONParseError) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw failure("unexpected byte") }
    position += word.utf8.count
    return value
  }

  mutating func object(depth: Int) throws(JSONParseError) -> JSONValue {
    position += 1
    var members: [JSONValue.Member] = []
    // By their bytes: a string's own equality takes other spellings of a character for the same.
    var names: Set<[UInt8]> = []
    skipWhiteSpace()
    if take(0x7d) { return .object([]) }
    while true {
      skipWhiteSpace()
      guard next == 0x22 else { throw failure("expected a member name") }
      let name = try string()
      guard names.insert(Array(name.utf8)).inserted else { throw failure("member \"\(name)\" occurs twice") }
      skipWhiteSpace()
      guard take(0x3a) else { throw failure("expected a colon") }
      members.append(JSONValue.Member(name, try value(depth: depth + 1)))
      skipWhiteSpace()
      if take(0x7d) { return .object(members) }
      guard take(0x2c) else { throw failure("expected a comma or the object's end") }
    }
  }

  mutating func array(depth: Int) throws(JSONParseError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipWhiteSpace()
    if take(0x5d) { return .array([]) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipWhiteSpace()
      if take(0x5d) { return .array(elements) }
      guard take(0x2c) else { throw failure("expected a comma or the array's end") }
    }
  }

  mutating func number() throws(JSONParseError) -> JSONValue {
    let start = position
    _ = take(0x2d)
    let integerStart = position
    try digits()
    if bytes[integerStart] == 0x30, position - integerStart > 1 { throw failure("a number with a leading zero") }
    var isInteger = true
    if take(0x2e) {
      isInteger = false
      try digits()
    }
    if next == 0x65 || next == 0x45 {
      isInteger = false
      position += 1
      if !take(0x2b) { _ = take(0x2d) }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int64(text), value.magnitude < 1 << 53, text != "-0" { return .integer(value) }
    // What has no canonical form could be no part of anything that is signed.
    guard Double(text)?.isFinite == true else { throw failure("a number that no double can hold") }
    return .number(text)
  }

  mutating func digits() throws(JSONParseError) {
    let start = position
    while let byte = next, byte >= 0x30, byte <= 0x39 { position += 1 }
    guard position > start else { throw failure("unexpected byte") }
  }

  mutating func string() throws(JSONParseError) -> String {
    position += 1
    var units: [UInt8] = []
    while true {
      guard let byte = next else { throw failure("unexpected end in a string") }
      position += 1
      switch byte {
      case 0x22:
        guard let text = String(validating: units, as: UTF8.self) else { throw failure("invalid UTF-8") }
        return text
      case 0x5c: units += String(Character(try escape())).utf8
      case 0..<0x20: throw failure("a control character in a string")
      default: units.append(byte)
      }
    }
  }

  mutating func escape() throws(JSONParseError) -> Unicode.Scalar {
    guard let byte = next else { throw failure("unexpected end in a string") }
    position += 1
    switch byte {
    case 0x22: return "\""
    case 0x5c: return "\\"
    case 0x2f: return "/"
    case 0x62: return "\u{8}"
    case 0x66: return "\u{c}"
    case 0x6e: return "\n"
    case 0x72: return "\r"
    case 0x74: return "\t"
    case 0x75: return try unicodeEscape()
    default: throw failure("unknown escape")
    }
  }

  mutating func unicodeEscape() throws(JSONParseError) -> Unicode.Scalar {
    let high = try fourHexDigits()
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard high < 0xdc00, take(0x5c), take(0x75) else { throw failure("a lone surrogate") }
    let low = try fourHexDigits()
    guard (0xdc00..<0xe000).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    else { throw failure("a lone surrogate") }
    return scalar
  }

  mutating func fourHexDigits() throws(JSONParseError) -> UInt32 {
    guard position + 4 <= bytes.count,
      bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw failure("expected four hex digits") }
    position += 4
    return value
  }
}
