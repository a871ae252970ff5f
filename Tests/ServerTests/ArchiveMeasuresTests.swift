// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import PageSupport
import Server
import Testing

@Suite("Metrics of an archive")
struct ArchiveMeasuresTests {
  @Test("locks that end, and have ended; none that is yet to end takes the place of one that was")
  func locks() throws {
    var sample = try SampleArchive()
    let first = try #require(UTCDay("2025-10-01"))
    try sample.add(first...first.advanced(by: 9), retention: 400)
    let registry = PrometheusRegistry(help: ArchiveMeasures.help)
    func lines(_ time: Timestamp) -> [String] {
      let status = ArchiveStatus(sample.ledger, drills: [], limits: ArchiveStatus.Limits(), now: time)
      ArchiveMeasures(status).set(in: registry)
      return registry.text.split(separator: "\n").filter {
        $0.hasPrefix("memory_audit_archive_") && $0.contains("retention")
      }
      .map { String($0.dropFirst("memory_audit_archive_".utf8.count)) }
    }
    let ends = sample.manifests.map(\.manifest.retention.until)
    #expect(
      lines(ends[3]) == [
        "earliest_retention_end_timestamp_seconds \(ends[4].unixSeconds)", "retention_ended 4",
        "retention_running_out 6",
      ])
    #expect(
      lines(ends[9]) == [
        "earliest_retention_end_timestamp_seconds +Inf", "retention_ended 10", "retention_running_out 0",
      ])
  }
}
