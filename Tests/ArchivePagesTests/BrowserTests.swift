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

/// Every page that the program makes, in a browser: a row each.
@Suite("Pages in a browser", .enabled(if: Browser.isUsable))
struct BrowserTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let make: @Sendable () throws -> [UInt8]
    var testDescription: String { name }
  }

  static let rows = [
    Row(name: "status-well") { try status(SamplePages.well()) },
    Row(name: "status-troubled") { try status(SamplePages.troubled()) },
    Row(name: "drill-passed") { try drill(isPassed: true, .valid(["manifests-2021"])) },
    Row(name: "drill-failed") { try drill(isPassed: false, .unverifiable("no key at hand for manifests-2021")) },
    Row(name: "waiting") {
      Page("A page", header: ["header"], main: [.verdict(.notice, "A page", ["words"])], footer: ["footer"]).bytes
    },
  ]

  private static func status(_ status: ArchiveStatus) -> [UInt8] {
    StatusPage(status, stream: SampleArchive.stream, url: SamplePages.url).page.bytes
  }

  private static func drill(isPassed: Bool, _ verdict: ProofVerdict) throws -> [UInt8] {
    DrillPage(
      try SamplePages.drill(isPassed: isPassed), stream: SampleArchive.stream, url: SamplePages.url,
      key: "drills/20261122T021000Z-0123abcd.json", verdict: verdict
    ).page.bytes
  }

  @Test("phone and desktop, light and dark, screen and paper", arguments: rows)
  func looks(_ row: Row) throws {
    #expect(try Browser.faults(row.name, row.make()) == [])
  }

  @Test("each look would see what it looks for")
  func faults() throws {
    let bad = """
      <!DOCTYPE html><html><head><meta charset="utf-8"><title></title></head><body>
      <nav><a href="#nowhere">x</a></nav><div style="width:3000px;color:#bbb;background:#fff">pale</div>
      <img src="missing.png"><script>console.error('loud')</script></body></html>
      """
    let found = try Browser.faults("bad", Array(bad.utf8))
    for kind in [
      "console: loud", "request: ", "structure: 0 of main", "structure: no title", "structure: it has a script",
      "overflow: ", "links: ", "scheme: ", "focus: ", "axe: color-contrast", "axe: image-alt", "paper: links",
    ] {
      #expect(found.contains { $0.contains(kind) }, "\(kind) in \(found)")
    }
  }
}
