// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography
public import Postgres
public import RowCodec

/// A database that holds a chain: where a run opens its sessions.
public protocol ChainSource: Sendable {
  func open() throws -> any ChainSession
}

/// What a run asks of a database, in a session that one thread owns.
///
/// Contract: all answers are of one snapshot once it is begun or joined. Rows come by the megabyte, so that what stands
/// behind this costs nothing a row.
public protocol ChainSession: AnyObject {
  /// Takes a lock that lasts as long as the session, and waits a moment for one whose holder has just ended.
  ///
  /// - Returns: false when another session holds it.
  func tryLock(_ name: String) throws -> Bool
  /// Looks a chain's table up.
  func table(_ name: TableName, _ columns: ChainColumns) throws -> ChainTable
  /// Begins a read-only transaction and says what it sees.
  func beginSnapshot() throws -> SourceSnapshot
  /// Begins a read-only transaction that sees what another session's snapshot sees.
  func joinSnapshot(_ identifier: String) throws
  /// Rows that the server expects in a window; 0 where it does not say.
  func expectedRows(_ table: ChainTable, _ window: ScanWindow) throws -> Int
  /// Reads rows as the tuples of a binary COPY.
  ///
  /// - Parameter pass: gets a batch that is full, and the last one, which may be empty; gives back one to fill.
  func copy(
    _ table: ChainTable, _ rows: RowSelection, into batch: TupleBatch, _ pass: (TupleBatch) throws -> TupleBatch) throws
  /// Ends the session's running statement; from any thread, and also after the session has ended.
  var canceller: @Sendable () -> Void { get }
  /// The least `created_at` of the rows with each hash, as ``ChainLookup/rows(withHash:)`` gives it.
  func times(of hashes: [Digest], in table: ChainTable) throws -> [Digest: Timestamp]
  /// Those of the hashes that more than one row has.
  func copied(_ hashes: [Digest], in table: ChainTable) throws -> Set<Digest>
  /// How many rows with hashes of their own follow each of these.
  func successors(of hashes: [Digest], in table: ChainTable) throws -> [Digest: Int]
}

/// Which rows of a table are read.
public enum RowSelection: Equatable, Sendable {
  case window(ScanWindow)
  /// Rows that follow `hash`, are stamped before `before`, and have a well-formed hash.
  case successors(of: Digest, before: Timestamp)
}
