// SPDX-License-Identifier: Apache-2.0
internal import ArchivePages
public import ArchiveStore
public import AuditCore
internal import HTMLPage
internal import Signing

/// Pages that tests look at, and scripts/screenshots takes pictures of.
public enum SamplePages {
  public static let url = "s3://example-audit-archive/archives/memory-layer"
  /// 1,826 nights lie before it.
  public static let now = Timestamp("2026-11-23T02:10:00Z")!
  public static let nights = 1826

  /// Five years, as they should be.
  public static func well() throws -> ArchiveStatus {
    var sample = try SampleArchive()
    sample.rotation = UTCDay("2024-03-01")
    let last = now.day.advanced(by: -1)
    try sample.add(last.advanced(by: 1 - nights)...last, retention: 2557) { day, night in
      if day == UTCDay("2023-05-17") { night.rows = 410_000 }
    }
    let drills = try (0..<20).map { index in
      let start = now.day.advanced(by: -40 - 91 * index).start.advanced(bySeconds: 10_800)
      return try sample.drill(start, seconds: 230 - index * 6 + (index * 37) % 23)
    }
    return ArchiveStatus(sample.ledger, drills: drills, limits: ArchiveStatus.Limits(), now: now)
  }

  /// Two years with something of everything.
  public static func troubled() throws -> ArchiveStatus {
    var sample = try SampleArchive()
    let last = now.day.advanced(by: -5)
    let first = last.advanced(by: -600)
    try sample.add(first...last, retention: 400) { day, night in
      switch Int(day.number - first.number) {
      case 330...332: night.isSkipped = true
      case 411: night.anomalies = Self.anomalies(day, 3)
      case 512: night.anomalies = Self.anomalies(day, 1)
      case 540...543: night.retention = 30
      case 500...520 where night.rows > 0: night.isHeld = true
      case 571: night.isMisplaced = true
      default: break
      }
    }
    let start = now.day.start.advanced(bySeconds: -8 * 86_400)
    var drills = [
      try sample.drill(
        start, seconds: 95,
        fault:
          "the archive does not verify: hash-mismatch 0190f3c2-0000-7c31-9e02-5d1b3f0c2a44: the payload hashes to another digest"
      )
    ]
    for index in 1..<6 {
      drills.append(try sample.drill(start.advanced(bySeconds: Int64(-91 * index) * 86_400), seconds: 120 - index * 9))
    }
    return ArchiveStatus(sample.ledger, drills: drills, limits: ArchiveStatus.Limits(), now: now)
  }

  private static func anomalies(_ day: UTCDay, _ count: Int) -> [Anomaly] {
    let kinds: [AnomalyKind] = [.hashMismatch, .gap, .signatureInvalid]
    return (0..<count).map { index in
      Anomaly(
        kinds[index % kinds.count], row: 1200 + index, id: "0190f3c2-\(1000 + index)-7c31-9e02-5d1b3f0c2a44",
        detail: index == 0 ? "the payload hashes to another digest" : "its predecessor is not in the table")
    }
  }

  public static func drill(isPassed: Bool) throws -> StoredDrill {
    let sample = try SampleArchive()
    let fault =
      isPassed
      ? nil
      : "s3://example-audit-archive/archives/memory-layer/bundles/0000000100-00ff00ff00ff00ff.ndjson.zst: its SHA-256 is not the manifest's"
    return try sample.drill(now.advanced(bySeconds: -86_400), seconds: 214, fault: fault)
  }
}
