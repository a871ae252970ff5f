// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Cryptography
internal import HTMLPage

extension StatusPage {
  /// The drills, the trend of their recovery times, and each one's steps.
  var drills: HTML {
    let drills = status.drills
    guard !drills.isEmpty else {
      return .section(
        "drills", "Drills", [.paragraph("There is no report of a drill that a key at hand verifies.")])
    }
    let rows = drills.enumerated().map { index, drill -> [HTML] in
      [
        .element("a", ["href": "#\(Self.anchor(drill))"], [.minute(drill.startedAt)]),
        drill.isPassed ? .badge(.well, "passed") : .badge(.problem, "failed"),
        .text(drill.period ?? "–"), .text(Formats.count(drill.rows)),
        .text(drill.recoveryMilliseconds > 0 ? Formats.duration(milliseconds: drill.recoveryMilliseconds) : "–"),
        drill.recoveryPoint.map { .minute($0) } ?? "–",
        .element("span", drill.signers.map { .code($0.kid) }),
      ]
    }
    let list = Table(
      "Drills whose reports verify, the newest first",
      columns: [
        ("Began", .fixed), ("Verdict", .fixed), ("Days restored", .fixed), ("Rows", .number),
        ("Recovery time", .number),
        ("Recovery point", .fixed), ("Signed by", .words),
      ], rows: rows)
    let details = drills.enumerated().map { index, drill in
      HTML.element(
        "details", [HTML.Attribute("id", Self.anchor(drill))] + (index == 0 ? [HTML.Attribute("open", "")] : []),
        [
          .element(
            "summary",
            [
              .text(
                "Drill of \(Formats.minute(drill.startedAt)): \(drill.isPassed ? "passed" : "failed"), the time of each step"
              )
            ]),
          DrillPage.steps(drill, of: "the drill of \(drill.startedAt.day)"),
        ])
    }
    return .section("drills", "Drills", [trend(drills), list.html] + details)
  }

  private static func anchor(_ drill: StoredDrill) -> String {
    "drill-\(drill.startedAt.compact)-\(drill.digest.hex.prefix(8))"
  }

  /// A time in one unit, which fits above a narrow column.
  private static func brief(_ milliseconds: Int) -> String {
    let seconds = milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0)
    return seconds < 600 ? "\(seconds) s" : seconds < 36_000 ? "\(seconds / 60) min" : "\(seconds / 3600) h"
  }

  /// Recovery times, the oldest first.
  private func trend(_ drills: [StoredDrill]) -> HTML {
    let columns = drills.reversed().map { drill in
      let time = Formats.duration(milliseconds: drill.recoveryMilliseconds)
      return ColumnChart.Column(
        label:
          "\(Formats.months[drill.startedAt.day.civil.month - 1].prefix(3)) \(drill.startedAt.day.civil.year % 100)",
        value: drill.recoveryMilliseconds, isFault: !drill.isPassed,
        words: "\(Formats.day(drill.startedAt.day)): \(drill.isPassed ? time : "failed")")
    }
    let chart = ColumnChart(
      label: "Recovery time of each drill: " + columns.map(\.words).joined(separator: "; "), columns: Array(columns),
      format: Self.brief)
    return .element(
      "figure", [.element("figcaption", ["Recovery time of each drill, the newest last"]), chart.html])
  }
}
