// SPDX-License-Identifier: Apache-2.0

/// Keys in lists, which XML 1.0 could not hold as they are.
enum KeyEncoding {
  /// Reads what `encoding-type=url` makes of a key: percent-encoded UTF-8, and plus for a space, as in forms.
  ///
  /// - Returns: nil for an escape that is none, or bytes that are no UTF-8.
  static func decode(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(0x20)
      case UInt8(ascii: "%"):
        guard let high = hexValue(rest.popFirst()), let low = hexValue(rest.popFirst()) else { return nil }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hexValue(_ byte: UInt8?) -> UInt8? {
    switch byte {
    case let digit? where (0x30...0x39).contains(digit): digit - 0x30
    case let letter? where (0x41...0x46).contains(letter): letter - 0x37
    case let letter? where (0x61...0x66).contains(letter): letter - 0x57
    default: nil
    }
  }
}
