// SPDX-License-Identifier: Apache-2.0

/// Order of member names by UTF-16 code units, over their canonical UTF-8 text (between the quotes).
enum KeyOrder {
  /// Negative, zero or positive, as `a` is before, equal to or behind `b`.
  static func compare(
    _ a: UnsafePointer<UInt8>, _ aCount: Int, _ b: UnsafePointer<UInt8>, _ bCount: Int, plain: Bool
  ) -> Int {
    plain ? comparePlain(a, aCount, b, bCount) : compareUnits(a, aCount, b, bCount)
  }

  /// Neither name holds an escape or a byte from 0xEE on: order of bytes is order of code units.
  @inline(__always)
  private static func comparePlain(
    _ a: UnsafePointer<UInt8>, _ aCount: Int, _ b: UnsafePointer<UInt8>, _ bCount: Int
  ) -> Int {
    let shared = min(aCount, bCount)
    var index = 0
    while index < shared && a[index] == b[index] { index += 1 }
    return index < shared ? Int(a[index]) - Int(b[index]) : aCount - bCount
  }

  private static func compareUnits(
    _ a: UnsafePointer<UInt8>, _ aCount: Int, _ b: UnsafePointer<UInt8>, _ bCount: Int
  ) -> Int {
    var left = UnitReader(next: a, end: a + aCount)
    var right = UnitReader(next: b, end: b + bCount)
    while true {
      let (unit, other) = (left.read(), right.read())
      if unit != other || unit < 0 { return unit - other }
    }
  }
}

/// UTF-16 code units of a canonical JSON string.
private struct UnitReader {
  var next: UnsafePointer<UInt8>
  let end: UnsafePointer<UInt8>
  var low = -1

  /// The next code unit, or -1 at the end. Never reads past `end`, whatever the bytes are.
  mutating func read() -> Int {
    if low >= 0 {
      defer { low = -1 }
      return low
    }
    guard next < end else { return -1 }
    let byte = next.pointee
    next += 1
    if byte == 0x5c { return escape() }
    if byte < 0x80 { return Int(byte) }
    if byte < 0xe0 { return Int(byte & 0x1f) << 6 | continuation() }
    if byte < 0xf0 {
      let high = continuation() << 6
      return Int(byte & 15) << 12 | high | continuation()
    }
    let first = continuation() << 12
    let second = continuation() << 6
    let scalar = Int(byte & 7) << 18 | first | second | continuation()
    low = 0xdc00 + (scalar - 0x10000) & 0x3ff
    return 0xd800 + (scalar - 0x10000) >> 10
  }

  private mutating func continuation() -> Int {
    guard next < end else { return 0 }
    defer { next += 1 }
    return Int(next.pointee & 0x3f)
  }

  private mutating func escape() -> Int {
    guard next < end else { return 0x5c }
    let byte = next.pointee
    next += 1
    switch byte {
    case 0x62: return 8
    case 0x66: return 12
    case 0x6e: return 10
    case 0x72: return 13
    case 0x74: return 9
    case 0x75:
      guard end - next >= 4 else { return 0x75 }
      // Canonical text has \u00xx alone.
      let value = hexValue(next[2]) << 4 | hexValue(next[3])
      next += 4
      return value
    default: return Int(byte)
    }
  }
}

/// Value of a hex digit; negative for any other byte.
public func hexValue(_ digit: UInt8) -> Int {
  switch digit {
  case 0x30...0x39: Int(digit) - 0x30
  case 0x61...0x66: Int(digit) - 0x57
  case 0x41...0x46: Int(digit) - 0x37
  default: -1
  }
}
