// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import HTMLPage

extension StatusPage {
  /// A square a day, a block a month, a row of them a year.
  var calendar: HTML {
    let years = CalendarYear.years(status)
    guard !years.isEmpty else { return .section("days", "Days", [.paragraph("No day is known.")]) }
    var counts: [DayState: Int] = [:]
    for cell in years.flatMap(\.cells) { counts[cell.state, default: 0] += 1 }
    var parts: [HTML] = [symbols, legend(counts)]
    parts += years.map(year)
    if let first = status.firstDay, let oldest = years.last, first.civil.year < oldest.year {
      parts.append(.aside(.text("Days before \(oldest.year), from \(first) on, are not drawn.")))
    }
    return .section("days", "Days", parts)
  }

  /// The signs, once: squares refer to them.
  private var symbols: HTML {
    let symbols = DayState.allCases.map { state in
      HTML.element("g", ["id": state.sign], state.drawing)
    }
    return .element(
      "svg", ["class": "signs", "aria-hidden": "true", "width": "0", "height": "0"], [.element("defs", symbols)])
  }

  private func legend(_ counts: [DayState: Int]) -> HTML {
    .element(
      "ul", ["class": "legend"],
      DayState.legend.map { state in
        let count = counts[state] ?? 0
        return .element(
          "li", count == 0 ? ["class": "none"] : [:],
          [
            .element(
              "svg", ["viewBox": "0 0 11 11", "aria-hidden": "true"],
              [.element("use", ["href": "#\(state.sign)"])]),
            .element("span", [.element("strong", [.text(Formats.count(count))]), .text(" \(state.words)")]),
            .element("span", ["class": "muted"], [.text(state.meaning)]),
          ])
      })
  }

  private func year(_ year: CalendarYear) -> HTML {
    .element(
      "div", ["class": "year"],
      [
        .element("h3", [.text(String(year.year)), " ", .element("span", [.text(Self.summary(year.cells))])]),
        .element("div", ["class": "months"], year.months.enumerated().map { month(year.year, $0 + 1, $1) }),
        .element("div", ["class": "screen"], [.folded("Days of \(year.year) as a table", [table(year)])]),
      ])
  }

  private func month(_ year: Int, _ month: Int, _ cells: [CalendarYear.Cell]) -> HTML {
    let name = Formats.months[month - 1]
    guard let first = cells.first, let start = UTCDay(year: year, month: month, day: 1) else {
      return .element("div", ["class": "void"])
    }
    let before = Self.weekday(start)
    let squares = cells.map { cell in
      let place = Int(cell.day.number - start.number) + before
      return HTML.element(
        "use", ["href": "#\(cell.state.sign)", "x": "\(place / 7 * 13)", "y": "\(place % 7 * 13)"],
        [.element("title", [.text(Self.title(cell))])])
    }
    let label = "\(name) \(year): \(Self.summary(cells))\(cells.count < 28 ? ", from \(first.day)" : "")"
    return .element(
      "div",
      [
        .element("div", ["aria-hidden": "true"], [.text(String(name.prefix(3)))]),
        .element("svg", ["viewBox": "0 0 77 90", "role": "img", "aria-label": label], squares),
      ])
  }

  /// 0 for a Monday.
  private static func weekday(_ day: UTCDay) -> Int { ((Int(day.number) + 3) % 7 + 7) % 7 }

  private static func title(_ cell: CalendarYear.Cell) -> String {
    guard let entry = cell.entry else { return "\(Formats.day(cell.day)): \(cell.state.words)" }
    var text = "\(Formats.day(cell.day)): \(cell.state.words), \(Formats.count(entry.rows, "row"))"
    if entry.bytes > 0 { text += ", \(Formats.bytes(entry.bytes))" }
    if entry.anomalies > 0 { text += ", \(Formats.count(entry.anomalies, "anomaly", "anomalies"))" }
    return text
  }

  /// `300 archived, 2 missing`.
  static func summary(_ cells: [CalendarYear.Cell]) -> String {
    DayState.legend.compactMap { state in
      let count = cells.count { $0.state == state }
      return count == 0 ? nil : "\(count) \(state.words)"
    }.joined(separator: ", ")
  }

  private func table(_ year: CalendarYear) -> HTML {
    let rows = year.cells.reversed().map { cell -> [HTML] in
      let entry = cell.entry
      let lock = entry.map { $0.lockEnd.isFinite ? $0.lockEnd.day.description + ($0.isHeld ? ", held" : "") : "" } ?? ""
      return [
        .text(cell.day.description), .text(cell.state.words), .text(entry.map { Formats.count($0.rows) } ?? ""),
        .text(entry.map { Formats.bytes($0.bytes) } ?? ""),
        .text(entry.map { $0.anomalies == 0 ? "" : Formats.count($0.anomalies) } ?? ""), .text(lock),
      ]
    }
    return Table(
      "Each day of \(year.year), the newest first",
      columns: [
        ("Day", .words), ("State", .words), ("Rows", .number), ("Stored", .number), ("Anomalies", .number),
        ("Locked until", .fixed),
      ], rows: rows
    ).html
  }
}
