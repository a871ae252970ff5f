// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import ChainReader
internal import Bytes
internal import Cryptography
public import Pipeline
public import Postgres
internal import RowCodec
internal import Signing

/// Verifies the chain in a table, in one pass and without writing anything.
public struct DatabaseVerifier: Sendable {
  let settings: VerifySettings
  let source: any ChainSource
  let table: TableName
  let progress: any ProgressListener
  let cancellation: Cancellation

  /// - Parameter conninfo: of a Postgres database.
  public init(
    _ settings: VerifySettings, conninfo: String, table: TableName, progress: any ProgressListener = NoProgress(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.init(settings, PostgresSource(conninfo), table: table, progress: progress, cancellation: cancellation)
  }

  public init(
    _ settings: VerifySettings, _ source: any ChainSource, table: TableName,
    progress: any ProgressListener = NoProgress(), cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.source = source
    self.table = table
    self.progress = progress
    self.cancellation = cancellation
  }

  public func run() throws -> VerifyReport {
    let report = try verify(head: nil, makesLeaves: false).report
    guard report.rows > 0 else {
      throw Failure(
        .nothingToCheck, "the table has no rows", on: "\(table.schema).\(table.name)",
        remedy: "check --table and --database")
    }
    return report
  }

  /// - Parameters:
  ///   - head: hash of the row that the table's first row follows; nil for a genesis.
  ///   - makesLeaves: also add the rows' leaves up, to compare tables.
  ///   - tellsUntrusted: name rows that a revoked key signed as anomalies; they are counted in any case.
  func verify(
    head: Digest?, makesLeaves: Bool, tellsUntrusted: Bool = true
  ) throws -> (report: VerifyReport, leaves: LeafSum) {
    for isSorted in [false, true] {
      do {
        return try verify(head: head, makesLeaves: makesLeaves, isSorted: isSorted, tellsUntrusted: tellsUntrusted)
      } catch is TooScattered {
        if !isSorted { progress.event("the table's rows lie out of order: reading them by time", [:]) }
      }
    }
    throw tooScattered
  }

  /// The order by time did not help either.
  var tooScattered: Failure {
    Failure(
      .unavailable, "the chain's rows lie too far apart for the memory that may be used", on: table.sql,
      remedy: "report this table's shape")
  }

  /// Verifies the table and shows each of its rows to `difference`, with what is wrong with it.
  ///
  /// - Throws: ``TooScattered`` when the rows' order is too far from the chain's; then `difference` is spent.
  func compare(with difference: Difference, isSorted: Bool) throws {
    _ = try verify(head: nil, makesLeaves: true, isSorted: isSorted, difference: difference)
  }

  private func verify(
    head: Digest?, makesLeaves: Bool, isSorted: Bool, tellsUntrusted: Bool = true, difference: Difference? = nil
  ) throws -> (report: VerifyReport, leaves: LeafSum) {
    let session = try source.open()
    let table = try session.table(self.table, settings.columns)
    let snapshot = try session.beginSnapshot()
    difference?.begin(table.columns, now: Timestamp(microseconds: snapshot.now))
    progress.expect(rows: try session.expectedRows(table, ScanWindow()))
    var work = RowWork(
      columns: table.columns, indexes: table.indexes, keys: settings.keys, signatures: settings.signatures)
    work.makesLeaves = makesLeaves
    let stages = Stages()
    let token = cancellation.register { stages.fail(Failure.stopped) }
    defer { cancellation.unregister(token) }
    let sink = ReportSink(
      RowIdentifier(table.columns, table.indexes), requiresSignatures: settings.requiresSignatures,
      difference: difference)
    sink.tellsUntrusted = tellsUntrusted
    sink.suspects = settings.suspects
    try settings.suspects?.beginTable()
    do {
      var window = ScanWindow()
      window.isSorted = isSorted
      let scan = TableScan(
        stages, source, snapshot: snapshot.identifier, table: table, window: window, work: work)
      let walker = ChainWalker(
        head: head, until: nil, sink: sink, lookup: TableLookup(table, in: session, window: ScanWindow(), work: work),
        isSorted: isSorted,
        recycle: { scan.recycle($0) })
      while let batch = try scan.next() {
        progress.advance(rows: batch.rows.count, bytes: batch.lines.count)
        try walker.add(batch)
      }
      try walker.finish()
      sink.report.headHash = walker.head?.hex
      sink.report.tableRows = sink.report.rows
    } catch { try stages.abandon(error) }
    try stages.join()
    return (sink.report, sink.leaves)
  }
}

/// Adds rows up in a report.
final class ReportSink: RowSink {
  var report = VerifyReport()
  private(set) var leaves = LeafSum()
  private let identifier: RowIdentifier
  private let requiresSignatures: Bool
  private let difference: Difference?
  var tellsUntrusted = true
  var suspects: SuspectList?

  init(_ identifier: RowIdentifier, requiresSignatures: Bool, difference: Difference? = nil) {
    self.identifier = identifier
    self.requiresSignatures = requiresSignatures
    self.difference = difference
  }

  @safe
  func take(_ row: RowFacts, _ line: UnsafeRawBufferPointer, fault: PlaceFault?) throws {
    report.rows += 1
    report.signatures.count(row.signature)
    leaves.add(row.leaf)
    let isSound = fault == nil && row.hashMatches && row.signature == .valid
    var faults = isSound ? [] : rowFaults(row, fault, requiresSignatures: requiresSignatures)
    if !tellsUntrusted { faults.removeAll { $0.0 == .untrusted } }
    let suspect =
      row.signature == .suspect
      ? SuspectEntry(.tableRow, id: unsafe identifier.id(line), createdAt: row.createdAt, digest: row.hash) : nil
    if let difference {
      return try difference.take(row, line, TableFaults(faults, suspect)) { unsafe identifier.id(line) }
    }
    if let suspect { try suspects?.note(suspect) }
    guard !faults.isEmpty else { return }
    let id = unsafe identifier.id(line)
    for (kind, detail) in faults { report.anomalies.append(Anomaly(kind, row: nil, id: id, detail: detail)) }
  }
}

/// The sum of rows' leaves modulo 2^256: equal for the same rows in whatever order.
struct LeafSum: Equatable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  private(set) var count = 0

  mutating func add(_ leaf: Digest) {
    count += 1
    var carry: UInt64 = 0
    func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
      let (first, overflow) = a.addingReportingOverflow(b)
      let (second, more) = first.addingReportingOverflow(carry)
      carry = overflow || more ? 1 : 0
      return second
    }
    words.3 = sum(words.3, leaf.words.3)
    words.2 = sum(words.2, leaf.words.2)
    words.1 = sum(words.1, leaf.words.1)
    words.0 = sum(words.0, leaf.words.0)
  }

  static func == (a: LeafSum, b: LeafSum) -> Bool { a.words == b.words && a.count == b.count }
}
