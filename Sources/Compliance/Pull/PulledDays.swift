// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// The days of a pull against the calendar.
public struct PulledDays: Sendable {
  public private(set) var first: UTCDay?
  public private(set) var last: UTCDay?
  /// Days that a manifest closes.
  public private(set) var closed = 0
  /// Closed days without rows.
  public private(set) var empty = 0
  /// Days between those asked for that no pulled manifest closes, the first thousand.
  public private(set) var missing: [UTCDay] = []
  public private(set) var missingTotal = 0
  /// Days asked for that lie before the archive's first one.
  public private(set) var beforeArchive = 0

  private let from: UTCDay?
  private let to: UTCDay?
  private var newestClosed: UTCDay?
  private var hasRows = false

  init(from: UTCDay?, to: UTCDay?) { (self.from, self.to) = (from, to) }

  /// Takes the manifests in their order.
  ///
  /// - Parameter isFirst: it is the stream's first one: days before it are none of the archive's.
  mutating func take(_ coverage: Manifest.Coverage, rows: Int, isFirst: Bool) {
    if first == nil {
      first = coverage.day
      if let from, from < coverage.day {
        if isFirst { beforeArchive = Self.count(from, coverage.day) } else { note(from, until: coverage.day) }
      }
      newestClosed = coverage.day.advanced(by: -1)
    }
    last = max(last ?? coverage.day, coverage.day)
    hasRows = hasRows || rows > 0
    guard coverage.isLast, let newest = newestClosed, coverage.day > newest else { return }
    note(newest.next, until: coverage.day)
    newestClosed = coverage.day
    closed += 1
    if !hasRows { empty += 1 }
    hasRows = false
  }

  /// Notes what is missing at the end: days that are over, and were asked for.
  mutating func finish(today: UTCDay) {
    guard let newestClosed else { return }
    let end = min(to?.next ?? last?.next ?? today, today)
    note(newestClosed.next, until: end)
  }

  private static func count(_ first: UTCDay, _ end: UTCDay) -> Int { Int(end.number) - Int(first.number) }

  private mutating func note(_ start: UTCDay, until end: UTCDay) {
    guard start < end else { return }
    missingTotal += Self.count(start, end)
    var day = start
    while day < end, missing.count < 1000 {
      missing.append(day)
      day = day.next
    }
  }

  /// `days` of `report.json`.
  var json: JSONValue {
    func text(_ day: UTCDay?) -> JSONValue { day.map { .string($0.description) } ?? .null }
    return .object([
      "first": text(first), "last": text(last), "closed": .count(closed), "empty": .count(empty),
      "missing": .array(missing.map { .string($0.description) }), "missingTotal": .count(missingTotal),
      "beforeArchive": .count(beforeArchive),
    ])
  }
}
