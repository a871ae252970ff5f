// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import AuditCore
internal import ChainReader
internal import Crypto
internal import Pipeline
internal import RowCodec
internal import Signing
internal import Synchronization

/// Verifies a table and an archive against each other: neither may hold a row that the other lacks.
///
/// Both are walked in chain order side by side, and what one has and the other does not have yet is kept: memory goes
/// with how far the two are apart, not with their size.
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
    var report = report
    let last = try archive.manifest(try archive.sequences().upperBound - 1).manifest
    let stages = Stages()
    let rows = stages.queue(BoundedQueue<ArchivedRow>(capacity: 4096))
    stages.start("archive") { [archive, settings] in
      try Self.feed(archive, settings, rows)
      rows.finish()
    }
    let difference: Difference
    do {
      difference = Difference(
        rows, until: last.coverage.isLast ? last.coverage.day.next.start : last.coverage.day.start)
      let found = try database.compare(with: difference)
      report.anomalies.append(found.anomalies)
      try difference.finish()
    } catch {
      stages.fail(error)
      try stages.join()
      throw error
    }
    try stages.join()
    for anomaly in difference.anomalies { report.anomalies.append(anomaly) }
    report.notes.append("\(difference.notYetArchived) rows of the table are newer than the archive")
    return report
  }

  private static func feed(
    _ archive: Archive, _ settings: VerifySettings, _ rows: BoundedQueue<ArchivedRow>
  ) throws {
    for sequence in try archive.sequences() {
      let manifest = try archive.manifest(sequence).manifest
      guard let reader = try archive.bundle(manifest) else { continue }
      let work = try manifest.source.rowWork(settings.columns, keys: settings.keys, signatures: .none)
      try scanRows(reader, name: manifest.bundle?.key ?? "", work: work) { scan, batch in
        for row in batch.rows { try rows.push(ArchivedRow(hash: row.hash, leaf: row.leaf, sequence: sequence)) }
        scan.recycle(batch)
      }
    }
  }
}

/// What is compared of an archived row.
struct ArchivedRow: Sendable {
  let hash: Digest
  let leaf: Digest
  let sequence: Int
}

/// Rows that one side has and the other does not have yet.
final class Difference {
  private let archived: BoundedQueue<ArchivedRow>
  private let until: Timestamp
  private var onlyArchived: [Digest: ArchivedRow] = [:]
  private var onlyInTable: [Digest: (leaf: Digest, id: String, createdAt: Timestamp)] = [:]
  private(set) var anomalies: [Anomaly] = []
  private(set) var notYetArchived = 0

  /// - Parameter until: rows from here on need not be archived yet.
  init(_ archived: BoundedQueue<ArchivedRow>, until: Timestamp) {
    self.archived = archived
    self.until = until
  }

  func take(_ hash: Digest, leaf: Digest, createdAt: Timestamp, id: () -> String) throws {
    if let next = try archived.pop() {
      if next.hash == hash { return compare(next, leaf, id) }
      if let row = onlyInTable.removeValue(forKey: next.hash) {
        compare(next, row.leaf) { row.id }
      } else {
        onlyArchived[next.hash] = next
      }
    }
    if let row = onlyArchived.removeValue(forKey: hash) { return compare(row, leaf, id) }
    onlyInTable[hash] = (leaf, id(), createdAt)
  }

  private func compare(_ row: ArchivedRow, _ leaf: Digest, _ id: () -> String) {
    guard row.leaf != leaf else { return }
    anomalies.append(
      Anomaly(
        .hashMismatch, row: nil, id: id(),
        detail:
          "the row differs from the archived one (manifest \(row.sequence)) in a column that its hash does not cover"))
  }

  func finish() throws {
    while let next = try archived.pop() {
      if let row = onlyInTable.removeValue(forKey: next.hash) {
        compare(next, row.leaf) { row.id }
      } else {
        onlyArchived[next.hash] = next
      }
    }
    for row in onlyArchived.values.sorted(by: { $0.sequence < $1.sequence }) {
      anomalies.append(
        Anomaly(
          .gap, row: nil, id: row.hash.hex,
          detail: "archived (manifest \(row.sequence)), but the table lacks the row with this hash"))
    }
    for row in onlyInTable.values.sorted(by: { $0.createdAt < $1.createdAt }) {
      if row.createdAt >= until {
        notYetArchived += 1
      } else {
        anomalies.append(
          Anomaly(.orphan, row: nil, id: row.id, detail: "in the table, but the archive of its day lacks it"))
      }
    }
  }
}
