// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Bytes

/// A `timestamptz` in a row's line.
public enum TimestampText {
  /// 0001-01-01T00:00:00Z and 10000-01-01T00:00:00Z, between which the text has one shape.
  private static let firstOfYearOne: Int64 = -63_082_281_600_000_000
  private static let firstOfYear10000: Int64 = 252_455_616_000_000_000
  /// The first year of a `timestamptz`, before Christ, and the last one.
  private static let firstYear = 4714
  private static let lastYear = 294_276

  /// Appends the quoted text: `2026-11-23T02:00:00.123456Z` from year 1 to 9999, else Postgres's own ISO form.
  @inline(__always)
  public static func append(_ microseconds: Int64, to out: inout ByteBuffer) {
    guard microseconds >= firstOfYearOne, microseconds < firstOfYear10000 else {
      return appendUnusual(microseconds, to: &out)
    }
    let time = Timestamp(microseconds: microseconds)
    let (year, month, day) = time.day.civil
    let rest = Int(time.microsecondOfDay)
    let second = rest / 1_000_000
    out.write(upTo: 29) { p in
      p[0] = 0x22
      put2(year / 100, p + 1)
      put2(year % 100, p + 3)
      p[5] = 0x2d
      put2(month, p + 6)
      p[8] = 0x2d
      put2(day, p + 9)
      p[11] = 0x54
      put2(second / 3600, p + 12)
      p[14] = 0x3a
      put2(second / 60 % 60, p + 15)
      p[17] = 0x3a
      put2(second % 60, p + 18)
      p[20] = 0x2e
      let fraction = rest % 1_000_000
      put2(fraction / 10_000, p + 21)
      put2(fraction / 100 % 100, p + 23)
      put2(fraction % 100, p + 25)
      p[27] = 0x5a
      p[28] = 0x22
      return 29
    }
  }

  @inline(__always)
  private static func put2(_ value: Int, _ p: UnsafeMutablePointer<UInt8>) {
    p[0] = UInt8(truncatingIfNeeded: 0x30 + value / 10)
    p[1] = UInt8(truncatingIfNeeded: 0x30 + value % 10)
  }

  @inline(never)
  private static func appendUnusual(_ microseconds: Int64, to out: inout ByteBuffer) {
    out.append(utf8: "\"\(postgresText(microseconds))\"")
  }

  /// As Postgres prints it under `DateStyle=ISO, TimeZone=UTC`.
  public static func postgresText(_ microseconds: Int64) -> String {
    if microseconds == .max { return "infinity" }
    if microseconds == .min { return "-infinity" }
    let time = Timestamp(microseconds: microseconds)
    let (year, month, day) = time.day.civil
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let shownYear = year > 0 ? year : 1 - year
    let yearText = String(repeating: "0", count: max(0, 4 - String(shownYear).count)) + String(shownYear)
    let rest = Int(time.microsecondOfDay)
    let second = rest / 1_000_000
    var text = "\(yearText)-\(two(month))-\(two(day)) "
    text += "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
    if rest % 1_000_000 != 0 {
      var fraction = String(String(1_000_000 + rest % 1_000_000).dropFirst())
      while fraction.hasSuffix("0") { fraction.removeLast() }
      text += ".\(fraction)"
    }
    return text + "+00" + (year > 0 ? "" : " BC")
  }

  /// Reads what ``append(_:to:)`` wrote, without the quotes.
  @inline(__always)
  public static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
    guard text.count == 27, text[26] == 0x5a else { return parseUnusual(text) }
    var bad = text[4] ^ 0x2d | text[7] ^ 0x2d | text[10] ^ 0x54 | text[13] ^ 0x3a | text[16] ^ 0x3a | text[19] ^ 0x2e
    func two(_ offset: Int) -> Int {
      let (tens, ones) = (text[offset] &- 0x30, text[offset + 1] &- 0x30)
      if tens > 9 || ones > 9 { bad = 1 }
      return Int(tens) * 10 + Int(ones)
    }
    let year = two(0) * 100 + two(2)
    let (month, day) = (two(5), two(8))
    let (hour, minute, second) = (two(11), two(14), two(17))
    let fraction = two(20) * 10_000 + two(22) * 100 + two(24)
    guard bad == 0, hour < 24, minute < 60, second < 60, let date = UTCDay(year: year, month: month, day: day) else {
      return nil
    }
    return date.start.microseconds + Int64(hour * 3600 + minute * 60 + second) * 1_000_000 + Int64(fraction)
  }

  @inline(never)
  private static func parseUnusual(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    let text = String(decoding: bytes, as: UTF8.self)
    if text == "infinity" { return .max }
    if text == "-infinity" { return .min }
    let isBC = text.hasSuffix(" BC")
    let parts = (isBC ? text.dropLast(3) : text[...]).split(separator: " ")
    guard parts.count == 2, parts[1].hasSuffix("+00") else { return nil }
    let date = parts[0].split(separator: "-").compactMap { Int($0) }
    let clock = parts[1].dropLast(3).split(separator: ".")
    let time = (clock.first ?? "").split(separator: ":").compactMap { Int($0) }
    // No year that Postgres has not, no time beyond a day: what is computed of them must not overflow.
    guard date.count == 3, time.count == 3, clock.count <= 2, date[0] <= (isBC ? firstYear : lastYear),
      (0..<24).contains(time[0]), (0..<60).contains(time[1]), (0..<60).contains(time[2]),
      let day = UTCDay(year: isBC ? 1 - date[0] : date[0], month: date[1], day: date[2])
    else { return nil }
    var fraction = 0
    if clock.count == 2 {
      guard let value = Int(clock[1]), clock[1].count <= 6 else { return nil }
      fraction = (clock[1].count..<6).reduce(value) { value, _ in value * 10 }
    }
    let result = day.start.microseconds + Int64(time[0] * 3600 + time[1] * 60 + time[2]) * 1_000_000 + Int64(fraction)
    return postgresText(result) == text ? result : nil
  }
}
