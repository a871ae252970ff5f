// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import AuditCore
internal import Bytes
public import Pipeline
internal import RowCodec

/// Rows out of an archived file, checked on all cores.
public final class BundleScan: Sendable {
  private let output: ParallelMap<LineChunk, RowBatch>
  private let free: BatchPool<RowBatch>

  /// Starts the scan's threads.
  public init(_ stages: Stages, _ source: any LineSource, name: String, work: RowWork, workers: Int = coreThreads) {
    let chunks = stages.queue(BoundedQueue<LineChunk>(capacity: 2))
    let freeChunks = BatchPool { LineChunk() }
    let free = BatchPool { RowBatch() }
    self.free = free
    stages.start("read") {
      while true {
        let chunk = freeChunks.take()
        guard try source.next(chunk) else { break }
        try chunks.push(chunk)
      }
      chunks.finish()
    }
    output = ParallelMap(stages, name: "check", workers: workers, input: chunks) {
      var checker = RowChecker(work)
      return { chunk in
        let batch = free.take()
        batch.sequence = chunk.sequence
        batch.frame = chunk.frame
        batch.firstRow = chunk.firstRow
        swap(&batch.lines, &chunk.bytes)
        for index in 0..<chunk.count {
          do throws(RowFormatError) {
            try checker.add(line: chunk.range(index), of: batch, leaf: chunk.leaves.isEmpty ? nil : chunk.leaves[index])
          } catch { throw ArchiveFinding(name, "row \(chunk.firstRow + index): \(error)") }
        }
        try checker.settle(batch)
        freeChunks.give(chunk)
        return batch
      }
    }
  }

  /// The next batch, in the file's order; nil at the end.
  public func next() throws -> RowBatch? { try output.pop() }

  /// Takes a batch back that is not needed any more.
  public func recycle(_ batch: RowBatch) {
    batch.removeAll()
    free.give(batch)
  }
}

extension LineChunk: Sequenced {}
