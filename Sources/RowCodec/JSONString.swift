// SPDX-License-Identifier: Apache-2.0
public import Bytes
internal import CanonicalJSON

/// JSON strings in a row's line, escaped as RFC 8785 does.
public enum JSONString {
  /// Appends `value`, quoted.
  @inline(__always)
  public static func append(_ value: UnsafeRawBufferPointer, to out: inout ByteBuffer) {
    out.append(0x22)
    var index = 0
    var copied = 0
    while value.count - index >= 8 {
      let special = specialBytes(value.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian)
      if special == 0 {
        index += 8
        continue
      }
      index += special.trailingZeroBitCount >> 3
      out.append(UnsafeRawBufferPointer(rebasing: value[copied..<index]))
      escape(value[index], to: &out)
      index += 1
      copied = index
    }
    while index < value.count {
      let byte = value[index]
      if byte < 0x20 || byte == 0x22 || byte == 0x5c {
        out.append(UnsafeRawBufferPointer(rebasing: value[copied..<index]))
        escape(byte, to: &out)
        copied = index + 1
      }
      index += 1
    }
    out.append(UnsafeRawBufferPointer(rebasing: value[copied...]))
    out.append(0x22)
  }

  /// High bit set in each byte that is a quote, a backslash or a control character; the lowest set bit is exact.
  @inline(__always)
  static func specialBytes(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quote = word ^ ones &* 0x22
    let backslash = word ^ ones &* 0x5c
    let hits = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word)
    return hits & 0x8080_8080_8080_8080
  }

  @inline(never)
  private static func escape(_ byte: UInt8, to out: inout ByteBuffer) {
    out.append(0x5c)
    switch byte {
    case 0x22, 0x5c: out.append(byte)
    case 8: out.append(0x62)
    case 9: out.append(0x74)
    case 10: out.append(0x6e)
    case 12: out.append(0x66)
    case 13: out.append(0x72)
    default:
      out.append("u00")
      out.append(hexDigit(byte >> 4))
      out.append(hexDigit(byte & 15))
    }
  }

  /// Finds the end of a string.
  ///
  /// - Parameter start: offset behind the opening quote.
  /// - Returns: offset of the closing quote, and whether an escape stands before it; nil when there is none.
  @inline(__always)
  static func end(in bytes: UnsafeRawBufferPointer, from start: Int) -> (offset: Int, hasEscape: Bool)? {
    var index = start
    var hasEscape = false
    while bytes.count - index >= 8 {
      let special = specialBytes(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian)
      if special == 0 {
        index += 8
        continue
      }
      index += special.trailingZeroBitCount >> 3
      if bytes[index] == 0x22 { return (index, hasEscape) }
      guard bytes[index] == 0x5c else { return nil }
      hasEscape = true
      index += 2
    }
    while index < bytes.count {
      switch bytes[index] {
      case 0x22: return (index, hasEscape)
      case 0x5c:
        hasEscape = true
        index += 2
      case 0..<0x20: return nil
      default: index += 1
      }
    }
    return nil
  }

  /// Appends what a string's content stands for.
  ///
  /// - Parameter content: the bytes between the quotes.
  /// - Throws: for an escape that our writer does not make.
  public static func appendUnescaped(
    _ content: UnsafeRawBufferPointer, to out: inout ByteBuffer
  ) throws(RowFormatError) {
    var index = 0
    while index < content.count {
      guard content[index] == 0x5c else {
        out.append(content[index])
        index += 1
        continue
      }
      guard index + 1 < content.count else { throw RowFormatError("a string ends within an escape") }
      index += 2
      switch content[index - 1] {
      case 0x22: out.append(0x22)
      case 0x5c: out.append(0x5c)
      case 0x2f: out.append(0x2f)
      case 0x62: out.append(8)
      case 0x66: out.append(12)
      case 0x6e: out.append(10)
      case 0x72: out.append(13)
      case 0x74: out.append(9)
      case 0x75: index = try appendUnicodeEscape(content, index, to: &out)
      default: throw RowFormatError("an unknown escape in a string")
      }
    }
  }

  /// - Parameter index: offset behind `\u`.
  /// - Returns: offset behind the escape, a low surrogate's too.
  private static func appendUnicodeEscape(
    _ content: UnsafeRawBufferPointer, _ index: Int, to out: inout ByteBuffer
  ) throws(RowFormatError) -> Int {
    func unit(_ offset: Int) throws(RowFormatError) -> UInt32 {
      let digits = content.dropFirst(offset).prefix(4).map(hexValue)
      guard digits.count == 4, digits.allSatisfy({ $0 >= 0 }) else {
        throw RowFormatError("an escape without four hex digits")
      }
      return digits.reduce(0) { $0 << 4 | UInt32($1) }
    }
    let high = try unit(index)
    if let scalar = Unicode.Scalar(high) {
      out.append(utf8: String(Character(scalar)))
      return index + 4
    }
    guard high < 0xdc00, index + 6 <= content.count, content[index + 4] == 0x5c, content[index + 5] == 0x75 else {
      throw RowFormatError("a lone surrogate in a string")
    }
    let low = try unit(index + 6)
    guard (0xdc00..<0xe000).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    else { throw RowFormatError("a lone surrogate in a string") }
    out.append(utf8: String(Character(scalar)))
    return index + 10
  }
}
