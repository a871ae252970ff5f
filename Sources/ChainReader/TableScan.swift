// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
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

  /// FROM and WHERE of a selection.
  ///
  /// A window has the rows with `from <= created_at < until`, and those whose time is NULL or infinite, which belong to no
  /// window and so to each.
  func rows(_ selection: RowSelection) -> String {
    let time = quoteIdentifier(names.createdAt)
    var sql = "FROM \(description.sql)"
    switch selection {
    case .window(let window):
      var conditions: [String] = []
      if let from = window.from { conditions.append("\(time) >= \(quoteLiteral(from.iso))::timestamptz") }
      if let until = window.until { conditions.append("\(time) < \(quoteLiteral(until.iso))::timestamptz") }
      guard !conditions.isEmpty else { return sql }
      sql += " WHERE \(conditions.joined(separator: " AND ")) OR \(time) IN ('-infinity', 'infinity')"
      if !columns[indexes.createdAt].isNotNull { sql += " OR \(time) IS NULL" }
    case .successors(let hash, let before):
      sql += " WHERE \(quoteIdentifier(names.previousHash)) = \(quoteLiteral(hash.hex))"
      sql += " AND \(time) < \(quoteLiteral(before.iso))::timestamptz AND isfinite(\(time))"
      sql += " AND \(quoteIdentifier(names.hash)) ~ '^[0-9a-f]{64}$'"
    }
    return sql
  }

  /// A COPY of a selection's rows.
  func copy(_ selection: RowSelection) -> String {
    var order = ""
    if case .window(let window) = selection, window.isSorted {
      order = " ORDER BY \(quoteIdentifier(names.createdAt))" + (description.hasPhysicalRows ? ", ctid" : "")
    }
    return "COPY (SELECT \(selectList) \(rows(selection))\(order)) TO STDOUT (FORMAT binary)"
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

  /// Starts the scan's threads.
  ///
  /// - Parameters:
  ///   - source: where the reading session is opened.
  ///   - snapshot: identifier of the snapshot to read in; its transaction must last until the scan ends.
  public init(
    _ stages: Stages, _ source: any ChainSource, snapshot: String, table: ChainTable, window: ScanWindow,
    work: RowWork, workers: Int = coreThreads
  ) {
    let tuples = stages.queue(BoundedQueue<TupleBatch>(capacity: 2))
    let freeTuples = BatchPool { TupleBatch() }
    let free = BatchPool { RowBatch() }
    self.free = free
    stages.start("read") {
      let session = try source.open()
      stages.onFailure(session.canceller)
      try session.joinSnapshot(snapshot)
      var sequence = 0
      try session.copy(table, .window(window), into: freeTuples.take()) { batch in
        guard !batch.ends.isEmpty else { return batch }
        batch.sequence = sequence
        sequence += 1
        try tuples.push(batch)
        return freeTuples.take()
      }
      tuples.finish()
    }
    output = ParallelMap(stages, name: "check", workers: workers, input: tuples) {
      var checker = RowChecker(work)
      return { tuples in
        let batch = free.take()
        batch.sequence = tuples.sequence
        try checker.add(tuples, to: batch)
        try checker.settle(batch)
        tuples.removeAll()
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
