// SPDX-License-Identifier: Apache-2.0

/// Percent-encoding as Signature V4 has it: all but RFC 3986's unreserved characters, hex digits in upper case.
public enum PercentEncoding {
  /// Encodes one name, value or path segment.
  public static func encode(_ text: some StringProtocol) -> String { encode(text.utf8) { isUnreserved($0) } }

  /// Encodes an object's key as a path: slashes stay.
  public static func encodePath(_ path: some StringProtocol) -> String {
    encode(path.utf8) { isUnreserved($0) || $0 == slash }
  }

  /// Encodes names and values into a query or a form.
  public static func encode(_ pairs: [(name: String, value: String)]) -> String {
    pairs.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
  }

  /// Encodes what is not yet: escapes that are there stay as they are.
  ///
  /// - Parameter keepsSlashes: whether `/` may stand for itself, as in a path.
  static func complete(_ text: some StringProtocol, keepsSlashes: Bool) -> String {
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    for (index, byte) in bytes.enumerated() {
      let isEscape =
        byte == percent && index + 2 < bytes.count && isHexDigit(bytes[index + 1]) && isHexDigit(bytes[index + 2])
      if isEscape || isUnreserved(byte) || (keepsSlashes && byte == slash) {
        out.append(byte)
      } else {
        escape(byte, into: &out)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func encode(_ bytes: some Sequence<UInt8>, except isKept: (UInt8) -> Bool) -> String {
    var out: [UInt8] = []
    for byte in bytes {
      if isKept(byte) { out.append(byte) } else { escape(byte, into: &out) }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static let percent = UInt8(ascii: "%")
  private static let slash = UInt8(ascii: "/")
  private static let digits = Array("0123456789ABCDEF".utf8)

  private static func escape(_ byte: UInt8, into out: inout [UInt8]) {
    out.append(percent)
    out.append(digits[Int(byte >> 4)])
    out.append(digits[Int(byte & 15)])
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isHexDigit && byte < 0x80 }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: true
    default: false
    }
  }
}
