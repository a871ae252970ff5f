// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Bytes
public import Crypto

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

/// What a walk asks the table about rows that it does not hold.
public protocol ChainLookup: AnyObject {
  /// `created_at` of those rows of the whole table that have one of these hashes; `distantPast` for one that is NULL or
  /// infinite, whose row every walk gets.
  func rows(withHash hashes: [Digest]) throws -> [Digest: Timestamp]
  /// Whether the table has a row whose predecessor this is.
  func hasSuccessor(of hash: Digest) throws -> Bool
}

/// A table's rows came in an order too far from the chain's for the memory that they may take.
public struct TooScattered: Error {}

/// Puts rows into chain order in one pass, in bounded memory.
///
/// Rows wait for their predecessor in a table; a few thousand are always held back, so that of two rows with the same
/// predecessor the one whose branch goes on is taken.
public final class ChainWalker {
  private var order = ChainOrder()
  private var batches: [Int: (batch: RowBatch, rows: Int)] = [:]
  /// Hash of the last row on the chain.
  public private(set) var head: Digest?
  private var headCreatedAt = Timestamp.distantPast
  private let sink: any RowSink
  private let lookup: any ChainLookup
  /// Rows from here on are not read: a row behind one of them waits for another day.
  private let until: Timestamp?
  /// Whether a row is archived already.
  private let isArchived: (RowFacts) throws -> Bool
  private let recycle: (RowBatch) -> Void
  private let limitBytes: Int
  /// The read is by time: there is no better order to try.
  private let isSorted: Bool
  /// Fault of the next row that is taken, when the chain does not lead to it.
  private var pendingFault: PlaceFault?
  private var forkWinners: [Digest: Digest] = [:]

  /// The least `created_at` of the rows that were seen and left to another day.
  public private(set) var leastPostponed: Timestamp?
  public private(set) var postponedRows = 0
  /// The greatest `created_at` that rows wait behind.
  public private(set) var latestBlocker: Timestamp?
  /// Last rows of the branches that wait for another day; what follows them waits too.
  private var postponedTips: Set<Digest> = []

  private var compactions = 0
  private static let compactionBit = 1 << 30
  private static let mostBatches = 48
  static let heldBackRows = 4096
  static let heldBackBytes = 8 << 20

  public init(
    head: Digest?, until: Timestamp?, isArchived: @escaping (RowFacts) throws -> Bool = { _ in false },
    sink: any RowSink, lookup: any ChainLookup,
    limitBytes: Int = 32 << 20, isSorted: Bool, firstFault: PlaceFault? = nil, recycle: @escaping (RowBatch) -> Void
  ) {
    self.head = head
    self.until = until
    self.isArchived = isArchived
    self.sink = sink
    self.lookup = lookup
    self.limitBytes = limitBytes
    self.isSorted = isSorted
    self.recycle = recycle
    pendingFault = firstFault
  }

  /// Adds a batch and passes on what can be passed on.
  public func add(_ batch: RowBatch) throws {
    var taken = 0
    for (index, row) in batch.rows.enumerated() {
      if try isArchived(row) { continue }
      order.add(
        hash: row.hash, previous: row.previous, createdAt: row.createdAt, tag: batch.sequence << 32 | index,
        bytes: row.line.count + MemoryLayout<RowFacts>.size)
      taken += 1
    }
    if taken == 0 { recycle(batch) } else { batches[batch.sequence] = (batch, taken) }
    try drain(rows: Self.heldBackRows, bytes: Self.heldBackBytes)
    if order.bytes > limitBytes { try relieve() }
    if batches.count > Self.mostBatches { compact() }
  }

  /// Copies the rows that wait out of batches that hold few of them, which then are free.
  private func compact() {
    var kept: [Int: (batch: RowBatch, rows: Int)] = [:]
    var target = RowBatch()
    for place in order.places() {
      let tag = order[place].tag
      guard let (batch, rows) = batches[tag >> 32] else { preconditionFailure("a row outlives its batch") }
      if rows * 2 > batch.rows.count {
        kept[tag >> 32] = (batch, rows)
        continue
      }
      if target.lines.count >= 1 << 20 || target.rows.isEmpty {
        target = RowBatch()
        target.sequence = compactions | Self.compactionBit
        compactions += 1
      }
      var facts = batch.rows[tag & 0xffff_ffff]
      let start = target.lines.count
      unsafe target.lines.append(batch.line(tag & 0xffff_ffff))
      facts.line = start..<target.lines.count
      target.rows.append(facts)
      order.retag(place, target.sequence << 32 | (target.rows.count - 1))
      kept[target.sequence] = (target, target.rows.count)
    }
    for (sequence, (batch, _)) in batches where kept[sequence] == nil { recycle(batch) }
    batches = kept
  }

  /// Passes on every row that is left.
  public func finish() throws {
    try drain(rows: 0, bytes: 0)
    while order.count > 0, try goOn(atEnd: true) { try drain(rows: 0, bytes: 0) }
    try passOnRest()
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
    if slot.createdAt > headCreatedAt { headCreatedAt = slot.createdAt }
    let fault = pendingFault
    pendingFault = nil
    try pass(slot.tag, fault)
  }

  private func pass(_ tag: Int, _ fault: PlaceFault?) throws {
    let (sequence, index) = (tag >> 32, tag & 0xffff_ffff)
    guard let (batch, rows) = batches[sequence] else { preconditionFailure("a row outlives its batch") }
    try unsafe sink.take(batch.rows[index], batch.line(index), fault: fault)
    release(sequence, batch, rows)
  }

