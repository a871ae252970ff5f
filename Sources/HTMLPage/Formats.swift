// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// Numbers, sizes, times as people read them.
public enum Formats {
  /// `1,234,567`.
  public static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.utf8.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// `1,234 rows`, `1 row`.
  ///
  /// - Parameter plural: where it is not `one` with an s.
  public static func count(_ value: Int, _ one: String, _ plural: String? = nil) -> String {
    "\(count(value)) \(value == 1 ? one : plural ?? one + "s")"
  }

  /// Decimal units: `999 B`, `1.5 kB`, `12 MB`.
  public static func bytes(_ value: Int) -> String {
    guard value >= 1000 else { return "\(value) B" }
    var scaled = Double(value) / 1000
    for unit in ["kB", "MB", "GB", "TB", "PB"] {
      if scaled < 9.95 { return "\(tenths(scaled)) \(unit)" }
      if scaled < 999.5 { return "\(Int(scaled.rounded())) \(unit)" }
      scaled /= 1000
    }
    return "\(count(Int(scaled.rounded()))) EB"
  }

  /// `850 ms`, `4.2 s`, `3 min 12 s`, `2 h 05 min`.
  public static func duration(milliseconds: Int) -> String {
    if milliseconds < 1000 { return "\(milliseconds) ms" }
    if milliseconds < 59_950 { return "\(tenths(Double(milliseconds) / 1000)) s" }
    let seconds = milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0)
    if seconds < 3600 { return "\(seconds / 60) min \(twoDigits(seconds % 60)) s" }
    let minutes = seconds / 60
    return "\(count(minutes / 60)) h \(twoDigits(minutes % 60)) min"
  }

  /// `99.9 %`; neither 0 nor 100 where it is not just that.
  public static func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0, part > 0 else { return "0 %" }
    guard part < whole else { return "100 %" }
    let percent = 100 * Double(part) / Double(whole)
    return percent < 0.1 ? "< 0.1 %" : percent > 99.9 ? "> 99.9 %" : "\(tenths(percent)) %"
  }

  /// `23 Nov 2026`.
  public static func day(_ day: UTCDay) -> String {
    let (year, month, number) = day.civil
    return "\(number) \(months[month - 1].prefix(3)) \(year)"
  }

  /// `23 Nov 2026, 02:00 UTC`.
  public static func minute(_ time: Timestamp) -> String {
    let minutes = Int(time.microsecondOfDay / 60_000_000)
    return "\(day(time.day)), \(twoDigits(minutes / 60)):\(twoDigits(minutes % 60)) UTC"
  }

  public static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(count(tenths / 10)).\(tenths % 10)"
  }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
