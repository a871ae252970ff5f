// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What a number's text says, before it is a double.
struct ScannedNumber {
  /// First byte behind the number.
  var end: UnsafePointer<UInt8>
  /// First byte behind its digits, where an exponent begins.
  private var digitsEnd: UnsafePointer<UInt8>
  private var fractionDigits = 0
  private var exponent = 0
  /// The text is the canonical form already.
  var isVerbatim = false
  /// False for what is no JSON number.
  var isValid = false

  /// Reads `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?` in `start..<limit`.
  @inline(__always)
  init(_ start: UnsafePointer<UInt8>, limit: UnsafePointer<UInt8>) {
    end = start
    digitsEnd = start
    var p = start
    let isNegative = p < limit && p.pointee == 0x2d
    if isNegative { p += 1 }
    let integerStart = p
    while p < limit && p.pointee &- 0x30 < 10 { p += 1 }
    let integerDigits = p - integerStart
    if integerDigits == 0 { return }
    let isBelowOne = integerStart.pointee == 0x30
    if isBelowOne && integerDigits > 1 { return }
    var significantDigits = isBelowOne ? 0 : integerDigits
    var leadingZeros = 0
    var hasTrailingZero = false
    if p < limit && p.pointee == 0x2e {
      p += 1
      let fractionStart = p
      if isBelowOne {
        while p < limit && p.pointee == 0x30 { p += 1 }
        leadingZeros = p - fractionStart
      }
      while p < limit && p.pointee &- 0x30 < 10 { p += 1 }
      fractionDigits = p - fractionStart
      if fractionDigits == 0 { return }
      significantDigits &+= fractionDigits &- leadingZeros
      hasTrailingZero = p[-1] == 0x30
    }
    end = p
    digitsEnd = p
    isValid = true
    if p < limit && p.pointee | 0x20 == 0x65 {
      isValid = takeExponent(from: p + 1, limit: limit)
      return
    }
    // Fifteen significant digits name one double each, so their shortest form is what stands there.
    isVerbatim =
      significantDigits <= 15 && !hasTrailingZero && leadingZeros <= 5 && !(isNegative && significantDigits == 0)
  }

  @inline(never)
  private mutating func takeExponent(from start: UnsafePointer<UInt8>, limit: UnsafePointer<UInt8>) -> Bool {
    var p = start
    let isDown = p < limit && p.pointee == 0x2d
    if p < limit && (p.pointee == 0x2d || p.pointee == 0x2b) { p += 1 }
    let first = p
    while p < limit && p.pointee &- 0x30 < 10 {
      exponent = min(exponent * 10 + Int(p.pointee &- 0x30), 1_000_000_000)
      p += 1
    }
    if isDown { exponent = -exponent }
    end = p
    return p > first
  }

  /// The double nearest to the text.
  @inline(__always)
  func value(_ start: UnsafePointer<UInt8>, _ powers: PowersOfTen) -> Double {
    var digits: UInt64 = 0
    var taken = 0
    var p = start
    while p < digitsEnd {
      let digit = p.pointee &- 0x30
      if digit < 10 && (digit != 0 || taken > 0) {
        if taken < 19 { digits = digits &* 10 &+ UInt64(digit) }
        taken &+= 1
      }
      p += 1
    }
    if taken <= 19, let value = powers.nearestDouble(digits: digits, exponent: exponent &- fractionDigits) {
      return start.pointee == 0x2d ? -value : value
    }
    return exactValue(start)
  }

  /// More digits than fit, or undecided: the C library rounds any text correctly.
  @inline(never)
  private func exactValue(_ start: UnsafePointer<UInt8>) -> Double {
    var text = UnsafeBufferPointer(start: start, count: end - start).map { CChar(bitPattern: $0) }
    text.append(0)
    return strtod(text, nil)
  }
}

/// Writes a finite double as ECMAScript's Number::toString does (ECMA-262, 6.1.6.1.20).
///
/// - Parameter out: room for 32 bytes.
/// - Returns: bytes written, at most 25.
func writeNumber(_ value: Double, _ powers: PowersOfTen, to out: UnsafeMutablePointer<UInt8>) -> Int {
  if value == 0 {
    out[0] = 0x30
    return 1
  }
  var p = out
  if value < 0 {
    p[0] = 0x2d
    p += 1
  }
  var (digits, exponent) = powers.shortestDecimal(value.magnitude)
  while digits % 10 == 0 {
    digits /= 10
    exponent += 1
  }
  var text: InlineArray<20, UInt8> = .init(repeating: 0)
  var first = 20
  while digits > 0 {
    first -= 1
    text[first] = UInt8(truncatingIfNeeded: 0x30 + digits % 10)
    digits /= 10
  }
  let count = 20 - first
  let point = count + exponent  // position of the decimal point behind the first digit
  var next = first
  func put(digits length: Int) {
    for _ in 0..<length {
      p[0] = text[next]
      next += 1
      p += 1
    }
  }
  func put(zeros length: Int) {
    for _ in 0..<max(0, length) {
      p[0] = 0x30
      p += 1
    }
  }
  func put(byte: UInt8) {
    p[0] = byte
    p += 1
  }
  if count <= point && point <= 21 {
    put(digits: count)
    put(zeros: point - count)
  } else if 0 < point && point <= 21 {
    put(digits: point)
    put(byte: 0x2e)
    put(digits: count - point)
  } else if -6 < point && point <= 0 {
    put(byte: 0x30)
    put(byte: 0x2e)
    put(zeros: -point)
    put(digits: count)
  } else {
    put(digits: 1)
    if count > 1 {
      put(byte: 0x2e)
      put(digits: count - 1)
    }
    put(byte: 0x65)
    let power = point - 1
    put(byte: power < 0 ? 0x2d : 0x2b)
    let magnitude = power.magnitude
    if magnitude >= 100 { put(byte: UInt8(0x30 + magnitude / 100)) }
    if magnitude >= 10 { put(byte: UInt8(0x30 + magnitude / 10 % 10)) }
    put(byte: UInt8(0x30 + magnitude % 10))
  }
  return p - out
}
