// SPDX-License-Identifier: Apache-2.0
internal import Bytes

/// Where the output goes: a raw view of a ByteBuffer with room for what comes.
struct Writer {
  var base: UnsafeMutablePointer<UInt8>
  var next: UnsafeMutablePointer<UInt8>
  private let start: Int

  /// Begins behind what the buffer holds.
  @inline(__always)
  init(_ out: borrowing ByteBuffer) {
    start = out.count
    base = out.unsafeBase
    next = base + start
  }

  /// Bytes from the buffer's beginning.
  @inline(__always)
  var offset: Int { next - base }

  @inline(__always)
  mutating func put(_ byte: UInt8) {
    next.pointee = byte
    next += 1
  }

  /// Copies a short run in one go where the input has a word to read; stores up to 15 bytes past the end, which the
  /// buffer's slack holds.
  @inline(__always)
  mutating func copy(from source: UnsafePointer<UInt8>, count: Int, limit: UnsafePointer<UInt8>) {
    if count <= 16 && limit - source >= 16 {
      let word = UnsafeRawPointer(source).loadUnaligned(as: SIMD2<UInt64>.self)
      UnsafeMutableRawPointer(next).storeBytes(of: word, as: SIMD2<UInt64>.self)
    } else {
      for index in 0..<count { next[index] = source[index] }
    }
    next += count
  }

  /// Makes room for `extra` bytes, moving the view when the buffer moves.
  @inline(__always)
  mutating func reserve(_ extra: Int, in out: inout ByteBuffer) {
    let used = offset
    if used + extra <= out.capacity { return }
    out.setCount(used)
    out.reserve(extra)
    base = out.unsafeBase
    next = base + used
  }

  @inline(__always)
  func commit(_ out: inout ByteBuffer) { out.setCount(offset) }
}

/// A place in the input.
struct Scan {
  enum StringOutcome { case copied, failed }

  var p: UnsafePointer<UInt8>
  let start: UnsafePointer<UInt8>
  let limit: UnsafePointer<UInt8>
  /// The last string held an escape or a byte from 0x80 on; its order needs a closer look.
  var sawEscape = false
  var stringFault: CanonicalizationError.Reason = .syntax

  @inline(__always)
  init(start: UnsafePointer<UInt8>, limit: UnsafePointer<UInt8>) {
    p = start
    self.start = start
    self.limit = limit
  }

  /// jsonb text has one space behind each comma and colon, and no other white space.
  @inline(__always)
  mutating func skipWhiteSpace() {
    if p < limit && p.pointee == 0x20 { p += 1 }
    if p < limit && p.pointee <= 0x20 { skipMoreWhiteSpace() }
  }

  @inline(never)
  private mutating func skipMoreWhiteSpace() {
    while p < limit {
      switch p.pointee {
      case 0x20, 0x0a, 0x0d, 0x09: p += 1
      default: return
      }
    }
  }

  @inline(__always)
  mutating func take(_ byte: UInt8) -> Bool {
    guard p < limit, p.pointee == byte else { return false }
    p += 1
    return true
  }

  /// Copies `true`, `false` or `null`.
  @inline(__always)
  mutating func copyWord(_ writer: inout Writer) -> Bool {
    guard limit - p >= 4 else { return false }
    let word = UnsafeRawPointer(p).loadUnaligned(as: UInt32.self)
    var length = 4
    switch UInt32(littleEndian: word) {
    case 0x6575_7274, 0x6c6c_756e: break
    case 0x736c_6166:
      guard limit - p >= 5, p[4] == 0x65 else { return false }
      length = 5
    default: return false
    }
    writer.copy(from: p, count: length, limit: limit)
    p += length
    return true
  }

  /// Copies a string with its quotes; `p` is at the opening one.
  ///
  /// Eight bytes at a time: a byte that needs a look sets its high bit in `special`, and the lowest such bit is exact.
  @inline(__always)
  mutating func copyString(_ writer: inout Writer) -> StringOutcome {
    writer.put(0x22)
    p += 1
    sawEscape = false
    var high: UInt64 = 0
    while limit - p >= 8 {
      let word = UInt64(littleEndian: UnsafeRawPointer(p).loadUnaligned(as: UInt64.self))
      UnsafeMutableRawPointer(writer.next).storeBytes(of: word.littleEndian, as: UInt64.self)
      let special = Self.specialBytes(word)
      if special == 0 {
        high |= word
        p += 8
        writer.next += 8
        continue
      }
      let length = special.trailingZeroBitCount >> 3
      high |= word & (1 << UInt64(length * 8) &- 1)
      p += length
      writer.next += length
      if p.pointee == 0x22 {
        writer.put(0x22)
        p += 1
        sawEscape = sawEscape || high & 0x8080_8080_8080_8080 != 0
        return .copied
      }
      sawEscape = true
      guard p.pointee == 0x5c, copyEscape(&writer) else { return .failed }
    }
    return copyStringTail(&writer, high)
  }

