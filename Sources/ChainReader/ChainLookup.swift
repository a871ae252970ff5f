// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// What a walk asks the table about rows that it does not hold.
public protocol ChainLookup: AnyObject {
  /// The least `created_at` of those rows of the whole table that have one of these hashes; `distantPast` where one is NULL
  /// or infinite, whose row every walk gets.
  func rows(withHash hashes: [Digest]) throws -> [Digest: Timestamp]
  /// Those of the hashes that more than one row of the whole table has.
  func copied(_ hashes: [Digest]) throws -> Set<Digest>
  /// How many rows of the whole table, with hashes of their own, follow each of these; those that nothing follows are left
  /// out.
  func successors(of hashes: [Digest]) throws -> [Digest: Int]
  /// The rows that follow `hash` and are stamped before the walk's window, so that nobody has read them; nil for none.
  func unreadSuccessors(of hash: Digest) throws -> RowBatch?
}
