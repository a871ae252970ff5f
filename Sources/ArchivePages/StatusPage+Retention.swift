// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import HTMLPage

extension StatusPage {
  /// When locks end, by the month.
  var retention: HTML {
    let days = status.ledger.days
    let held = days.count { $0.isHeld }
    let ended = days.count { $0.lockEnd <= status.now && !$0.isHeld }
    let soon = days.count { status.state(of: $0.day, $0) == .ending }
    let columns = months(days)
    let warning = status.limits.retentionWarning
    var parts: [HTML] = [
      .facts([
        HTML.Fact("First lock ends", status.earliestRetentionEnd.map { .day($0.day) } ?? "–"),
        HTML.Fact("Days whose lock has ended", .text(Formats.count(ended))),
        HTML.Fact("Days whose lock ends within \(warning) days", .text(Formats.count(soon))),
        HTML.Fact(
          "Days under legal hold", .text(Formats.count(held)), held > 0 ? "they stay, whatever their lock" : nil),
      ])
    ]
    if columns.contains(where: { $0.value > 0 }) {
      let chart = ColumnChart(
        label: "Days whose lock ends, by month: " + columns.map(\.words).joined(separator: "; "), columns: columns,
        labelsAll: true,
        format: { $0 == 0 ? "" : Formats.count($0) })
      parts.append(
        .element(
          "figure", [.element("figcaption", ["Days whose lock ends in each of the next fifteen months"]), chart.html]))
    }
    parts.append(
      .aside(
        .text(
          "Locks that were made to end by now, or within \(warning) days, are read from the store; later ones are as "),
        "the manifests promise them, and may have been extended since: ", .code("memoryctl retention show"),
        " reads them all."))
    return .section("retention", "Retention", parts)
  }

  /// This month and the fourteen behind it.
  private func months(_ days: [ArchiveDay]) -> [ColumnChart.Column] {
    let (year, month, _) = status.now.day.civil
    let first = year * 12 + month - 1
    var counts = [Int](repeating: 0, count: 15)
    for entry in days where entry.lockEnd > status.now && entry.lockEnd.isFinite {
      let (year, month, _) = entry.lockEnd.day.civil
      let index = year * 12 + month - 1 - first
      if counts.indices.contains(index) { counts[index] += 1 }
    }
    return counts.enumerated().map { index, count in
      let number = first + index
      let name = "\(Formats.months[number % 12].prefix(3)) \(number / 12 % 100)"
      return ColumnChart.Column(label: name, value: count, words: "\(name): \(Formats.count(count, "day"))")
    }
  }
}
