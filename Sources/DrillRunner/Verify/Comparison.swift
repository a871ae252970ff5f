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
    do { return try run(report, isSorted: false) } catch is TooScattered {
      database.progress.event("the table's rows lie out of order: reading them by time", [:])
    }
    do { return try run(report, isSorted: true) } catch is TooScattered { throw database.tooScattered }
  }

  private func run(_ archived: VerifyReport, isSorted: Bool) throws -> VerifyReport {
    var report = archived
    let last = try archive.manifest(try archive.sequences().upperBound - 1).manifest
    let stages = Stages()
    let rows = stages.queue(BoundedQueue<[ArchivedRow]>(capacity: 4))
    stages.start("archive") { [archive, settings] in
      try Self.feed(archive, settings, rows)
      rows.finish()
    }
    let difference = Difference(
      rows, until: last.coverage.isLast ? last.coverage.day.next.start : last.coverage.day.start)
    do {
      let found = try database.compare(with: difference, isSorted: isSorted)
      report.anomalies.append(found.anomalies)
      try difference.finish()
    } catch {
      stages.fail(error)
      try stages.join()
      throw error
    }
    try stages.join()
    for anomaly in difference.anomalies { report.anomalies.append(anomaly) }
    report.notes += difference.notes
    return report
  }

  private static func feed(
    _ archive: Archive, _ settings: VerifySettings, _ rows: BoundedQueue<[ArchivedRow]>
  ) throws {
    for sequence in try archive.sequences() {
      let manifest = try archive.manifest(sequence).manifest
      guard let reader = try archive.bundle(manifest) else { continue }
      let work = try manifest.source.rowWork(settings.columns, keys: settings.keys, signatures: .none)
      try scanRows(reader, name: manifest.bundle?.key ?? "", work: work) { scan, batch in
        try rows.push(batch.rows.map { ArchivedRow(hash: $0.hash, leaf: $0.leaf, sequence: sequence) })
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
  private let archived: BoundedQueue<[ArchivedRow]>
  private var batch: ArraySlice<ArchivedRow> = []
  private var isArchiveAtEnd = false
  private let until: Timestamp
  private var onlyArchived: [Digest: ArchivedRow] = [:]
  private var onlyInTable: [Digest: (leaf: Digest, id: String, createdAt: Timestamp)] = [:]
  private(set) var anomalies: [Anomaly] = []
  private var notYetArchived = 0
  /// Rows that had no place among those that are kept.
  private var overflow = 0

  /// Rows kept on either side; two chains that differ in more are not the same chain.
  static let most = 100_000

  /// - Parameter until: rows from here on need not be archived yet.
  init(_ archived: BoundedQueue<[ArchivedRow]>, until: Timestamp) {
    self.archived = archived
    self.until = until
  }

  private func next() throws -> ArchivedRow? {
    if let row = batch.popFirst() { return row }
    guard !isArchiveAtEnd, let more = try archived.pop() else {
      isArchiveAtEnd = true
      return nil
    }
    batch = more[...]
    return try next()
  }

  func take(_ hash: Digest, leaf: Digest, createdAt: Timestamp, id: () -> String) throws {
    if let next = try next() {
      if next.hash == hash { return compare(next, leaf, id) }
      match(next)
    }
    if let row = onlyArchived.removeValue(forKey: hash) { return compare(row, leaf, id) }
    if isArchiveAtEnd && createdAt >= until {
      notYetArchived += 1
    } else if onlyInTable.count < Self.most {
      onlyInTable[hash] = (leaf, id(), createdAt)
    } else {
      overflow += 1
    }
  }

  private func match(_ row: ArchivedRow) {
    if let there = onlyInTable.removeValue(forKey: row.hash) {
      compare(row, there.leaf) { there.id }
    } else if onlyArchived.count < Self.most {
      onlyArchived[row.hash] = row
    } else {
      overflow += 1
    }
  }

  private func compare(_ row: ArchivedRow, _ leaf: Digest, _ id: () -> String) {
    guard row.leaf != leaf else { return }
    guard anomalies.count < Self.most else { return overflow += 1 }
    anomalies.append(
      Anomaly(
        .hashMismatch, row: nil, id: id(),
        detail:
          "the row differs from the archived one (manifest \(row.sequence)) in a column that its hash does not cover"))
  }

  func finish() throws {
    while let next = try next() { match(next) }
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
    if overflow > 0 {
      anomalies.append(
        Anomaly(
          .gap, row: nil, id: "",
          detail: "\(overflow) more rows could not be matched: this table is not the one that was archived"))
    }
  }

  var notes: [String] { ["\(notYetArchived) rows of the table are newer than the archive"] }
}
