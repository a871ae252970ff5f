// SPDX-License-Identifier: Apache-2.0

/// Canonical base64 (RFC 4648, section 4): padding present, unused bits zero, nothing else between.
public enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  public static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let padded = Array(group) + Array(repeating: 0, count: 3 - group.count)
      let word = Int(padded[0]) << 16 | Int(padded[1]) << 8 | Int(padded[2])
      for place in 0..<4 {
        text.append(place <= group.count ? alphabet[word >> (18 - 6 * place) & 63] : 0x3d)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  public static func decode(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { bytes -> [UInt8]? in
      let raw = UnsafeRawBufferPointer(bytes)
      guard let length = decodedLength(raw) else { return nil }
      var out = [UInt8](repeating: 0, count: length)
      return out.withUnsafeMutableBytes({ decode(raw, into: $0) }) ? out : nil
    }
  }

  /// Bytes that a text of this shape stands for; nil when its length or padding cannot be right.
  @inline(__always)
  public static func decodedLength(_ text: UnsafeRawBufferPointer) -> Int? {
    guard text.count % 4 == 0 else { return nil }
    if text.isEmpty { return 0 }
    let padding = text[text.count - 1] == 0x3d ? (text[text.count - 2] == 0x3d ? 2 : 1) : 0
    return text.count / 4 * 3 - padding
  }

  /// Decodes into `out`, which must have ``decodedLength(_:)`` bytes.
  @inline(__always)
  public static func decode(_ text: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer) -> Bool {
    guard let length = decodedLength(text), length == out.count else { return false }
    var written = 0
    var bad = 0
    for start in stride(from: 0, to: text.count, by: 4) {
      let isLast = start + 4 == text.count
      var word = 0
      for place in 0..<4 {
        let byte = text[start + place]
        let isPadding = isLast && byte == 0x3d && start / 4 * 3 + place > length
        let value = isPadding ? 0 : sextet(byte)
        bad |= value
        word = word << 6 | value & 63
      }
      for place in 0..<3 {
        let byte = UInt8(truncatingIfNeeded: word >> (16 - 8 * place))
        if written < length {
          out[written] = byte
          written += 1
        } else if byte != 0 {
          return false  // unused bits
        }
      }
    }
    return bad < 64
  }

  /// 0 to 63, or 64 for a byte that is not of the alphabet.
  @inline(__always)
  private static func sextet(_ byte: UInt8) -> Int {
    switch byte {
    case 0x41...0x5a: Int(byte) - 0x41
    case 0x61...0x7a: Int(byte) - 0x61 + 26
    case 0x30...0x39: Int(byte) - 0x30 + 52
    case 0x2b: 62
    case 0x2f: 63
    default: 64
    }
  }
}
