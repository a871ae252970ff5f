// SPDX-License-Identifier: Apache-2.0

/// The 32 bytes of a SHA-256.
public struct Digest: Hashable, Sendable {
  /// The bytes as four big-endian words, so that order of words is order of bytes.
  public let words: (UInt64, UInt64, UInt64, UInt64)

  public static var byteCount: Int { 32 }

  @inline(__always)
  public init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// - Precondition: 32 bytes.
  @inline(__always)
  public init(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == 32)
    words = (
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    )
  }

  @inline(__always)
  public static func == (a: Digest, b: Digest) -> Bool {
    (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2) | (a.words.3 ^ b.words.3) == 0
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  /// The 32 bytes, first byte first.
  @inline(__always)
  public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    var raw = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
    // Typed throws do not pass through the standard library's pointer closures yet.
    let result: Result<R, E> = Swift.withUnsafeBytes(of: &raw) { bytes in
      do throws(E) { return .success(try body(bytes)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

  /// Reads 64 lower-case hex digits; nil for anything else, upper case included.
  @inline(__always)
  public init?(hex: UnsafeRawBufferPointer) {
    guard hex.count == 64 else { return nil }
    var bad: UInt8 = 0
    func word(_ offset: Int) -> UInt64 {
      var value: UInt64 = 0
      for index in offset..<offset &+ 16 {
        let digit = hexValues[Int(hex[index])]
        bad |= digit
        value = value &<< 4 | UInt64(digit & 15)
      }
      return value
    }
    words = (word(0), word(16), word(32), word(48))
    if bad & 0x80 != 0 { return nil }
  }

  public init?(hex: String) {
    var hex = hex
    guard let digest = hex.withUTF8({ Digest(hex: UnsafeRawBufferPointer($0)) }) else { return nil }
    self = digest
  }

  /// 64 lower-case hex digits.
  public var hex: String {
    String(unsafeUninitializedCapacity: 64) { out in
      var position = 0
      withUnsafeBytes { bytes in
        for byte in bytes {
          out[position] = hexDigit(byte >> 4)
          out[position + 1] = hexDigit(byte & 15)
          position += 2
        }
      }
      return 64
    }
  }
}

extension Digest: CustomStringConvertible {
  public var description: String { hex }
}

@inline(__always)
private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

/// Value of a lower-case hex digit; 0x80 for any other byte.
private let hexValues: InlineArray<256, UInt8> = {
  var values = InlineArray<256, UInt8>(repeating: 0x80)
  for digit in 0..<10 { values[0x30 + digit] = UInt8(digit) }
  for digit in 0..<6 { values[0x61 + digit] = UInt8(10 + digit) }
  return values
}()
