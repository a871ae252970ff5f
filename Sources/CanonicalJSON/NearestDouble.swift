// SPDX-License-Identifier: Apache-2.0

extension PowersOfTen {
  /// The double nearest to `digits · 10^exponent`, ties to even; infinite when out of range.
  ///
  /// Lemire, "Number Parsing at a Gigabyte per Second" (2021).
  /// - Returns: nil in the rare case that 128 bits of the power do not decide.
  @inline(__always)
  func nearestDouble(digits: UInt64, exponent: Int) -> Double? {
    if digits == 0 || exponent < -342 { return 0 }
    if exponent > 308 { return .infinity }
    let leadingZeros = digits.leadingZeroBitCount
    let scaled = digits << UInt64(leadingZeros)
    let power = exponent < 0 && exponent >= -27 ? self[exponent] : floor(exponent)
    var (high, low) = scaled.multipliedFullWidth(by: power.high)
    if high & 0x1ff == 0x1ff {
      let more = scaled.multipliedFullWidth(by: power.low).high
      let (sum, carry) = low.addingReportingOverflow(more)
      low = sum
      if carry { high &+= 1 }
    }
    if low == .max && (exponent < -27 || exponent > 55) { return nil }
    return Self.round(high: high, low: low, exponent: exponent, leadingZeros: leadingZeros)
  }

  @inline(__always)
  private static func round(high: UInt64, low: UInt64, exponent: Int, leadingZeros: Int) -> Double {
    let upperBit = Int(high >> 63)
    let shift = UInt64(upperBit + 64 - 52 - 3)
    var mantissa = high >> shift
    var binaryExponent = ((152_170 + 65_536) * exponent) >> 16 + 63 + upperBit - leadingZeros + 1023
    if binaryExponent <= 0 {
      if 1 - binaryExponent >= 64 { return 0 }
      mantissa >>= UInt64(1 - binaryExponent)
      mantissa = (mantissa &+ mantissa & 1) >> 1
      return Double(bitPattern: mantissa)  // a carry into the hidden bit makes it the least normal double
    }
    // Exactly half way between two doubles: only for small powers, which the table holds exactly.
    if low <= 1 && exponent >= -4 && exponent <= 23 && mantissa & 3 == 1 && mantissa << shift == high {
      mantissa &= ~1
    }
    mantissa = (mantissa &+ mantissa & 1) >> 1
    if mantissa >= 2 << 52 {
      mantissa = 1 << 52
      binaryExponent += 1
    }
    if binaryExponent >= 0x7ff { return .infinity }
    return Double(bitPattern: mantissa & ~(1 << 52) | UInt64(binaryExponent) << 52)
  }
}
