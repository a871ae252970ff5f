// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import PageSupport
import Signing
import TestSupport
import Testing

/// `report.html` as people see it.
@Suite("The report in a browser", .enabled(if: Browser.isUsable))
struct ReportPageTests {
  private func page(_ signed: SignedArchive, keys: KeyRing? = nil) throws -> [UInt8] {
    let directory = try TemporaryDirectory("pull")
    _ = try signed.pull(into: directory("out"), keys: keys) {
      ($0.to, $0.allowsUnverified) = (UTCDay("2026-11-24"), true)
    }
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory("out/report.html"))))
  }

  @Test("a pull that verifies, phone and desktop, light and dark, screen and paper")
  func verified() throws { #expect(try Browser.faults("pull-verified", page(SignedArchive())) == []) }

  @Test("one that does not, with anomalies of long names")
  func unverified() throws {
    let signed = try SignedArchive { manifest in
      guard manifest.sequence == 1 else { return }
      var log = AnomalyLog()
      let detail = "it has no place on the chain: its predecessor is \(String(repeating: "0a", count: 32))"
      for row in 0..<3 {
        log.append(Anomaly(.orphan, row: row, id: String(repeating: "long", count: 20), detail: detail))
      }
      manifest.chain.anomalies = log
    }
    #expect(try Browser.faults("pull-unverified", page(signed, keys: KeyRing([]))) == [])
  }
}
