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
    let values = sextets
    var bad: UInt8 = 0
    let whole = length / 3
    for group in 0..<whole {
      let (a, b) = (values[Int(text[4 * group])], values[Int(text[4 * group + 1])])
      let (c, d) = (values[Int(text[4 * group + 2])], values[Int(text[4 * group + 3])])
      bad |= a | b | c | d
      let word = UInt32(a) << 18 | UInt32(b) << 12 | UInt32(c) << 6 | UInt32(d)
      out[3 * group] = UInt8(truncatingIfNeeded: word >> 16)
      out[3 * group + 1] = UInt8(truncatingIfNeeded: word >> 8)
      out[3 * group + 2] = UInt8(truncatingIfNeeded: word)
    }
    let rest = length - 3 * whole
    if rest > 0 {
      let (a, b) = (values[Int(text[4 * whole])], values[Int(text[4 * whole + 1])])
      let c = rest == 2 ? values[Int(text[4 * whole + 2])] : 0
      bad |= a | b | c
      out[3 * whole] = a << 2 | b >> 4
      if rest == 2 { out[3 * whole + 1] = b << 4 | c >> 2 }
      // Bits that stand for nothing must be zero.
      if rest == 1 ? b & 15 != 0 : c & 3 != 0 { return false }
    }
    return bad < 64
  }

  /// For each byte 0 to 63, or 64 for one that is not of the alphabet. Never freed: a table for the process's life.
  nonisolated(unsafe) private static let sextets: UnsafePointer<UInt8> = {
    let values = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    values.initialize(repeating: 64, count: 256)
    for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
    return UnsafePointer(values)
  }()
}
