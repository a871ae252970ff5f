// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Bytes
public import Pipeline
public import Postgres
public import RowCodec

/// A table that holds a chain: what is read of it, and how.
public struct ChainTable: Sendable {
  public let description: TableDescription
  public let columns: [Column]
  public let names: ChainColumns
  public let indexes: ChainColumnIndexes

  public init(_ description: TableDescription, _ names: ChainColumns) throws(Failure) {
    self.description = description
    self.names = names
    columns = description.columns.map {
      Column(name: $0.name, type: $0.type, isNotNull: $0.isNotNull, isGenerated: $0.isGenerated)
    }
    do throws(ChainColumnIndexes.Missing) { indexes = try ChainColumnIndexes(columns, names) } catch {
      throw Failure(
        .configuration, "\(error)", on: description.displayName,
        remedy: "name the table and its columns by --table and --column-…",
        cause: error)
    }
  }

  /// The select list: a column's own binary form where it is read, its output function's text elsewhere.
  var selectList: String {
    zip(columns, description.columns).map { column, described in
      column.isBinary ? quoteIdentifier(column.name) : described.textExpression
    }.joined(separator: ", ")
  }

  /// The rows with `from <= created_at < until`, and of those whose time is NULL or infinite, which belong to
  /// no window and so to each.
  func rows(_ window: ScanWindow) -> String {
    let time = quoteIdentifier(names.createdAt)
    var conditions: [String] = []
    if let from = window.from { conditions.append("\(time) >= \(quoteLiteral(from.iso))::timestamptz") }
    if let until = window.until { conditions.append("\(time) < \(quoteLiteral(until.iso))::timestamptz") }
    var sql = "FROM \(description.sql)"
    if !conditions.isEmpty {
      sql += " WHERE \(conditions.joined(separator: " AND ")) OR \(time) IN ('-infinity', 'infinity')"
      if !columns[indexes.createdAt].isNotNull { sql += " OR \(time) IS NULL" }
    }
    return sql
  }

  /// A COPY of a window's rows.
  func copy(_ window: ScanWindow) -> String {
    let time = quoteIdentifier(names.createdAt)
    let order = window.isSorted ? " ORDER BY \(time)" + (description.hasPhysicalRows ? ", ctid" : "") : ""
    return "COPY (SELECT \(selectList) \(rows(window))\(order)) TO STDOUT (FORMAT binary)"
  }
}

/// Which rows are read, and in which order.
public struct ScanWindow: Equatable, Sendable {
  public var from: Timestamp?
  public var until: Timestamp?
  /// Rows come by time. Without, they come as the table has them, which for a log that is only appended to is nearly
  /// the chain's order, and spares the server a sort.
  public var isSorted = false

  public init(from: Timestamp? = nil, until: Timestamp? = nil) {
    self.from = from
    self.until = until
  }
}

/// Rows out of a table, checked on all cores.
public final class TableScan: Sendable {
  private let output: ParallelMap<TupleBatch, RowBatch>
  private let free: BatchPool<RowBatch>

  /// Tuples as COPY gives them.
  private final class TupleBatch: Sequenced, @unchecked Sendable {
    // One stage owns it at a time; queues hand it over.
    var sequence = 0
    var bytes = ByteBuffer(capacity: (1 << 20) + (1 << 16))
    var ends: [Int] = []
  }

  /// Starts the scan's threads.
  ///
  /// - Parameters:
  ///   - snapshot: identifier of the snapshot to read in; its transaction must last until the scan ends.
  ///   - progress: called for each batch with its rows and bytes.
  public init(
    _ stages: Stages, conninfo: String, snapshot: String, table: ChainTable, window: ScanWindow, work: RowWork,
    workers: Int = coreThreads
  ) {
    let tuples = stages.queue(BoundedQueue<TupleBatch>(capacity: 2))
    let freeTuples = BatchPool { TupleBatch() }
    let free = BatchPool { RowBatch() }
    self.free = free
    stages.start("read") {
      let session = try PostgresSession(conninfo)
      let canceller = session.canceller
      stages.onFailure { canceller.cancel() }
      try session.joinSnapshot(snapshot)
      var batch = freeTuples.take()
      var sequence = 0
      func flush() throws {
        batch.sequence = sequence
        sequence += 1
        try tuples.push(batch)
        batch = freeTuples.take()
      }
      try unsafe session.copyOut(table.copy(window)) { tuple in
        unsafe batch.bytes.append(tuple)
        batch.ends.append(batch.bytes.count)
        if batch.bytes.count >= 1 << 20 { try flush() }
      }
      if !batch.ends.isEmpty { try flush() }
      tuples.finish()
    }
    output = ParallelMap(stages, name: "check", workers: workers, input: tuples) {
      var checker = RowChecker(work)
      return { tuples in
        let batch = free.take()
        batch.sequence = tuples.sequence
        var start = 0
        for end in tuples.ends {
          try unsafe checker.add(tuple: tuples.bytes.unsafeBytes(start..<end), to: batch)
          start = end
        }
        try checker.settle(batch)
        tuples.bytes.clear()
        tuples.bytes.shrink(to: 4 << 20)
        tuples.ends.removeAll(keepingCapacity: true)
        freeTuples.give(tuples)
        return batch
      }
    }
  }

  /// The next batch, in the order in which the server sent its rows; nil at the end.
  public func next() throws -> RowBatch? { try output.pop() }

  /// Takes a batch back that is not needed any more.
  public func recycle(_ batch: RowBatch) {
    batch.removeAll()
    free.give(batch)
  }
}
