// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// An instant as Postgres keeps a `timestamptz`: microseconds since 2000-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let microseconds: Int64

  public static var microsecondsPerDay: Int64 { 86_400_000_000 }
  /// 2000-01-01 in days since 1970-01-01.
  public static var epochDay: Int64 { 10_957 }
  /// Postgres's `-infinity` and `infinity`.
  public static var distantPast: Timestamp { Timestamp(microseconds: .min) }
  public static var distantFuture: Timestamp { Timestamp(microseconds: .max) }

  /// Neither of the infinities; such a stamp has a day.
  @inline(__always)
  public var isFinite: Bool { microseconds != .min && microseconds != .max }

  /// The nearest instant from year 1 to 9999, which documents can name.
  public var inDocumentYears: Timestamp { min(max(self, Self.firstInDocuments), Self.lastInDocuments) }

  /// 0001-01-01T00:00:00Z and the microsecond before 10000-01-01.
  private static let firstInDocuments = Timestamp(microseconds: -63_082_281_600_000_000)
  private static let lastInDocuments = Timestamp(microseconds: 252_455_616_000_000_000 - 1)

  public init(microseconds: Int64) { self.microseconds = microseconds }

  public static func now() -> Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    let unix = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    return Timestamp(microseconds: unix - epochDay * microsecondsPerDay)
  }

  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

  public func advanced(bySeconds seconds: Int64) -> Timestamp {
    let (sum, overflow) = microseconds.addingReportingOverflow(seconds * 1_000_000)
    return overflow ? self : Timestamp(microseconds: sum)
  }

  public var unixSeconds: Int64 {
    (microseconds + Self.epochDay * Self.microsecondsPerDay - microsecondOfDay % 1_000_000) / 1_000_000
  }

  /// The UTC day that the instant lies in; the days of the infinities are clamped.
  @inline(__always)
  public var day: UTCDay {
    let days = Self.floorDivide(microseconds, Self.microsecondsPerDay) + Self.epochDay
    return UTCDay(number: Int32(clamping: days))
  }

  @inline(__always)
  public var microsecondOfDay: Int64 {
    // Not by the day's start, which for the infinities lies outside of what a stamp can say.
    let rest = microseconds % Self.microsecondsPerDay
    return rest < 0 ? rest + Self.microsecondsPerDay : rest
  }

  @inline(__always)
  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
  }

  /// `2026-11-23T02:00:00.123456Z`.
  public var iso: String { "\(isoToTheSecond).\(padded(Int(microsecondOfDay % 1_000_000), 6))Z" }

  /// `2026-11-23T02:00:00Z`; fractions are cut off.
  public var isoSeconds: String { isoToTheSecond + "Z" }

  /// `20261123T020000Z`, as in object names.
  public var compact: String { isoSeconds.filter { $0 != "-" && $0 != ":" } }

  private var isoToTheSecond: String {
    let second = Int(microsecondOfDay / 1_000_000)
    return "\(day)T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
  }

  public var description: String { iso }

  /// Reads `2026-11-23T02:00:00[.1 to .123456]Z`, just that.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes.count != 21, bytes.count <= 27, bytes.last == 0x5a, bytes[10] == 0x54,
      bytes[13] == 0x3a, bytes[16] == 0x3a,
      let day = UTCDay(String(decoding: bytes[0..<10], as: UTF8.self)),
      let hour = decimal(bytes[11..<13]), let minute = decimal(bytes[14..<16]), let second = decimal(bytes[17..<19]),
      hour < 24, minute < 60, second < 60
    else { return nil }
    var fraction = 0
    if bytes.count > 20 {
      let digits = bytes[20..<(bytes.count - 1)]
      guard bytes[19] == 0x2e, let value = decimal(digits) else { return nil }
      fraction = (digits.count..<6).reduce(value) { value, _ in value * 10 }
    }
    let seconds = Int64(hour * 3600 + minute * 60 + second)
    self.init(microseconds: day.start.microseconds + seconds * 1_000_000 + Int64(fraction))
  }
}
