// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import HTMLPage

extension StatusPage {
  /// Rows and bytes of each day.
  var nights: HTML {
    let days = status.ledger.days.filter { $0.day <= status.now.day }
    guard let last = days.last?.day else {
      return .section("nights", "Rows and bytes a night", [.paragraph("No night is known.")])
    }
    let first = max(days[0].day, last.advanced(by: -CalendarYear.most * 366))
    var rows = [Int?](repeating: nil, count: Int(last.number - first.number) + 1)
    var bytes = rows
    for entry in days where entry.day >= first {
      rows[Int(entry.day.number - first.number)] = entry.rows
      bytes[Int(entry.day.number - first.number)] = entry.bytes
    }
    return .section(
      "nights", "Rows and bytes a night",
      [
        SkylineChart(title: "Rows", values: rows, first: first, format: { Formats.count($0) }).html,
        SkylineChart(title: "Stored bytes", values: bytes, first: first, format: { Formats.bytes($0) }).html,
        .aside("The numbers are in the tables of days above."),
      ])
  }
}
