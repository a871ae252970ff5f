// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Cryptography

/// Rows that wait for their predecessor, found by it.
///
/// A hash table with chains over a pool of slots: no allocation a row. The digests are random already, so their
/// first word is the hash.
struct ChainOrder {
  struct Slot {
    var hash: Digest
    /// All zeros for a genesis, whose predecessor is nothing.
    var previous: Digest
    var createdAt: Timestamp
    /// The caller's reference to the row.
    var tag: Int
    var bytes: Int
    fileprivate var next: Int32
  }

  static let nothing = Digest(words: (0, 0, 0, 0))

  private var slots: [Slot] = []
  private var free: Int32 = -1
  private var buckets = [Int32](repeating: -1, count: 1 << 12)
  private(set) var count = 0
  /// Bytes of the rows that wait, as the caller counted them.
  private(set) var bytes = 0

  mutating func add(hash: Digest, previous: Digest?, createdAt: Timestamp, tag: Int, bytes: Int) {
    if count > buckets.count { rehash() }
    let previous = previous ?? Self.nothing
    let bucket = index(previous)
    let slot = Slot(
      hash: hash, previous: previous, createdAt: createdAt, tag: tag, bytes: bytes, next: buckets[bucket])
    if free >= 0 {
      let place = Int(free)
      free = slots[place].next
      slots[place] = slot
      buckets[bucket] = Int32(place)
    } else {
      slots.append(slot)
      buckets[bucket] = Int32(slots.count - 1)
    }
    count += 1
    self.bytes += bytes
  }

  /// Rows whose predecessor is `hash`; several are a fork.
  func children(of hash: Digest) -> (first: Int, isOnly: Bool)? {
    var first: Int?
    var place = buckets[index(hash)]
    while place >= 0 {
      if slots[Int(place)].previous == hash {
        if let first { return (first, false) }
        first = Int(place)
      }
      place = slots[Int(place)].next
    }
    return first.map { ($0, true) }
  }

  func allChildren(of hash: Digest) -> [Int] {
    var found: [Int] = []
    var place = buckets[index(hash)]
    while place >= 0 {
      if slots[Int(place)].previous == hash { found.append(Int(place)) }
      place = slots[Int(place)].next
    }
    return found
  }

  subscript(place: Int) -> Slot { slots[place] }

  /// Names a row's place on disk; its bytes do not count any more.
  mutating func spill(_ place: Int, tag: Int) {
    bytes -= slots[place].bytes
    slots[place].bytes = 0
    slots[place].tag = tag
  }

  mutating func retag(_ place: Int, _ tag: Int) { slots[place].tag = tag }

  mutating func remove(_ place: Int) -> Slot {
    let slot = slots[place]
    let bucket = index(slot.previous)
    if buckets[bucket] == Int32(place) {
      buckets[bucket] = slot.next
    } else {
      var before = Int(buckets[bucket])
      while slots[before].next != Int32(place) { before = Int(slots[before].next) }
      slots[before].next = slot.next
    }
    slots[place].next = free
    free = Int32(place)
    count -= 1
    bytes -= slot.bytes
    return slot
  }

  /// Places of all rows that wait; for the rare case that the chain does not go on.
  func places() -> [Int] {
    var found: [Int] = []
    for bucket in buckets {
      var place = bucket
      while place >= 0 {
        found.append(Int(place))
        place = slots[Int(place)].next
      }
    }
    return found
  }

  /// Places of the rows that wait for a row that does not wait itself.
  func rootPlaces() -> [Int] {
    let places = places()
    let hashes = Set(places.map { slots[$0].hash })
    return places.filter { !hashes.contains(slots[$0].previous) }
  }

  /// For each place the root of its branch; a row in a circle is its own.
  func roots() -> [Int] {
    var roots = Array(repeating: -1, count: slots.count)
    for root in rootPlaces() {
      var open = [root]
      while let place = open.popLast() {
        guard roots[place] < 0 else { continue }
        roots[place] = root
        open += allChildren(of: slots[place].hash)
      }
    }
    for place in roots.indices where roots[place] < 0 { roots[place] = place }
    return roots
  }

  /// A row's branch: the rows of the longest path that begins with it, and its last one.
  func branch(from place: Int) -> (rows: Int, last: Int) {
    var best = (rows: 1, last: place)
    var open = [(place: place, rows: 1)]
    // Copies of a row share their followers, and a forged table may hold a cycle, which a digest cannot make.
    var seen: Set<Int> = [place]
    while let (place, rows) = open.popLast() {
      if rows > best.rows { best = (rows, place) }
      for child in allChildren(of: slots[place].hash) where seen.insert(child).inserted {
        open.append((child, rows + 1))
      }
    }
    return best
  }

  /// The better of two rows to go on with: the longer branch, then the earlier row, then the lesser hash.
  func isBetter(_ a: Int, than b: Int) -> Bool {
    if slots[a].hash != slots[b].hash {
      let (rowsOfA, rowsOfB) = (branch(from: a).rows, branch(from: b).rows)
      if rowsOfA != rowsOfB { return rowsOfA > rowsOfB }
    }
    if slots[a].createdAt != slots[b].createdAt { return slots[a].createdAt < slots[b].createdAt }
    return slots[a].hash.hex < slots[b].hash.hex
  }

  private func index(_ digest: Digest) -> Int { Int(truncatingIfNeeded: digest.words.0) & (buckets.count - 1) }

  private mutating func rehash() {
    let all = places()
    buckets = [Int32](repeating: -1, count: buckets.count * 4)
    for place in all {
      let bucket = index(slots[place].previous)
      slots[place].next = buckets[bucket]
      buckets[bucket] = Int32(place)
    }
  }
}
