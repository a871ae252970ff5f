// SPDX-License-Identifier: Apache-2.0

/// JSON values without brackets or quotes, but null.
enum JSONScalar {
  /// Whether bytes are a number by RFC 8259's grammar, `true` or `false`: whoever reads a line with another parser must
  /// find the same values.
  static func isScalar(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let first = bytes.first else { return false }
    if first == 0x74 { return bytes.elementsEqual("true".utf8) }
    if first == 0x66 { return bytes.elementsEqual("false".utf8) }
    var offset = first == 0x2d ? 1 : 0
    let isZero = offset < bytes.count && bytes[offset] == 0x30
    let integer = digits(bytes, &offset)
    guard integer > 0, !isZero || integer == 1 else { return false }
    if offset < bytes.count, bytes[offset] == 0x2e {
      offset += 1
      guard digits(bytes, &offset) > 0 else { return false }
    }
    if offset < bytes.count, bytes[offset] | 0x20 == 0x65 {
      offset += 1
      if offset < bytes.count, bytes[offset] == 0x2b || bytes[offset] == 0x2d { offset += 1 }
      guard digits(bytes, &offset) > 0 else { return false }
    }
    return offset == bytes.count
  }

  private static func digits(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> Int {
    let start = offset
    while offset < bytes.count, bytes[offset] >= 0x30, bytes[offset] <= 0x39 { offset += 1 }
    return offset - start
  }
}
