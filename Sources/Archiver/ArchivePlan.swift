// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import ChainReader
internal import Cryptography
internal import Postgres
internal import RowCodec

/// What a run has to read, and where it goes on.
struct ArchivePlan {
  let last: StoredManifest?
  let snapshot: SourceSnapshot
  let source: Manifest.Source
  /// The last day that is closed by now.
  let lastDay: UTCDay
  /// The day that is open; nil for a new archive.
  let day: UTCDay?
  let part: Int
  private(set) var window: ScanWindow
  /// Where the walk begins.
  private(set) var head: Digest?
  /// The last row that archive and table share, where the operator accepts that the chain goes on from there.
  private(set) var rewind: Digest?
  private(set) var firstFault: PlaceFault?
  /// Rows in the window that are archived already.
  private var archived = ArchivedRowSet()
  private let settings: ArchiveSettings
  private let archive: Archive
  private let table: ChainTable

  init(
    _ settings: ArchiveSettings, _ archive: Archive, last: StoredManifest?, snapshot: SourceSnapshot, table: ChainTable
  ) throws {
    self.settings = settings
    self.archive = archive
    self.last = last
    self.snapshot = snapshot
    self.table = table
    let today = Timestamp(microseconds: snapshot.now).day
    lastDay = min(settings.lastDay ?? today, today.advanced(by: -1))
    let coverage = last?.manifest.coverage
    day = coverage.map { $0.isLast ? $0.day.next : $0.day }
    part = coverage.map { $0.isLast ? 0 : $0.part + 1 } ?? 0
    head = last?.manifest.chain.headHash
    source = Self.source(snapshot, table, settings)
    var from = last.map { $0.manifest.source.resumeFrom ?? $0.manifest.source.oldestTransactionStart }
    if from == .distantPast { from = nil }
    // A stamp from the future waits for its day, also where today is included.
    window = ScanWindow(from: from, until: (settings.includesToday ? today : lastDay).next.start)
    if let last, last.manifest.source.systemIdentifier != snapshot.systemIdentifier {
      // Another cluster's clock and transactions: nothing follows from the bound that was recorded there.
      window.from = window.from?.advanced(bySeconds: -settings.overlapSeconds)
    }
  }

  private static func source(
    _ snapshot: SourceSnapshot, _ table: ChainTable, _ settings: ArchiveSettings
  ) -> Manifest.Source {
    Manifest.Source(
      systemIdentifier: snapshot.systemIdentifier, database: snapshot.database, table: table.description.displayName,
      timeline: snapshot.timeline, lsn: snapshot.lsn, oldestTransactionStart: oldestStart(snapshot, settings),
      resumeFrom: nil,
      columns: table.columns.map {
        Manifest.Column(name: $0.name, type: $0.type, isNotNull: $0.isNotNull, isGenerated: $0.isGenerated)
      },
      indexes: table.description.indexes.map {
        Manifest.Index(columns: $0.columns, method: $0.method, isUnique: $0.isUnique, isPrimary: $0.isPrimary)
      })
  }

  /// A margin covers the moment between a transaction's start and the server's showing it.
  private static func oldestStart(_ snapshot: SourceSnapshot, _ settings: ArchiveSettings) -> Timestamp {
    switch snapshot.oldestTransaction {
    case .known(let start): Timestamp(microseconds: start).advanced(bySeconds: -10)
    case .prepared(let time): Timestamp(microseconds: time).advanced(bySeconds: -settings.overlapSeconds)
    case .unknown: Timestamp(microseconds: snapshot.now).advanced(bySeconds: -settings.overlapSeconds)
    }
  }

  /// Where the run behind this one has to begin reading.
  func resumeFrom(leastPostponed: Timestamp?) -> Timestamp {
    let end = window.until ?? .distantFuture
    return min(source.oldestTransactionStart, end, leastPostponed ?? .distantFuture)
  }

  /// Makes sure that the archived head is in the table, and finds what of the window is archived.
  mutating func findHead(_ session: any ChainSession) throws {
    guard let last, let archivedHead = last.manifest.chain.headHash else { return }
    if try session.times(of: [archivedHead], in: table).isEmpty { try rewind(session, archivedHead) }
    guard let from = window.from else { return try collect(last, from: .distantPast) }
    try collect(last, from: from)
  }

