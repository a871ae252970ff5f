// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import ChainReader
internal import Cryptography
internal import RowCodec

/// Archived rows from before a run's window, looked up for the few rows that are fetched by themselves.
///
/// A bundle is read when a stamp is asked for that its rows may have, and once at the most.
final class EarlierRows {
  private let archive: Archive
  private let columns: ChainColumns
  private let end: Timestamp
  private var next: StoredManifest?
  private var unread: [Manifest] = []
  private var rows = ArchivedRowSet()

  /// - Parameter end: where the window begins.
  init(_ archive: Archive, _ columns: ChainColumns, last: StoredManifest?, before end: Timestamp) {
    (self.archive, self.columns, next, self.end) = (archive, columns, last, end)
  }

  func contains(_ row: RowFacts, id: () -> String) throws -> Bool {
    // No run archives a stamp behind its own day; two days allow for clocks that differ.
    while let current = next, current.manifest.createdAt.advanced(bySeconds: 2 * 86_400) >= row.createdAt {
      unread.append(current.manifest)
      next = try archive.predecessor(of: current)
    }
    let time = row.createdAt
    func mayHold(_ span: Manifest.RowSpan?) -> Bool {
      span.map { $0.firstCreatedAt <= time && time <= $0.lastCreatedAt } ?? false
    }
    for manifest in unread where mayHold(manifest.rows) {
      for row in try archive.rowNames(manifest, columns, where: { [end] in $0 < end }) {
        rows.insert(row.hash, id: row.id)
      }
    }
    unread.removeAll { mayHold($0.rows) }
    return rows.contains(row.hash, id: id)
  }
}
