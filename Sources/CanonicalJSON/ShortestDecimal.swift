// SPDX-License-Identifier: Apache-2.0

extension PowersOfTen {
  /// The shortest decimal that reads back as a double, the nearest to it where there are several.
  ///
  /// Giulietti, "The Schubfach way to render doubles" (2020).
  /// - Parameter value: finite, positive.
  /// - Returns: `digits · 10^exponent`; digits may end in zeros.
  @inline(__always)
  func shortestDecimal(_ value: Double) -> (digits: UInt64, exponent: Int) {
    let bits = value.bitPattern
    let fraction = bits & (1 << 52 - 1)
    let biased = Int(bits >> 52)
    let significand = biased == 0 ? fraction : fraction | 1 << 52
    let q = (biased == 0 ? 1 : biased) - 1075
    if q <= 0 && q > -53 && significand & (1 << UInt64(-q) - 1) == 0 {
      return (significand >> UInt64(-q), 0)
    }
    let isEven = significand & 1 == 0
    let lowerIsCloser = fraction == 0 && biased > 1
    let center = significand << 2
    let lowerBound = center - 2 + (lowerIsCloser ? 1 : 0)
    let upperBound = center + 2
    let k = (q * 1_262_611 - (lowerIsCloser ? 524_031 : 0)) >> 22
    let shift = UInt64(q + (-k * 1_741_647) >> 19 + 1)
    let power = self[-k]
    let below = Self.roundToOdd(power, lowerBound << shift)
    let middle = Self.roundToOdd(power, center << shift)
    let above = Self.roundToOdd(power, upperBound << shift)
    let lower = below + (isEven ? 0 : 1)
    let upper = above - (isEven ? 0 : 1)
    let s = middle >> 2
    if s >= 10 {
      let tens = s / 10
      let downFits = lower <= 40 * tens
      let upFits = 40 * tens + 40 <= upper
      if downFits != upFits { return (tens + (upFits ? 1 : 0), k + 1) }
    }
    let downFits = lower <= 4 * s
    let upFits = 4 * s + 4 <= upper
    if downFits != upFits { return (s + (upFits ? 1 : 0), k) }
    let half = 4 * s + 2
    let roundUp = middle > half || (middle == half && s & 1 == 1)
    return (s + (roundUp ? 1 : 0), k)
  }

  /// Upper 64 bits of the 192-bit product, with every lost bit kept alive in the lowest one.
  @inline(__always)
  private static func roundToOdd(_ power: (high: UInt64, low: UInt64), _ factor: UInt64) -> UInt64 {
    let carried = power.low.multipliedFullWidth(by: factor).high
    let (high, low) = power.high.multipliedFullWidth(by: factor)
    let (sum, overflow) = low.addingReportingOverflow(carried)
    return (high &+ (overflow ? 1 : 0)) | (sum > 1 ? 1 : 0)
  }
}
