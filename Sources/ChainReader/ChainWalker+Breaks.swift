// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Crypto

extension ChainWalker {
  /// A stretch of rows that the chain may go on with.
  private struct Candidate {
    let place: Int
    let previous: Digest
    let rows: Int
    let lastCreatedAt: Timestamp
  }

  /// Stretches looked at when the walk is not at its end; more than that is no break but a bad order.
  private static let mostCandidates = 64

  /// Moves the head to where the chain goes on behind a break.
  ///
  /// - Returns: false when what waits has no claim to be the chain.
  func goOn(atEnd: Bool) throws -> Bool {
    let before = roots()
    let known = try lookup.rows(
      withHash: before.map { order[$0].previous }.filter { $0 != ChainOrder.nothing && !postponedTips.contains($0) })
    postpone(before, known)
    var candidates = self.candidates(atEnd: atEnd, known)
    if atEnd {
      let own = try lookup.rows(withHash: candidates.map { order[$0.place].hash })
      candidates.removeAll { own[order[$0.place].hash]?.count ?? 1 > 1 }
    }
    guard !candidates.isEmpty, atEnd || candidates.count <= Self.mostCandidates else { return false }
    if let head, try lookup.successors(of: [head])[head] != nil { return false }
    let siblings = atEnd ? try lookup.successors(of: candidates.map(\.previous)) : [:]
    let claims = candidates.filter { candidate in
      // By itself a row that joins nothing, or that lost against a sibling, proves nothing.
      candidate.rows > 1 || !atEnd || head == nil
        || (known[candidate.previous] != nil && siblings[candidate.previous] ?? 1 == 1)
    }
    guard let best = claims.max(by: { isBetter($1, than: $0) }) else { return false }
    if atEnd, let head {
      let newest = try headCreatedAt ?? lookup.rows(withHash: [head])[head]?.createdAt ?? .distantPast
      headCreatedAt = newest
      guard best.lastCreatedAt > newest else { return false }
    }
    let isFork = siblings[best.previous] ?? 1 > 1
    pendingFault = fault(previous: best.previous, isKnown: known[best.previous] != nil, isFork: isFork, isOnChain: true)
    head = best.previous == ChainOrder.nothing ? nil : best.previous
    return true
  }

  private func candidates(atEnd: Bool, _ known: [Digest: KnownRow]) -> [Candidate] {
    roots().compactMap { root in
      let slot = order[root]
      guard atEnd || known[slot.previous] == nil, facts(root).isWellFormed, facts(root).hashMatches else { return nil }
      let (rows, last) = order.branch(from: root)
      return Candidate(place: root, previous: slot.previous, rows: rows, lastCreatedAt: order[last].createdAt)
    }
  }

  private func isBetter(_ a: Candidate, than b: Candidate) -> Bool {
    let (left, right) = (order[a.place], order[b.place])
    if a.rows != b.rows { return a.rows > b.rows }
    if left.createdAt != right.createdAt { return left.createdAt < right.createdAt }
    return left.hash.hex < right.hash.hex
  }

  private func facts(_ place: Int) -> RowFacts {
    let tag = order[place].tag
    guard let batch = batches[tag >> 32]?.batch else { preconditionFailure("a row outlives its batch") }
    return batch.rows[tag & 0xffff_ffff]
  }

  /// Rows that wait for a row that does not wait itself.
  private func roots() -> [Int] {
    let places = order.places()
    let waiting = Set(places.map { order[$0].hash })
    return places.filter { !waiting.contains(order[$0].previous) }
  }

  // MARK: Rows of another day

  /// Leaves rows behind one that is not read yet to another day.
  private func postpone(_ roots: [Int], _ known: [Digest: KnownRow]) {
    guard let until else { return }
    for root in roots {
      let previous = order[root].previous
      if postponedTips.remove(previous) == nil {
        guard let time = known[previous]?.createdAt, time >= until else { continue }
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

  // MARK: Rows without a place

  private func fault(previous: Digest, isKnown: Bool, isFork: Bool, isOnChain: Bool) -> PlaceFault {
    func fault(_ kind: AnomalyKind, _ detail: String) -> PlaceFault {
      PlaceFault(kind: kind, detail: detail, isOnChain: isOnChain)
    }
    if previous == ChainOrder.nothing { return fault(.fork, "a second genesis") }
    if isKnown && isFork { return fault(.fork, "its predecessor \(previous.hex) has another successor") }
    if isKnown && isOnChain {
      return fault(.fork, "the chain goes on from \(previous.hex), which is not its head \(head?.hex ?? "nothing")")
    }
    if isKnown { return fault(.orphan, "its predecessor \(previous.hex) is not the chain's head") }
    return isOnChain
      ? fault(.gap, "its predecessor \(previous.hex) is missing")
      : fault(.orphan, "no row has the hash \(previous.hex)")
  }

  /// Passes on rows that have no place on the chain, by `created_at` and id.
  func passOnRest() throws {
    let places = order.places()
    guard !places.isEmpty else { return }
    let waiting = Dictionary(places.map { (order[$0].hash, $0) }, uniquingKeysWith: { first, _ in first })
    let ends = places.map { order[$0].previous }.filter { waiting[$0] == nil && $0 != ChainOrder.nothing }
    let known = try lookup.rows(withHash: ends)
    let siblings = try lookup.successors(of: ends)
    let own = try lookup.rows(withHash: places.map { order[$0].hash })
    let sorted = places.map { (place: $0, line: lineText($0)) }.sorted { a, b in
      // A line begins with its row's id.
      (order[a.place].createdAt, a.line) < (order[b.place].createdAt, b.line)
    }.map(\.place)
    for place in sorted {
      let slot = order[place]
      let root = self.root(of: place, waiting)
      let previous = order[root].previous
      var fault = fault(
        previous: previous, isKnown: known[previous] != nil, isFork: siblings[previous] ?? 1 > 1, isOnChain: false)
      if own[slot.hash]?.count ?? 1 > 1 {
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