  private mutating func rewind(_ session: any ChainSession, _ archivedHead: Digest) throws {
    let common = try lastCommonRow(session)
    let place = common.map { "the last common row has the hash \($0.hash.hex)" } ?? "they have no row in common"
    guard settings.acceptsRewind else {
      throw Failure(
        .integrity, "rewound: the archive's head \(archivedHead.hex) is not in the table; \(place)",
        on: table.description.displayName,
        remedy: "find out whether the database was restored; then run once with --accept-rewind, which is recorded")
    }
    head = common?.hash
    rewind = common?.hash ?? ChainOrderRoot.nothing
    firstFault = PlaceFault(
      kind: .rewound, detail: "the database was set back; the operator accepted it; \(place)", isOnChain: true)
    if let from = window.from { window.from = min(from, common?.createdAt ?? .distantPast) }
    if window.from == .distantPast { window.from = nil }
  }

  private func lastCommonRow(_ session: any ChainSession) throws -> (hash: Digest, createdAt: Timestamp)? {
    var stored = last
    while let current = stored {
      let rows = try archive.rowNames(current.manifest, settings.columns)
      for start in stride(from: rows.count - 1, through: 0, by: -1000) {
        let piece = rows[max(0, start - 999)...start]
        let found = try session.times(of: piece.map(\.hash), in: table)
        if let common = piece.last(where: { found[$0.hash] != nil }) { return (common.hash, common.createdAt) }
      }
      stored = try archive.predecessor(of: current)
    }
    return nil
  }

  /// A test for rows that are archived already.
  ///
  /// Rows without a finite stamp are read by every run: the first one makes it look for its like in the whole archive. A row
  /// from before the window was fetched by itself, and may have been archived as one without a place.
  func archivedCheck() -> ArchivedCheck {
    let identifier = RowIdentifier(table.columns, table.indexes)
    let earlier = window.from.map { EarlierRows(archive, settings.columns, last: last, before: $0) }
    var timeless: ArchivedRowSet?
    return { batch, index in
      let row = batch.rows[index]
      if let earlier, let from = window.from, row.createdAt.isFinite, row.createdAt < from {
        return try earlier.contains(row) { unsafe identifier.id(batch.line(index)) }
      }
      if archived.isEmpty && row.createdAt.isFinite { return false }
      var rows = archived
      if !row.createdAt.isFinite {
        rows = try timeless ?? timelessRows()
        timeless = rows
      }
      return rows.contains(row.hash) { unsafe identifier.id(batch.line(index)) }
    }
  }

  private func timelessRows() throws -> ArchivedRowSet {
    var rows = ArchivedRowSet()
    var stored = last
    while let current = stored {
      if let span = current.manifest.rows, span.holdsTimelessRows {
        for row in try archive.rowNames(current.manifest, settings.columns, where: { !$0.isFinite }) {
          rows.insert(row.hash, id: row.id)
        }
      }
      stored = try archive.predecessor(of: current)
    }
    return rows
  }

  /// Finds the archived rows that the window holds again.
  ///
  /// No run archives a stamp behind its own day, so manifests that are older than the window hold none of them; two days
  /// allow for clocks that differ.
  private mutating func collect(_ last: StoredManifest, from: Timestamp) throws {
    var stored: StoredManifest? = last
    while let current = stored, current.manifest.createdAt.advanced(bySeconds: 2 * 86_400) >= from {
      if let span = current.manifest.rows, span.lastCreatedAt >= from {
        for row in try archive.rowNames(current.manifest, settings.columns, where: { $0 >= from }) {
          archived.insert(row.hash, id: row.id)
        }
      }
      stored = try archive.predecessor(of: current)
    }
  }
}

extension Manifest.RowSpan {
  /// It may hold rows whose stamp is NULL or infinite.
  fileprivate var holdsTimelessRows: Bool {
    firstCreatedAt == Timestamp.distantPast.inDocumentYears || lastCreatedAt == Timestamp.distantFuture.inDocumentYears
  }
}

/// What stands for "no common row" in a manifest.
enum ChainOrderRoot {
  static let nothing = Digest(words: (0, 0, 0, 0))
}
