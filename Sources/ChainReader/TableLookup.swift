// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// Asks the table itself, in the session that holds the snapshot.
public final class TableLookup: ChainLookup {
  private let session: any ChainSession
  private let table: ChainTable
  private let window: ScanWindow
  private let work: RowWork
  private var fetches = 0

  /// - Parameters:
  ///   - window: what the walk reads.
  ///   - work: how its rows are checked.
  public init(_ table: ChainTable, in session: any ChainSession, window: ScanWindow, work: RowWork) {
    self.table = table
    self.session = session
    self.window = window
    self.work = work
  }

  public func rows(withHash hashes: [Digest]) throws -> [Digest: Timestamp] {
    try hashes.isEmpty ? [:] : session.times(of: hashes, in: table)
  }

  public func copied(_ hashes: [Digest]) throws -> Set<Digest> {
    try hashes.isEmpty ? [] : session.copied(hashes, in: table)
  }

  public func successors(of hashes: [Digest]) throws -> [Digest: Int] {
    try hashes.isEmpty ? [:] : session.successors(of: hashes, in: table)
  }

  public func unreadSuccessors(of hash: Digest) throws -> RowBatch? {
    guard let from = window.from else { return nil }
    let batch = RowBatch()
    batch.sequence = WaitingRows.fetchedBit | fetches
    fetches += 1
    var checker = RowChecker(work)
    try session.copy(table, .successors(of: hash, before: from), into: TupleBatch()) { tuples in
      try checker.add(tuples, to: batch)
      tuples.removeAll()
      return tuples
    }
    try checker.settle(batch)
    return batch.rows.isEmpty ? nil : batch
  }
}
