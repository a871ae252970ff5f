// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// Times as credential documents have them.
enum ISO8601 {
  /// Reads `2026-11-23T02:00:00Z`, with a fraction of any length, and with an offset such as `+01:00` in place of `Z`.
  static func parse(_ text: String) -> Timestamp? {
    guard text.utf8.count >= 20, let time = text.dropFirst(11).first, time.isNumber else { return nil }
    let seconds = text.prefix(19)
    var rest = text.dropFirst(19)
    if rest.first == "." { rest = rest.dropFirst().drop { $0.isASCII && $0.isNumber } }
    guard let local = Timestamp("\(seconds)Z"), let offset = offsetSeconds(rest) else { return nil }
    return local.advanced(bySeconds: -offset)
  }

  private static func offsetSeconds(_ text: Substring) -> Int64? {
    if text == "Z" || text == "z" { return 0 }
    let digits = text.dropFirst().filter { $0 != ":" }
    guard let sign = text.first, sign == "+" || sign == "-", digits.count == 4, let number = Int64(digits), number >= 0
    else { return nil }
    let seconds = (number / 100 * 60 + number % 100) * 60
    return sign == "-" ? -seconds : seconds
  }
}
