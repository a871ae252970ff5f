// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Bytes
internal import ChainReader
internal import Pipeline
internal import Postgres
internal import RowCodec

/// Feeds rows into a staging table over several connections, each with a COPY of its own.
///
/// What a second backend writes costs no more than what the first one does, and a load is bound by the backends.
final class RowLoader {
  private let stages = Stages()
  private let queue: BoundedQueue<Load>
  private let counts: BoundedQueue<Int>
  private let connections: Int

  private struct Load: Sendable {
    let batch: RowBatch
    let scan: BundleScan
  }

  init(conninfo: String, table: StagingTable, connections: Int) {
    self.connections = connections
    queue = stages.queue(BoundedQueue(capacity: connections + 1))
    counts = stages.queue(BoundedQueue(capacity: connections))
    let isBinary = TupleEncoder(table.source.rowColumns).isBinary
    let sql = "COPY \(table.name.sql) (\(table.columnList)) FROM STDIN" + (isBinary ? " (FORMAT binary)" : "")
    for _ in 0..<connections {
      stages.start("load") { [queue, counts, stages] in
        let session = try PostgresSession(conninfo)
        let canceller = session.canceller
        stages.onFailure { canceller.cancel() }
        try session.executeScript("SET synchronous_commit = off")
        let rows = try session.copyIn(sql, isBinary: isBinary) { copy in
          while let load = try queue.pop() {
            try copy.put(load.batch.tuples)
            load.scan.recycle(load.batch)
          }
        }
        try counts.push(rows)
      }
    }
  }

  func put(_ batch: RowBatch, from scan: BundleScan) throws { try queue.push(Load(batch: batch, scan: scan)) }

  /// Waits until every row is stored.
  ///
  /// - Returns: rows that the server says it stored.
  func finish() throws -> Int {
    queue.finish()
    try stages.join()
    var rows = 0
    while let count = counts.popIfAny() { rows += count }
    return rows
  }

  /// Abandons the load; nothing of a COPY that did not end stays.
  ///
  /// - Returns: what failed first, here or at the caller.
  func abort(_ error: any Error) -> any Error {
    stages.fail(error)
    do { try stages.join() } catch { return error }
    return error
  }
}
