// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import HTMLPage

/// A year of the calendar, as far as there is something to say about it.
struct CalendarYear {
  struct Cell {
    let day: UTCDay
    let state: DayState
    let entry: ArchiveDay?
  }

  let year: Int
  /// By month, 1 to 12; a month without days has none.
  let months: [[Cell]]

  var cells: [Cell] { months.flatMap { $0 } }

  /// Years that are drawn, at most: the newest ones.
  static let most = 20

  /// From the first day that is known to today, the newest year first.
  static func years(_ status: ArchiveStatus) -> [CalendarYear] {
    let today = status.now.day
    guard let first = status.firstDay, first <= today else { return [] }
    let newest = today.civil.year
    let oldest = max(first.civil.year, newest - most + 1)
    return (oldest...newest).reversed().map { CalendarYear($0, status, from: first, through: today) }
  }

  private init(_ year: Int, _ status: ArchiveStatus, from first: UTCDay, through last: UTCDay) {
    self.year = year
    months = (1...12).map { month in
      guard let start = UTCDay(year: year, month: month, day: 1) else { return [] }
      let next = UTCDay(year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1, day: 1) ?? start
      var cells: [Cell] = []
      var day = max(start, first)
      while day < next, day <= last {
        let entry = status.ledger[day]
        cells.append(Cell(day: day, state: status.state(of: day, entry), entry: entry))
        day = day.next
      }
      return cells
    }
  }
}

extension DayState {
  /// In the order of a legend.
  static let legend: [DayState] = [
    .archived, .empty, .open, .unlocked, .ending, .brief, .anomalous, .damaged, .missing,
  ]

  var words: String {
    switch self {
    case .archived: "archived"
    case .empty: "without rows"
    case .unlocked: "no longer locked"
    case .open: "not closed yet"
    case .ending: "soon unlocked"
    case .brief: "locked too briefly"
    case .anomalous: "with anomalies"
    case .damaged: "damaged"
    case .missing: "missing"
    }
  }

  var meaning: String {
    switch self {
    case .archived: "closed, with rows, under its lock"
    case .empty: "closed; the service wrote nothing that day"
    case .unlocked: "closed; its retention is over"
    case .open: "not over, or not due yet"
    case .ending: "closed; its retention is running out"
    case .brief: "locked for less than a year"
    case .anomalous: "archived, with rows that do not verify"
    case .damaged: "its manifest does not verify, or is out of place"
    case .missing: "over, and not in the archive"
    }
  }

  /// Id of its sign, one letter: it occurs once a day.
  var sign: String {
    switch self {
    case .archived: "a"
    case .empty: "e"
    case .unlocked: "u"
    case .open: "o"
    case .ending: "s"
    case .brief: "b"
    case .anomalous: "n"
    case .damaged: "d"
    case .missing: "m"
    }
  }

  /// What is drawn: shapes differ, not colours alone.
  var drawing: [HTML] {
    func rect(_ kind: String, _ x: String, _ size: String) -> HTML {
      .element("rect", ["class": kind, "x": x, "y": x, "width": size, "height": size, "rx": "1.5"])
    }
    func path(_ kind: String, _ shape: String) -> HTML { .element("path", ["class": kind, "d": shape]) }
    switch self {
    case .archived: return [rect("ca", "0", "11")]
    case .empty: return [rect("ce", ".6", "9.8")]
    case .unlocked: return [rect("ce", ".6", "9.8"), rect("ca", "3.5", "4")]
    case .open: return [rect("co", ".6", "9.8")]
    case .ending:
      return [rect("cs", ".6", "9.8"), path("cn", "M0 5.5H11V9.5A1.5 1.5 0 0 1 9.5 11H1.5A1.5 1.5 0 0 1 0 9.5z")]
    case .brief: return [rect("cs", ".6", "9.8"), path("cn", "M0 1.5A1.5 1.5 0 0 1 1.5 0H11L0 11z")]
    case .anomalous: return [rect("cn", "0", "11"), path("cw", "M5.5 2.3v4M5.5 8.6v.2")]
    case .damaged: return [rect("cd", "0", "11"), path("cw", "M2.6 5.5h5.8")]
    case .missing: return [rect("cm", ".6", "9.8"), path("cx", "M3.2 3.2l4.6 4.6M7.8 3.2L3.2 7.8")]
    }
  }
}