  private func release(_ sequence: Int, _ batch: RowBatch, _ rows: Int) {
    if rows > 1 {
      batches[sequence] = (batch, rows - 1)
    } else {
      batches[sequence] = nil
      recycle(batch)
    }
  }

  /// The buffer is full: the order is bad, or the chain is broken here.
  private func relieve() throws {
    guard isSorted else { throw TooScattered() }
    if try goOn(atEnd: false) { try drain(rows: Self.heldBackRows, bytes: Self.heldBackBytes) }
    if order.bytes > limitBytes * 8 { throw TooScattered() }
  }

  /// Moves the head to where the chain goes on behind a break.
  ///
  /// - Returns: false when what waits has no claim to be the chain.
  private func goOn(atEnd: Bool) throws -> Bool {
    let roots = self.roots()
    let known = try lookup.rows(
      withHash: roots.map { order[$0].previous }.filter { $0 != ChainOrder.nothing && !postponedTips.contains($0) })
    postpone(roots, known)
    // A single row that lost against a sibling has no better claim than that one.
    let candidates = self.roots().filter { root in
      if !atEnd { return known[order[root].previous] == nil }
      return forkWinners[order[root].previous] == nil || order.branch(from: root).rows > 1
    }
    guard !candidates.isEmpty else { return false }
    if let head, try lookup.hasSuccessor(of: head) { return false }
    let best = candidates.dropFirst().reduce(candidates[0]) { order.isBetter($1, than: $0) ? $1 : $0 }
    let last = order.branch(from: best).last
    guard head == nil || order[last].createdAt > headCreatedAt || !atEnd else { return false }
    let previous = order[best].previous
    pendingFault = Self.fault(previous: previous, isKnown: known[previous] != nil, isOnChain: true)
    head = previous == ChainOrder.nothing ? nil : previous
    return true
  }

  /// Rows that wait for a row that does not wait itself.
  private func roots() -> [Int] {
    let places = order.places()
    let waiting = Set(places.map { order[$0].hash })
    return places.filter { !waiting.contains(order[$0].previous) }
  }

  /// Leaves rows behind one that is not read yet to another day.
  private func postpone(_ roots: [Int], _ known: [Digest: Timestamp]) {
    guard let until else { return }
    for root in roots {
      let previous = order[root].previous
      if postponedTips.remove(previous) == nil {
        guard let time = known[previous], time >= until else { continue }
        latestBlocker = max(latestBlocker ?? time, time)
      }
      postponeBranch(root)
    }
  }

  private func postponeBranch(_ root: Int) {
    var open = [root]
    while let place = open.popLast() {
      let children = order.allChildren(of: order[place].hash)
      open += children
      let slot = order.remove(place)
      if children.isEmpty { postponedTips.insert(slot.hash) }
      // The next run reads rows without a finite stamp in any case.
      if slot.createdAt.isFinite { leastPostponed = min(leastPostponed ?? slot.createdAt, slot.createdAt) }
      postponedRows += 1
      if let (batch, rows) = batches[slot.tag >> 32] { release(slot.tag >> 32, batch, rows) }
    }
  }

  private static func fault(previous: Digest, isKnown: Bool, isOnChain: Bool) -> PlaceFault {
    if previous == ChainOrder.nothing {
      return PlaceFault(kind: .fork, detail: "a second genesis", isOnChain: isOnChain)
    }
    if isKnown {
      return PlaceFault(
        kind: .fork, detail: "its predecessor \(previous.hex) has another successor", isOnChain: isOnChain)
    }
    return isOnChain
      ? PlaceFault(kind: .gap, detail: "its predecessor \(previous.hex) is missing", isOnChain: true)
      : PlaceFault(kind: .orphan, detail: "no row has the hash \(previous.hex)", isOnChain: false)
  }

  /// Passes on rows that have no place on the chain, by `created_at` and id.
  private func passOnRest() throws {
    let places = order.places()
    guard !places.isEmpty else { return }
    let waiting = Dictionary(places.map { (order[$0].hash, $0) }, uniquingKeysWith: { first, _ in first })
    let known = try lookup.rows(withHash: places.map { order[$0].previous }.filter { waiting[$0] == nil })
    let sorted = places.map { (place: $0, line: lineText($0)) }.sorted { a, b in
      // A line begins with its row's id.
      (order[a.place].createdAt, a.line) < (order[b.place].createdAt, b.line)
    }.map(\.place)
    for place in sorted {
      let slot = order[place]
      let root = self.root(of: place, waiting)
      var fault = Self.fault(
        previous: order[root].previous, isKnown: known[order[root].previous] != nil, isOnChain: false)
      if forkWinners[slot.previous] == slot.hash {
        fault = PlaceFault(kind: .duplicate, detail: "the row \(slot.hash.hex) occurs more than once", isOnChain: false)
      } else if root != place {
        fault = PlaceFault(
          kind: fault.kind, detail: "it follows \(order[root].hash.hex), which has no place on the chain",
          isOnChain: false)
      }
      try pass(slot.tag, fault)
    }
    for place in sorted { _ = order.remove(place) }
  }

  private func lineText(_ place: Int) -> String {
    let tag = order[place].tag
    guard let batch = batches[tag >> 32]?.batch else { return "" }
    return unsafe String(decoding: batch.line(tag & 0xffff_ffff).prefix(256), as: UTF8.self)
  }

  private func root(of place: Int, _ waiting: [Digest: Int]) -> Int {
    var place = place
    for _ in 0..<order.count {
      guard let before = waiting[order[place].previous], before != place else { break }
      place = before
    }
    return place
  }
}
