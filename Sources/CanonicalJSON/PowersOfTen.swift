// SPDX-License-Identifier: Apache-2.0

/// 128 significant bits of every power of ten that a double needs, computed once.
///
/// `10^k = g · 2^e` with the highest bit of `g` set; `g` is rounded up where it is not exact. Both directions of
/// the conversion between decimal and binary read it.
struct PowersOfTen: @unchecked Sendable {
  static let least = -342
  static let greatest = 324
  static let shared = PowersOfTen()

  // Written by init alone and never freed: a table that is only read may be shared between threads.
  private let words: UnsafeMutablePointer<(high: UInt64, low: UInt64)>

  /// - Parameter k: `least...greatest`.
  @inline(__always)
  subscript(k: Int) -> (high: UInt64, low: UInt64) { words[k &- Self.least] }

  /// The same rounded down.
  @inline(__always)
  func floor(_ k: Int) -> (high: UInt64, low: UInt64) {
    let (high, low) = self[k]
    if k >= 0 && k <= 55 { return (high, low) }
    return low == 0 ? (high &- 1, .max) : (high, low &- 1)
  }

  private init() {
    words = .allocate(capacity: Self.greatest - Self.least + 1)
    var power: [UInt64] = [1]  // 5^k, least word first
    for k in 0...max(Self.greatest, -Self.least) {
      if k <= Self.greatest { words[k - Self.least] = Self.leadingBits(of: power) }
      if k > 0 && k <= -Self.least { words[-k - Self.least] = Self.reciprocalBits(of: power) }
      Self.multiplyByFive(&power)
    }
  }

  private static func multiplyByFive(_ number: inout [UInt64]) {
    var carry: UInt64 = 0
    for index in number.indices {
      let (high, low) = number[index].multipliedFullWidth(by: 5)
      let (sum, overflow) = low.addingReportingOverflow(carry)
      number[index] = sum
      carry = high + (overflow ? 1 : 0)
    }
    if carry > 0 { number.append(carry) }
  }

  private static func bit(_ number: [UInt64], _ index: Int) -> Bool {
    index >= 0 && number[index >> 6] >> UInt64(index & 63) & 1 == 1
  }

  private static func bitLength(_ number: [UInt64]) -> Int {
    number.count * 64 - number.last!.leadingZeroBitCount
  }

  private static func leadingBits(of number: [UInt64]) -> (high: UInt64, low: UInt64) {
    let length = bitLength(number)
    var value: UInt128 = 0
    for index in 0..<128 { value = value << 1 | (bit(number, length - 1 - index) ? 1 : 0) }
    if (0..<max(0, length - 128)).contains(where: { bit(number, $0) }) { value += 1 }
    return (UInt64(value >> 64), UInt64(truncatingIfNeeded: value))
  }

  /// Leading bits of 1/number by binary long division; never exact, so always rounded up.
  private static func reciprocalBits(of number: [UInt64]) -> (high: UInt64, low: UInt64) {
    let length = bitLength(number)
    var remainder = [UInt64](repeating: 0, count: number.count + 1)
    remainder[length >> 6] = 1 << UInt64(length & 63)
    let divisor = number + [0]
    var value: UInt128 = 0
    for _ in 0..<128 {
      value <<= 1
      if !isLess(remainder, divisor) {
        subtract(divisor, from: &remainder)
        value |= 1
      }
      double(&remainder)
    }
    value += 1
    return (UInt64(value >> 64), UInt64(truncatingIfNeeded: value))
  }

  private static func isLess(_ a: [UInt64], _ b: [UInt64]) -> Bool {
    for index in a.indices.reversed() where a[index] != b[index] { return a[index] < b[index] }
    return false
  }

  private static func subtract(_ b: [UInt64], from a: inout [UInt64]) {
    var borrow = false
    for index in a.indices {
      let (first, overflow) = a[index].subtractingReportingOverflow(b[index])
      let (second, underflow) = first.subtractingReportingOverflow(borrow ? 1 : 0)
      a[index] = second
      borrow = overflow || underflow
    }
  }

  private static func double(_ number: inout [UInt64]) {
    var carry: UInt64 = 0
    for index in number.indices {
      let next = number[index] >> 63
      number[index] = number[index] << 1 | carry
      carry = next
    }
  }
}
