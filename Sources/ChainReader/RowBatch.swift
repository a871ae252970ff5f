// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Bytes
public import Cryptography
public import Pipeline
public import Signing

/// What the chain has to know of a row, once its bytes have been checked.
public struct RowFacts: Sendable {
  /// As stored. Where that is no SHA-256 in hex, a digest of what is stored, so that links between such rows hold.
  public var hash: Digest
  /// Nil for a genesis.
  public var previous: Digest?
  public var createdAt: Timestamp
  /// Leaf of the Merkle tree; of no meaning where lines are not asked for.
  public var leaf: Digest
  /// The row's line in its batch, without a newline.
  public var line: Range<Int>
  /// The hash is the digest of payload and predecessor.
  public var hashMatches: Bool
  /// Hash and predecessor are SHA-256 in hex; without, the row can have no place on a chain.
  public var isWellFormed: Bool
  public var signature: SignatureVerdict
}

/// About a megabyte of checked rows; reused.
// One stage owns it at a time; queues hand it over.
public final class RowBatch: Sequenced, @unchecked Sendable {
  public var sequence = 0
  public var lines = ByteBuffer(capacity: (1 << 20) + (1 << 18))
  public var rows: [RowFacts] = []
  /// The rows for a COPY into another table, where asked for.
  public var tuples = ByteBuffer(capacity: 64)
  /// Number of the bundle's frame that the rows come from, and of the first row in the bundle.
  public var frame = 0
  public var firstRow = 0

  public init() {}

  @safe
  public func line(_ index: Int) -> UnsafeRawBufferPointer { unsafe lines.unsafeBytes(rows[index].line) }

  func removeAll() {
    lines.clear()
    lines.shrink(to: 4 << 20)
    tuples.clear()
    tuples.shrink(to: 4 << 20)
    rows.removeAll(keepingCapacity: true)
  }
}

/// Batches that are out of use, so that memory goes round.
final class BatchPool<Batch: Sendable>: Sendable {
  private let free = BoundedQueue<Batch>(capacity: 16)
  private let make: @Sendable () -> Batch

  init(_ make: @escaping @Sendable () -> Batch) { self.make = make }

  func take() -> Batch { free.popIfAny() ?? make() }

  func give(_ batch: Batch) { free.pushIfRoom(batch) }
}
