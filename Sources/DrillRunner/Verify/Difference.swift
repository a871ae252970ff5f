// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
internal import ChainReader
internal import Cryptography
internal import Pipeline
internal import RowCodec

/// What is compared of an archived row.
struct ArchivedRow: Sendable {
  let hash: Digest
  let leaf: Digest
  let sequence: Int
  /// A rewind that the operator accepted cut it off: the table need not have it.
  let isCutOff: Bool
}

/// What is wrong with a row of the table, and whether a suspect key signed it.
struct TableFaults {
  let faults: [(AnomalyKind, String)]
  let suspect: SuspectEntry?
  var isEmpty: Bool { faults.isEmpty && suspect == nil }

  init(_ faults: [(AnomalyKind, String)], _ suspect: SuspectEntry?) { (self.faults, self.suspect) = (faults, suspect) }
}

/// Rows that one side has and the other does not have yet.
final class Difference {
  /// A row of the table that is not found in the archive yet.
  private struct Waiting {
    /// For each shape that archived rows have, the row's leaf in it.
    let leaves: [Digest?]
    let id: String
    let stamp: Timestamp
    let faults: TableFaults
  }

  private let archived: BoundedQueue<[ArchivedRow]>
  private let outline: ArchiveOutline
  private let known: KnownAnomalies
  private var schemas = SchemaMatch([], table: [])
  private var batch: ArraySlice<ArchivedRow> = []
  private var isArchiveAtEnd = false
  private var onlyArchived: [Digest: ArchivedRow] = [:]
  private var onlyInTable: [Digest: Waiting] = [:]
  /// Stamp of the last row that has a day: what counts for those that have none.
  private var lastStamp = Timestamp.distantPast
  /// What is wrong with the table's rows that the archive does not say as well, and with what one side lacks.
  private(set) var anomalies = AnomalyLog()
  private(set) var unarchived: Unarchived
  private var cutOff = 0
  /// Rows that had no place among those that are kept.
  private var overflow = 0
  private let suspects: SuspectList?
  private(set) var tableRows = 0

  /// Rows kept on either side; two chains that differ in more are not the same chain.
  static let most = 100_000

  /// - Parameters:
  ///   - found: what verifying the archive found.
  ///   - suspects: gets the rows of a suspect key that the archive does not have in the same way.
  init(
    _ archived: BoundedQueue<[ArchivedRow]>, _ outline: ArchiveOutline, found: AnomalyLog, suspects: SuspectList? = nil
  ) {
    self.suspects = suspects
    self.archived = archived
    self.outline = outline
    known = KnownAnomalies(found)
    unarchived = Unarchived(until: outline.end)
  }

