// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import AuditCore
internal import ChainReader
internal import Cryptography
internal import Pipeline
internal import RowCodec
internal import Signing

/// Verifies a table and an archive against each other: neither may hold a row that the other lacks.
///
/// Both are walked in chain order side by side, and what one has and the other does not have yet is kept, up to a bound:
/// memory goes with how far the two are apart, not with their size.
public struct Comparison {
  let settings: VerifySettings
  let archive: Archive
  let database: DatabaseVerifier

  public init(_ settings: VerifySettings, _ archive: Archive, _ database: DatabaseVerifier) {
    self.settings = settings
    self.archive = archive
    self.database = database
  }

  /// - Parameter archive: what verifying the archive alone found.
  public func run(archive report: VerifyReport) throws -> VerifyReport {
    // Who signed it is one question, whether it is what the table holds another.
    guard report.findingsTotal == report.untrustedManifests else { return try runApart(report) }
    let outline = try ArchiveOutline(archive)
    do { return try run(report, outline, isSorted: false) } catch is TooScattered {
      database.progress.event("the table's rows lie out of order: reading them by time", [:])
    }
    do { return try run(report, outline, isSorted: true) } catch is TooScattered { throw database.tooScattered }
  }

  /// Verifies the table alone: an archive that does not verify is no yardstick, and what was found of it must not be lost.
  private func runApart(_ archived: VerifyReport) throws -> VerifyReport {
    var report = archived
    report.notes.append("the archive does not verify, so that the table was not compared with it row by row")
    do {
      let table = try database.run()
      report.tableRows = table.rows
      let known = KnownAnomalies(archived.anomalies)
      report.anomalies.append(table.anomalies.removing { known.contains($0) })
      report.notes.append("the table by itself: \(table.rows) rows, head \(table.headHash ?? "nothing")")
      report.notes += table.notes
    } catch let failure where !database.cancellation.isCancelled {
      report.notes.append("the table could not be verified: \(failure)")
    }
    return report
  }

  private func run(_ archived: VerifyReport, _ outline: ArchiveOutline, isSorted: Bool) throws -> VerifyReport {
    var report = archived
    let stages = Stages()
    let rows = stages.queue(BoundedQueue<[ArchivedRow]>(capacity: 4))
    stages.start("archive") { [archive, settings] in
      try Self.feed(archive, settings, outline, rows)
      rows.finish()
    }
    let difference = Difference(rows, outline, found: archived.anomalies, suspects: settings.suspects)
    do {
      try database.compare(with: difference, isSorted: isSorted)
      try difference.finish()
    } catch { try stages.abandon(error) }
    try stages.join()
    report.anomalies.append(difference.anomalies)
    if let finding = try tailFinding(outline.last, difference.unarchived) { report.add(finding) }
    report.notes += difference.notes
    report.tableRows = difference.tableRows
    report.isCompared = true
    return report
  }

  private static func feed(
    _ archive: Archive, _ settings: VerifySettings, _ outline: ArchiveOutline, _ rows: BoundedQueue<[ArchivedRow]>
  ) throws {
    var cut = CutStretch(outline.rewinds)
    for sequence in outline.schemaOf.indices {
      let manifest = try archive.manifest(sequence).manifest
      cut.begin(manifest)
      guard let reader = try archive.bundle(manifest, isVouchedFor: settings.checksManifestSignatures) else { continue }
      let work = try manifest.source.rowWork(settings.columns, keys: settings.keys, signatures: .none)
      try scanRows(reader, name: manifest.bundle?.key ?? "", work: work) { scan, batch in
        try rows.push(
          batch.rows.map {
            ArchivedRow(hash: $0.hash, leaf: $0.leaf, sequence: sequence, isCutOff: cut.take($0, sequence))
          })
        scan.recycle(batch)
      }
    }
  }

  /// Says that rows which must have been archived are not: the one sign of manifests that were taken from the end.
  private func tailFinding(_ last: Manifest, _ rows: Unarchived) throws -> ArchiveFinding? {
    guard rows.due > 0 else { return nil }
    let ends = last.coverage.isLast ? "ends with day \(last.coverage.day)" : "ends within day \(last.coverage.day)"
    var reason =
      "the archive \(ends), yet the table holds \(rows.due) rows of days up to \(rows.latestDueDay) that are due: "
      + "its tail was cut, or the nightly job has not run"
    let left = try archive.bundles(behind: last.sequence)
    if let first = left.first {
      reason += "; \(left.count) bundles lie behind its last manifest, the first of them \(first)"
    }
    return ArchiveFinding(archive.url, reason)
  }
}
