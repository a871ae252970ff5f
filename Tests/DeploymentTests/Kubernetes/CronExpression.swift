// SPDX-License-Identifier: Apache-2.0

/// The five fields of a CronJob's schedule, as far as manifests here use them: numbers, ranges, lists, steps and stars.
struct CronExpression: Equatable {
  let minutes: Set<Int>
  let hours: Set<Int>
  let days: Set<Int>
  let months: Set<Int>
  let weekdays: Set<Int>

  /// Nil for what is none.
  init?(_ text: String) {
    let ranges = [0...59, 0...23, 1...31, 1...12, 0...6]
    let fields = text.split(separator: " ", omittingEmptySubsequences: false)
    guard fields.count == ranges.count else { return nil }
    var sets: [Set<Int>] = []
    for (field, range) in zip(fields, ranges) {
      guard let set = Self.set(field, range) else { return nil }
      sets.append(set)
    }
    (minutes, hours, days, months, weekdays) = (sets[0], sets[1], sets[2], sets[3], sets[4])
  }

  private static func set(_ field: Substring, _ range: ClosedRange<Int>) -> Set<Int>? {
    var result: Set<Int> = []
    for item in field.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = item.split(separator: "/", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), let span = span(parts[0], range) else { return nil }
      guard let step = parts.count == 1 ? 1 : Int(parts[1]), step > 0 else { return nil }
      result.formUnion(stride(from: span.lowerBound, through: span.upperBound, by: step))
    }
    return result
  }

  private static func span(_ text: Substring, _ range: ClosedRange<Int>) -> ClosedRange<Int>? {
    if text == "*" { return range }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else { return nil }
    guard first <= last, range.contains(first), range.contains(last) else { return nil }
    return first...last
  }
}
