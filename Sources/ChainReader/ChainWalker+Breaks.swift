// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Cryptography

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
    let before = order.rootPlaces()
    let known = try lookup.rows(
      withHash: before.map { order[$0].previous }.filter { $0 != ChainOrder.nothing && !postponedTips.contains($0) })
    postpone(before, known)
    var candidates = try self.candidates(atEnd: atEnd, known)
    if atEnd {
      let copied = try lookup.copied(candidates.map { order[$0.place].hash })
      candidates.removeAll { copied.contains(order[$0.place].hash) }
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
      let newest = try headCreatedAt ?? lookup.rows(withHash: [head])[head] ?? .distantPast
      headCreatedAt = newest
      guard best.lastCreatedAt > newest else { return false }
    }
    let isFork = siblings[best.previous] ?? 1 > 1
    pendingFault = fault(previous: best.previous, isKnown: known[best.previous] != nil, isFork: isFork, isOnChain: true)
    head = best.previous == ChainOrder.nothing ? nil : best.previous
    return true
  }

  private func candidates(atEnd: Bool, _ known: [Digest: Timestamp]) throws -> [Candidate] {
    try order.rootPlaces().compactMap { root in
      let slot = order[root]
      guard atEnd || known[slot.previous] == nil else { return nil }
      let facts = try waiting.facts(slot.tag)
      guard facts.isWellFormed, facts.hashMatches else { return nil }
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

  // MARK: Rows of another day

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
      waiting.release(slot.tag)
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
    let roots = order.roots()
    let ends = Set(places.map { order[roots[$0]].previous }).filter { $0 != ChainOrder.nothing }
    let known = try lookup.rows(withHash: Array(ends))
    let siblings = try lookup.successors(of: Array(ends))
    let copied = try lookup.copied(places.map { order[$0].hash })
    let sorted = try places.sorted { a, b in
      let (left, right) = (order[a], order[b])
      if left.createdAt != right.createdAt { return left.createdAt < right.createdAt }
      return try waiting.lineStart(left.tag) < waiting.lineStart(right.tag)
    }
    for place in sorted {
      let slot = order[place]
      let root = roots[place]
      let previous = order[root].previous
      var fault = fault(
        previous: previous, isKnown: known[previous] != nil, isFork: siblings[previous] ?? 1 > 1, isOnChain: false)
      if copied.contains(slot.hash) {
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
}