  /// Takes note of the table that is compared, and of its server's clock.
  func begin(_ columns: [Column], now: Timestamp) {
    schemas = SchemaMatch(outline.schemas, table: columns)
    unarchived.lastDueDay = now.day.advanced(by: -2)
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

  /// Takes the table's next row, with what is wrong with it.
  @safe
  func take(
    _ row: RowFacts, _ line: UnsafeRawBufferPointer, _ faults: TableFaults, id: () -> String
  ) throws {
    tableRows += 1
    if row.createdAt.isFinite { lastStamp = row.createdAt }
    while let next = try next() {
      if next.hash == row.hash { return try meet(next, row.leaf, line, faults, id) }
      try match(next)
      // What a rewind cut off does not bring the two sides out of step.
      if !next.isCutOff { break }
    }
    if let there = onlyArchived.removeValue(forKey: row.hash) { return try meet(there, row.leaf, line, faults, id) }
    if isArchiveAtEnd && lastStamp >= outline.end {
      unarchived.count(lastStamp)
      try reportAlone(faults, id)
    } else if onlyInTable.count < Self.most {
      let leaves = (0..<schemas.count).map { schemas.leaf($0, row.leaf, line) }
      onlyInTable[row.hash] = Waiting(leaves: leaves, id: id(), stamp: lastStamp, faults: faults)
    } else {
      overflow += 1
      try reportAlone(faults, id)
    }
  }

  private func match(_ row: ArchivedRow) throws {
    if let there = onlyInTable.removeValue(forKey: row.hash) {
      try compare(row, there.leaves[outline.schemaOf[row.sequence]], there.faults) { there.id }
    } else if onlyArchived.count < Self.most {
      onlyArchived[row.hash] = row
    } else if row.isCutOff {
      cutOff += 1
    } else {
      overflow += 1
    }
  }

  /// Both sides have the row.
  @safe @inline(__always)
  private func meet(
    _ row: ArchivedRow, _ leaf: Digest, _ line: UnsafeRawBufferPointer, _ faults: TableFaults,
    _ id: () -> String
  ) throws {
    try compare(row, schemas.leaf(outline.schemaOf[row.sequence], leaf, line), faults, id)
  }

  @inline(__always)
  private func compare(_ row: ArchivedRow, _ leaf: Digest?, _ faults: TableFaults, _ id: () -> String) throws {
    let differs = leaf != nil && row.leaf != leaf
    if !differs && faults.isEmpty { return }
    if let suspect = faults.suspect, leaf == nil || differs { try suspects?.note(suspect) }
    report(faults.faults, id, isArchived: !differs && schemas.isSame(outline.schemaOf[row.sequence]))
    guard differs else { return }
    anomalies.append(
      Anomaly(
        .hashMismatch, row: nil, id: id(),
        detail:
          "the row differs from the archived one (manifest \(row.sequence)) in a column that its hash does not cover"))
  }

  /// Tells of a row that the archive lacks.
  private func reportAlone(_ faults: TableFaults, _ id: () -> String) throws {
    if let suspect = faults.suspect { try suspects?.note(suspect) }
    report(faults.faults, id, isArchived: false)
  }

  /// - Parameter isArchived: the archive has the very same row, and what is wrong with it in itself was found there.
  private func report(_ faults: [(AnomalyKind, String)], _ id: () -> String, isArchived: Bool) {
    for (kind, detail) in faults where !(isArchived && kind.isOfTheRowAlone) {
      let anomaly = Anomaly(kind, row: nil, id: id(), detail: detail)
      if !known.contains(anomaly) { anomalies.append(anomaly) }
    }
  }

  func finish() throws {
    while let next = try next() { try match(next) }
    for row in onlyArchived.values.sorted(by: { $0.sequence < $1.sequence }) {
      if row.isCutOff {
        cutOff += 1
        continue
      }
      anomalies.append(
        Anomaly(
          .gap, row: nil, id: row.hash.hex,
          detail: "archived (manifest \(row.sequence)), but the table lacks the row with this hash"))
    }
    for row in onlyInTable.values.sorted(by: { $0.stamp < $1.stamp }) {
      try reportAlone(row.faults) { row.id }
      if unarchived.isInTime(row.stamp) {
        unarchived.count(row.stamp)
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

  var notes: [String] {
    var notes = schemas.notes
    if cutOff > 0 {
      notes.append("\(cutOff) archived rows are not in the table: a rewind that the operator accepted cut them off")
    }
    return notes + ["\(unarchived.newer) rows of the table are newer than the archive"]
  }
}

/// Rows of the table that the archive lacks, by whether it should have them.
struct Unarchived {
  private let end: Timestamp
  /// Of the server's days the last one that must have been archived.
  var lastDueDay = UTCDay(number: .max)
  private(set) var newer = 0
  private(set) var due = 0
  private(set) var latestDueDay = UTCDay(number: .min)

  /// - Parameter until: rows from here on are behind the archive's last day.
  init(until end: Timestamp) { self.end = end }

  /// Whether a row is behind the archive's last day, or came late to a day that was archived only just now.
  func isInTime(_ stamp: Timestamp) -> Bool { stamp >= end || stamp.day > lastDueDay }

  mutating func count(_ stamp: Timestamp) {
    if stamp.day > lastDueDay { return newer += 1 }
    due += 1
    latestDueDay = max(latestDueDay, stamp.day)
  }
}

/// What the archive's verification has reported already.
struct KnownAnomalies {
  private struct Key: Hashable {
    let kind: AnomalyKind
    let id: String
  }

  private let keys: Set<Key>

  init(_ log: AnomalyLog) { keys = Set(log.listed.map { Key(kind: $0.kind, id: $0.id) }) }

  func contains(_ anomaly: Anomaly) -> Bool { keys.contains(Key(kind: anomaly.kind, id: anomaly.id)) }
}

extension AnomalyKind {
  /// Found by a look at the row's own bytes, wherever it stands.
  fileprivate var isOfTheRowAlone: Bool {
    switch self {
    case .hashMismatch, .signatureInvalid, .signatureUnverifiable, .unsigned, .untrusted: true
    case .gap, .fork, .orphan, .duplicate, .rewound: false
    }
  }
}
