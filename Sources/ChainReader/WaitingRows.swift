// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes

/// The rows that wait for their place: in the batches that they came in, and on disk once they are too many.
///
/// A row is named by a tag: its batch's sequence and its index in it, or its place on disk.
final class WaitingRows {
  private var batches: [Int: (batch: RowBatch, rows: Int)] = [:]
  private let spilled: SpilledRows
  private let recycle: (RowBatch) -> Void
  /// For rows that come back from disk.
  private let scratch = RowBatch()
  private var compactions = 0

  /// Marks the sequences of batches that were made from what was left of others. In a tag a sequence begins at bit 32, so
  /// that the marks of batches stay below that of the disk.
  private static let compactionBit = 1 << 28
  /// Marks the sequences of batches that were fetched by themselves.
  static let fetchedBit = 1 << 29
  private static let spillBit = 1 << 62
  /// Batches held before what is left of them is put together.
  private static let mostBatches = 16

  init(spillDirectory: String, recycle: @escaping (RowBatch) -> Void) {
    spilled = SpilledRows(directory: spillDirectory)
    self.recycle = recycle
  }

  static func tag(_ batch: RowBatch, _ index: Int) -> Int { batch.sequence << 32 | index }

  /// Takes a batch, `rows` of whose rows wait.
  func add(_ batch: RowBatch, rows: Int) {
    if rows == 0 { recycle(batch) } else { batches[batch.sequence] = (batch, rows) }
  }

  /// Calls `body` with a row and its line, and lets go of it.
  func take(_ tag: Int, _ body: (RowFacts, UnsafeRawBufferPointer) throws -> Void) throws {
    if tag & Self.spillBit != 0 {
      try spilled.read(tag & ~Self.spillBit, into: scratch)
      return try unsafe body(scratch.rows[0], scratch.line(0))
    }
    let (batch, index) = entry(tag)
    try unsafe body(batch.rows[index], batch.line(index))
    release(tag)
  }

  func facts(_ tag: Int) throws -> RowFacts {
    if tag & Self.spillBit != 0 { return try spilled.facts(tag & ~Self.spillBit) }
    let (batch, index) = entry(tag)
    return batch.rows[index]
  }

  /// How a row's line begins: with its id.
  func lineStart(_ tag: Int) throws -> String {
    var (batch, index) = (scratch, 0)
    if tag & Self.spillBit != 0 {
      try spilled.read(tag & ~Self.spillBit, into: scratch)
    } else {
      (batch, index) = entry(tag)
    }
    return unsafe String(decoding: batch.line(index).prefix(256), as: UTF8.self)
  }

  func release(_ tag: Int) {
    guard tag & Self.spillBit == 0, let (batch, rows) = batches[tag >> 32] else { return }
    if rows > 1 {
      batches[tag >> 32] = (batch, rows - 1)
    } else {
      batches[tag >> 32] = nil
      recycle(batch)
    }
  }

  private func entry(_ tag: Int) -> (RowBatch, Int) {
    guard let batch = batches[tag >> 32]?.batch else { preconditionFailure("a row outlives its batch") }
    return (batch, tag & 0xffff_ffff)
  }

  /// Brings all rows to disk.
  func spill(_ order: inout ChainOrder) throws {
    for place in order.places() where order[place].tag & Self.spillBit == 0 {
      let tag = order[place].tag
      let (batch, index) = entry(tag)
      order.spill(place, tag: try spilled.put(batch.rows[index], batch.line(index)) | Self.spillBit)
      release(tag)
    }
  }

  /// Copies the rows that wait out of batches that hold few of them, which then are free.
  func compact(_ order: inout ChainOrder) {
    guard batches.count > Self.mostBatches else { return }
    var kept: [Int: (batch: RowBatch, rows: Int)] = [:]
    var target = RowBatch()
    for place in order.places() where order[place].tag & Self.spillBit == 0 {
      let tag = order[place].tag
      let (batch, index) = entry(tag)
      if let (_, rows) = batches[tag >> 32], rows * 2 > batch.rows.count {
        kept[tag >> 32] = (batch, rows)
        continue
      }
      if target.lines.count >= 1 << 20 || target.rows.isEmpty {
        target = RowBatch()
        target.sequence = compactions | Self.compactionBit
        compactions += 1
      }
      var facts = batch.rows[index]
      let start = target.lines.count
      unsafe target.lines.append(batch.line(index))
      facts.line = start..<target.lines.count
      target.rows.append(facts)
      order.retag(place, Self.tag(target, target.rows.count - 1))
      kept[target.sequence] = (target, target.rows.count)
    }
    for (sequence, (batch, _)) in batches where kept[sequence] == nil { recycle(batch) }
    batches = kept
  }
}
