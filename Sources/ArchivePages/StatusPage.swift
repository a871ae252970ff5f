// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import AuditCore
public import HTMLPage

/// The state of an archive as one page: `audit status --html`, and what `serve` shows.
public struct StatusPage: Sendable {
  let status: ArchiveStatus
  let stream: String
  let url: String

  /// - Parameter status: with the drills that are to be shown.
  public init(_ status: ArchiveStatus, of archive: Archive) {
    self.init(status, stream: archive.stream, url: archive.url)
  }

  /// - Parameter url: of the stream, without secrets.
  public init(_ status: ArchiveStatus, stream: String, url: String) {
    (self.status, self.stream, self.url) = (status, stream, url)
  }

  /// Drills that a page shows.
  public static var drills: Int { 40 }

  public var page: Page {
    let sections = [calendar, nights, chain, signers, retention, drills, anomalies].compactMap { $0 }
    let links = [("days", "Days"), ("nights", "Rows and bytes"), ("chain", "Chain"), ("signers", "Signers")]
    let more = [("retention", "Retention"), ("drills", "Drills"), ("anomalies", "Anomalies")]
    return Page(
      "\(title) · \(stream)", style: .archive,
      header: [
        .element("p", [.element("strong", [.text(stream)]), " ", .element("span", ["class": "muted"], [.text(url)])]),
        .navigation(links + more),
      ],
      main: [verdict, notices, facts] + sections, footer: footer)
  }

  private var footer: [HTML] {
    [
      .paragraph("Looked at ", .minute(status.now), " by ", .text(Tool.name), ". Days are UTC days."),
      .paragraph(
        "This page says what the manifests and the drill reports say, as far as the keys at hand verify them. It does not ",
        "read the bundles: ", .code("memoryctl audit verify"), " checks every row."),
    ]
  }

  private var facts: HTML {
    let ledger = status.ledger
    return .facts([
      HTML.Fact("Days closed", .text(Formats.count(closedDays)), .text(daysNote)),
      HTML.Fact(
        "Rows archived", .text(Formats.count(ledger.rows)), .text("in " + Formats.count(ledger.manifests, "manifest"))),
      HTML.Fact(
        "Stored", .text(Formats.bytes(ledger.bytes)),
        .text("from \(Formats.bytes(ledger.contentBytes)) before compression")),
      HTML.Fact("Anomalies", .text(Formats.count(ledger.anomalies)), .text(anomaliesNote)),
      HTML.Fact(
        "Last drill that passed", status.lastDrill.map { .day($0.day) } ?? "never", drillNote.map { .text($0) }),
      HTML.Fact("First lock ends", status.earliestRetentionEnd.map { .day($0.day) } ?? "–", .text(lockNote)),
    ])
  }

  private var closedDays: Int { status.ledger.days.count { $0.isClosed } }

  private var daysNote: String {
    guard let first = status.firstDay else { return "no day is known" }
    let missing = status.missingTotal > 0 ? ", \(Formats.count(status.missingTotal)) missing" : ""
    return "since \(Formats.day(first))\(missing)"
  }

  private var anomaliesNote: String {
    let days = status.ledger.days.count { $0.anomalies > 0 }
    return days == 0 ? "in no day" : "in \(Formats.count(days, "day"))"
  }

  private var drillNote: String? {
    status.drills.first(where: \.isPassed).map {
      "recovered in \(Formats.duration(milliseconds: $0.recoveryMilliseconds))"
    }
  }

  private var lockNote: String {
    let soon = status.retentionRunningOut == 0 ? "none" : Formats.count(status.retentionRunningOut, "manifest")
    let ended = status.retentionEnded == 0 ? "" : ", \(Formats.count(status.retentionEnded)) ended"
    return "\(soon) within \(status.limits.retentionWarning) days\(ended)"
  }
}