  @inline(__always)
  static func specialBytes(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quote = word ^ ones &* 0x22
    let backslash = word ^ ones &* 0x5c
    let hits = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word)
    return hits & 0x8080_8080_8080_8080
  }

  /// The last seven bytes of the input, one at a time.
  @inline(never)
  private mutating func copyStringTail(_ writer: inout Writer, _ high: UInt64) -> StringOutcome {
    sawEscape = sawEscape || high & 0x8080_8080_8080_8080 != 0
    while p < limit {
      let byte = p.pointee
      if byte == 0x22 {
        writer.put(byte)
        p += 1
        return .copied
      }
      if byte == 0x5c {
        sawEscape = true
        guard copyEscape(&writer) else { return .failed }
        continue
      }
      guard byte >= 0x20 else { return .failed }
      sawEscape = sawEscape || byte >= 0x80
      writer.put(byte)
      p += 1
    }
    return .failed
  }

  /// Copies one escape in its canonical form; `p` is at the backslash.
  @inline(never)
  private mutating func copyEscape(_ writer: inout Writer) -> Bool {
    guard limit - p >= 2 else { return false }
    let kind = p[1]
    switch kind {
    case 0x22, 0x5c, 0x62, 0x66, 0x6e, 0x72, 0x74:
      writer.put(0x5c)
      writer.put(kind)
    case 0x2f: writer.put(0x2f)
    case 0x75: return copyUnicodeEscape(&writer)
    default: return false
    }
    p += 2
    return true
  }

  private mutating func copyUnicodeEscape(_ writer: inout Writer) -> Bool {
    guard let unit = codeUnit(at: p) else { return false }
    p += 6
    if unit & 0xf800 != 0xd800 {
      put(scalar: unit, &writer)
      return true
    }
    guard unit < 0xdc00, let low = codeUnit(at: p), low & 0xfc00 == 0xdc00 else {
      stringFault = .loneSurrogate
      return false
    }
    p += 6
    put(scalar: 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00), &writer)
    return true
  }

  /// Value of `\uXXXX`.
  private func codeUnit(at place: UnsafePointer<UInt8>) -> Int? {
    guard limit - place >= 6, place[0] == 0x5c, place[1] == 0x75 else { return nil }
    let digits = (hexValue(place[2]), hexValue(place[3]), hexValue(place[4]), hexValue(place[5]))
    guard digits.0 | digits.1 | digits.2 | digits.3 >= 0 else { return nil }
    return digits.0 << 12 | digits.1 << 8 | digits.2 << 4 | digits.3
  }

  private func put(scalar: Int, _ writer: inout Writer) {
    switch scalar {
    case 8: put(escape: 0x62, &writer)
    case 9: put(escape: 0x74, &writer)
    case 10: put(escape: 0x6e, &writer)
    case 12: put(escape: 0x66, &writer)
    case 13: put(escape: 0x72, &writer)
    case 0x22: put(escape: 0x22, &writer)
    case 0x5c: put(escape: 0x5c, &writer)
    case 0..<0x20:
      put(escape: 0x75, &writer)
      for digit in [0, 0, scalar >> 4, scalar & 15] {
        writer.put(UInt8(digit < 10 ? 0x30 + digit : 0x57 + digit))
      }
    case 0..<0x80: writer.put(UInt8(scalar))
    case 0..<0x800:
      writer.put(UInt8(0xc0 | scalar >> 6))
      writer.put(UInt8(0x80 | scalar & 0x3f))
    case 0..<0x10000:
      writer.put(UInt8(0xe0 | scalar >> 12))
      writer.put(UInt8(0x80 | scalar >> 6 & 0x3f))
      writer.put(UInt8(0x80 | scalar & 0x3f))
    default:
      writer.put(UInt8(0xf0 | scalar >> 18))
      writer.put(UInt8(0x80 | scalar >> 12 & 0x3f))
      writer.put(UInt8(0x80 | scalar >> 6 & 0x3f))
      writer.put(UInt8(0x80 | scalar & 0x3f))
    }
  }

  private func put(escape kind: UInt8, _ writer: inout Writer) {
    writer.put(0x5c)
    writer.put(kind)
  }
}
