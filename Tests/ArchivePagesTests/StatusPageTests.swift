// SPDX-License-Identifier: Apache-2.0
import ArchivePages
import ArchiveStore
import AuditCore
import Foundation
import HTMLPage
import PageSupport
import Signing
import TestSupport
import Testing

@Suite("The status page")
struct StatusPageTests {
  private func html(_ status: ArchiveStatus, stream: String = SampleArchive.stream) -> String {
    String(decoding: StatusPage(status, stream: stream, url: SamplePages.url).page.bytes, as: UTF8.self)
  }

  private func status(
    _ days: String, _ last: String, retention: Int = 2557, now: String = "2026-11-23T02:10:00Z",
    _ change: (UTCDay, inout SampleArchive.Night) -> Void = { _, _ in }
  ) throws -> ArchiveStatus {
    var sample = try SampleArchive()
    try sample.add(try #require(UTCDay(days))...(try #require(UTCDay(last))), retention: retention, change)
    return ArchiveStatus(
      sample.ledger, drills: [], limits: ArchiveStatus.Limits(), now: try #require(Timestamp(now)))
  }

  /// As a notice shows it.
  private func command(_ line: String) -> String {
    let words = line.split(separator: " ").map { "<span class=\"f\">\($0)</span>" }
    return "<pre><code>\(words.joined(separator: " "))</code></pre>"
  }

  @Test("five years of nights are all there, in less than a megabyte")
  func size() throws {
    let page = html(try SamplePages.well())
    #expect(page.utf8.count < 1_000_000, "\(page.utf8.count) bytes")
    // Today, which is open, and each night once in the calendar and once in a table.
    #expect(page.components(separatedBy: "<use href=\"#").count - 1 == SamplePages.nights + 1 + DayState.allCases.count)
    #expect(page.components(separatedBy: "<th scope=\"row\">20").count - 1 == SamplePages.nights + 1)
    #expect(page.contains("<h1>The archive is well</h1>"))
    // One night of them is far beyond the others.
    #expect(page.contains("the largest 410,000; steps are cut off at "))
  }

  struct StateCase: Sendable, CustomTestStringConvertible {
    let state: DayState
    let change: @Sendable (inout SampleArchive.Night) -> Void
    var retention = 2557
    var testDescription: String { "\(state)" }
  }

  @Test(
    "each state of a day has a square of its own, and its words",
    arguments: [
      StateCase(state: .archived, change: { $0.rows = 5 }),
      StateCase(state: .empty, change: { $0.rows = 0 }),
      StateCase(state: .unlocked, change: { $0.retention = 380 }),
      StateCase(state: .archived, change: { ($0.rows, $0.retention, $0.isHeld) = (5, 380, true) }),
      StateCase(state: .ending, change: { $0.retention = 420 }),
      StateCase(state: .brief, change: { $0.retention = 363 }),
      StateCase(
        state: .anomalous, change: { $0.anomalies = [Anomaly(.gap, row: 0, id: "an-id", detail: "a detail")] }),
      StateCase(state: .damaged, change: { $0.isMisplaced = true }),
      StateCase(state: .missing, change: { $0.isSkipped = true }),
      StateCase(state: .missing, change: { $0.isLast = false }),
    ])
  func states(_ row: StateCase) throws {
    let day = try #require(UTCDay("2025-10-10"))
    let status = try status("2025-10-08", "2026-11-22") { if $0 == day { row.change(&$1) } }
    #expect(status.state(of: day, status.ledger[day]) == row.state)
    let signs: [DayState: String] = [
      .archived: "a", .empty: "e", .unlocked: "u", .open: "o", .ending: "s", .brief: "b", .anomalous: "n",
      .damaged: "d",
      .missing: "m",
    ]
    let square = try #require(html(status).components(separatedBy: "<use ").first { $0.contains("10 Oct 2025: ") })
    #expect(square.hasPrefix("href=\"#\(try #require(signs[row.state]))\""), "\(square.prefix(120))")
  }

  @Test("a day that is not due is open; one that is due is missing, and the command is told")
  func due() throws {
    let open = try status("2026-11-01", "2026-11-21")
    let yesterday = try #require(UTCDay("2026-11-22"))
    #expect(open.problems == [] && open.state(of: yesterday, nil) == .open)
    let late = try status("2026-11-01", "2026-11-18")
    let missing = try #require(UTCDay("2026-11-19"))...(try #require(UTCDay("2026-11-21")))
    #expect(late.missing == [missing])
    let page = html(late)
    #expect(page.contains("<h1>The archive needs attention</h1>"))
    #expect(page.contains("The newest closed day is 2026-11-18, 5 days ago"))
    #expect(page.contains(command("memoryctl audit archive")))
  }

  @Test("days that were taken away in the middle are an open seam, and no matter for the nightly job")
  func hole() throws {
    let status = try status("2026-10-01", "2026-11-22") { day, night in
      night.isSkipped = day == UTCDay("2026-10-15") || day == UTCDay("2026-10-16")
    }
    #expect(status.missingTotal == 2 && status.ledger.stretchesTotal == 2)
    let page = html(status)
    #expect(page.contains("it does not cover the day behind the one before"))
    #expect(page.contains(command("memoryctl audit verify --archive &quot;$AUDIT_ARCHIVE_URL&quot;")))
    #expect(!page.contains(command("memoryctl audit archive")))
  }

  @Test("what a stranger wrote stays text")
  func hostile() throws {
    let evil = "\"><script>alert(1)</script><img src=x onerror=y>"
    let status = try status("2026-11-01", "2026-11-22") { day, night in
      guard day == UTCDay("2026-11-10") else { return }
      night.anomalies = [Anomaly(.gap, row: 0, id: evil, detail: evil)]
    }
    for page in [html(status), html(status, stream: evil)] {
      #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
      for mark in ["<script", "<img", "onerror=y>"] { #expect(!page.contains(mark), "\(mark)") }
    }
  }

  @Test("the trouble of two years: each problem with what to do, each drill with its steps")
  func troubled() throws {
    let status = try SamplePages.troubled()
    let page = html(status)
    for words in [
      "6 days are not closed, from 2026-02-21", "The newest closed day is 2026-11-18", "4 rows of 2 days do not verify",
      "4 days were locked for less than 365 days", command("memoryctl manifest show 408"),
      "<dt><code>hash-mismatch</code></dt>", "previousManifest is not the digest of the one before",
      "✕ failed", "The locks of ",
    ] {
      #expect(page.contains(words), "\(words)")
    }
    #expect(status.problems.contains { $0.contains("failed, and none has passed since") })
    for drill in status.drills { #expect(page.contains("id=\"drill-\(drill.startedAt.compact)-")) }
  }

  @Test("no manifest that can be read is a page, too")
  func nothing() {
    let status = ArchiveStatus(
      ArchiveLedger(), drills: [], limits: ArchiveStatus.Limits(), now: SamplePages.now)
    #expect(html(status).contains("No manifest could be read."))
  }
}
