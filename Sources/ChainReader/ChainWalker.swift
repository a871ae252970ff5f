// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Bytes
internal import Files
public import Cryptography

/// Where a walk's rows go.
public protocol RowSink: AnyObject {
  /// Gets each row once: those on the chain in its order, then those that have no place on it.
  ///
  /// - Parameter fault: what is wrong with the row's place, nil where it follows the row before.
  func take(_ facts: RowFacts, _ line: UnsafeRawBufferPointer, fault: PlaceFault?) throws
}

/// What is wrong with a row's place on the chain.
public struct PlaceFault: Equatable, Sendable {
  public let kind: AnomalyKind
  public let detail: String
  /// The chain goes on from this row; without, the row has no place on it.
  public let isOnChain: Bool

  public init(kind: AnomalyKind, detail: String, isOnChain: Bool) {
    self.kind = kind
    self.detail = detail
    self.isOnChain = isOnChain
  }
}

/// A table's rows came in an order too far from the chain's for the memory that they may take.
public struct TooScattered: Error {}

/// Says whether a batch's row is archived already.
public typealias ArchivedCheck = (RowBatch, Int) throws -> Bool

/// Puts rows into chain order in one pass, in bounded memory.
///
/// Rows wait for their predecessor in a table; a few thousand are always held back, so that of two rows with the same
/// predecessor the one whose branch goes on is taken. What exceeds a bound waits on disk.
public final class ChainWalker {
  var order = ChainOrder()
  let waiting: WaitingRows
  /// Hash of the last row on the chain.
  public internal(set) var head: Digest?
  /// Of the row with the greatest stamp on the chain; nil until it is known.
  var headCreatedAt: Timestamp?
  private let sink: any RowSink
  let lookup: any ChainLookup
  /// Rows from here on are not read: a row behind one of them waits for another day.
  let until: Timestamp?
  private let isArchived: ArchivedCheck
  private let limitBytes: Int
  /// The read is by time: there is no better order to try.
  private let isSorted: Bool
  /// Fault of the next row that is taken, when the chain does not lead to it.
  var pendingFault: PlaceFault?
  var forkWinners: [Digest: Digest] = [:]

  /// The least `created_at` of the rows that were seen and left to another day.
  public internal(set) var leastPostponed: Timestamp?
  public internal(set) var postponedRows = 0
  /// The greatest `created_at` that rows wait behind.
  public internal(set) var latestBlocker: Timestamp?
  /// Last rows of the branches that wait for another day; what follows them waits too.
  var postponedTips: Set<Digest> = []

  /// Nobody can make a row that follows one without a place, or the other way round.
  private let mask = (UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max))

  static let heldBackRows = 4096
  static let heldBackBytes = 8 << 20
  /// Rows that may wait when the table's own order is read; more is no order to go by.
  private static let mostScattered = 200_000
  /// Rows that may wait at all: some hundred bytes each, wherever their lines are.
  private static let mostWaiting = 4_000_000

  public init(
    head: Digest?, until: Timestamp?, isArchived: @escaping ArchivedCheck = { _, _ in false },
    sink: any RowSink, lookup: any ChainLookup,
    limitBytes: Int = 16 << 20, isSorted: Bool, firstFault: PlaceFault? = nil,
    spillDirectory: String? = nil, recycle: @escaping (RowBatch) -> Void
  ) {
    self.head = head
    self.until = until
    self.isArchived = isArchived
    self.sink = sink
    self.lookup = lookup
    self.limitBytes = limitBytes
    self.isSorted = isSorted
    waiting = WaitingRows(spillDirectory: spillDirectory ?? Process.temporaryDirectory, recycle: recycle)
    pendingFault = firstFault
  }

  /// Adds a batch and passes on what can be passed on.
  public func add(_ batch: RowBatch) throws { try add(batch, isFetched: false) }

  private func add(_ batch: RowBatch, isFetched: Bool) throws {
    var taken = 0
    for (index, row) in batch.rows.enumerated() {
      if try isArchived(batch, index) { continue }
      order.add(
        hash: row.hash, previous: row.isWellFormed ? row.previous : astray(row), createdAt: row.createdAt,
        tag: WaitingRows.tag(batch, index),
        bytes: row.line.count + MemoryLayout<RowFacts>.size)
      taken += 1
    }
    waiting.add(batch, rows: taken)
    if isFetched { return }
    try drain(rows: Self.heldBackRows, bytes: Self.heldBackBytes)
    if order.bytes > limitBytes { try relieve() }
    waiting.compact(&order)
  }

  /// Passes on every row that is left.
  public func finish() throws {
    repeat {
      repeat { try drain(rows: 0, bytes: 0) } while try addUnreadSuccessors()
    } while try order.count > 0 && goOn(atEnd: true)
    try passOnRest()
  }

  /// A row with an old stamp that was inserted lately is found by the row that it follows.
  private func addUnreadSuccessors() throws -> Bool {
    guard let head, let batch = try lookup.unreadSuccessors(of: head) else { return false }
    let before = order.count
    try add(batch, isFetched: true)
    return order.count > before
  }

  /// What a row without a place follows: nothing that there is.
  private func astray(_ row: RowFacts) -> Digest {
    let words = row.hash.words
    return Digest(words: (words.0 ^ mask.0, words.1 ^ mask.1, words.2, words.3))
  }

  private func drain(rows: Int, bytes: Int) throws {
    while order.count > rows || order.bytes > bytes {
      let key = head ?? ChainOrder.nothing
      guard let (first, isOnly) = order.children(of: key) else { return }
      try take(isOnly ? first : winner(among: order.allChildren(of: key)))
    }
  }

  private func winner(among children: [Int]) -> Int {
    let best = children.dropFirst().reduce(children[0]) { order.isBetter($1, than: $0) ? $1 : $0 }
    forkWinners[order[best].previous] = order[best].hash
    return best
  }

  private func take(_ place: Int) throws {
    let slot = order.remove(place)
    head = slot.hash
    headCreatedAt = max(headCreatedAt ?? slot.createdAt, slot.createdAt)
    let fault = pendingFault
    pendingFault = nil
    try pass(slot.tag, fault)
  }

  func pass(_ tag: Int, _ fault: PlaceFault?) throws {
    try unsafe waiting.take(tag) { row, line in
      var fault = fault
      if !row.isWellFormed {
        fault = PlaceFault(
          kind: .orphan, detail: "its hash or its predecessor's is no SHA-256 in hex", isOnChain: false)
      }
      try unsafe sink.take(row, line, fault: fault)
    }
  }

  /// Too much waits in memory: the order is bad, or the chain is broken here.
  private func relieve() throws {
    if order.count > (isSorted ? Self.mostWaiting : Self.mostScattered) { throw TooScattered() }
    if try isSorted && goOn(atEnd: false) { try drain(rows: Self.heldBackRows, bytes: Self.heldBackBytes) }
    if order.bytes > limitBytes { try waiting.spill(&order) }
  }
}
