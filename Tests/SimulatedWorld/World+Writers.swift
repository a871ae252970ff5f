// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography

extension World {
  private static let payloads = [
    Payload(text: #"{"n": 1}"#, canonical: #"{"n":1}"#),
    Payload(text: #"{"a": [1.10, 0, 1000000000000000000000], "b": null}"#, canonical: #"{"a":[1.1,0,1e+21],"b":null}"#),
    Payload(
      text: #"{"deep": {"x": {"y": []}}, "text": "é\n\"q\""}"#, canonical: #"{"deep":{"x":{"y":[]}},"text":"é\n\"q\""}"#
    ),
    Payload(text: #"{"f": 0.0000001, "i": 12345678901234567890}"#, canonical: #"{"f":1e-7,"i":12345678901234567000}"#),
    Payload(text: "[]", canonical: "[]"),
    Payload(text: #"{"ﬃ": 2, "😀": 1}"#, canonical: #"{"😀":1,"ﬃ":2}"#),
  ]

  private func id() -> UInt128 { UInt128(dice.next()) << 64 | UInt128(dice.next()) }

  func makeRow(after previous: Digest?, at time: Timestamp) -> WorldRow {
    counts.rows += 1
    var row = WorldRow(
      id: id(), eventType: dice.pick(["memory.node.created", "odd \"type\" \\", "test"]),
      nodeID: dice.chance(30) ? id() : nil, payload: dice.pick(Self.payloads), previous: previous, createdAt: time,
      cost: dice.chance(30) ? dice.pick(["1.10", "-3", "0.000"]) : nil, isSigned: dice.chance(85))
    // Two equal events in a row have different hashes only by their predecessors.
    while !made.insert(row.hash).inserted {
      let number = dice.below(1_000_000)
      row = WorldRow(
        id: row.id, eventType: row.eventType, nodeID: row.nodeID,
        payload: Payload(text: "{\"number\": \(number)}", canonical: "{\"number\":\(number)}"), previous: previous,
        createdAt: time, cost: row.cost, isSigned: row.signature != nil)
    }
    if traits.hasTampering, dice.chance(4), row.signature != nil {
      row.signature = Base64.encode(Naive.sha256([1]).bytes)
      row.signatureIsWrong = true
    }
    return row
  }

  func remember(_ row: WorldRow) { lines[row.line] = row }

  /// Some transactions, one behind the other or overlapping, each with some rows.
  func write(_ transactions: Int) throws {
    for _ in 0..<transactions {
      clock.advance(seconds: dice.pick([0, 1, 40, 900, 3600]))
      clock.tick()
      let transaction = try database.begin()
      if traits.hasLateCommits, dice.chance(12) {
        pending[transaction] = []
        note("transaction \(transaction) stays open")
        continue
      }
      try append(dice.pick([1, 1, 1, 2, 3]), in: transaction)
      if dice.chance(6) { try rollBack(transaction) } else { try commit(transaction) }
    }
  }

  /// Adds rows to the chain; those of one transaction follow each other and share their time.
  func append(_ rows: Int, in transaction: Int) throws {
    var own = pending[transaction] ?? []
    for _ in 0..<rows {
      var previous = own.last?.hash ?? tip()
      // The head is locked by whoever has inserted behind it.
      let isTaken = pending.contains { $0.key != transaction && $0.value.contains { $0.previous == previous } }
      if isTaken && !traits.hasForks { continue }
      if traits.hasForks, dice.chance(8),
        let other = lines.values.map(\.hash).sorted(by: { $0.hex < $1.hex }).randomElement(using: &dice)
      {
        previous = other
      }
      let row = makeRow(after: previous, at: stamp(database.start(of: transaction)))
      try database.insert(row, in: transaction)
      if row.createdAt < database.start(of: transaction) { backdated.insert(row.id) }
      own.append(row)
    }
    pending[transaction] = own
  }

  private func tip() -> Digest? {
    if traits.hasForks, tips.count > 1, dice.chance(15) { return dice.pick(tips) }
    return tips.last
  }

  /// `now()` is the transaction's start; some writers stamp by their own clocks.
  private func stamp(_ start: Timestamp) -> Timestamp {
    guard traits.hasSkew, dice.chance(20) else { return start }
    return start.advanced(bySeconds: Int64(dice.pick([-3, -40, -4000, -90_000, 2, 300, 5000, 90_000])))
  }

  func commit(_ transaction: Int) throws {
    try database.commit(transaction)
    for row in pending[transaction] ?? [] {
      remember(row)
      let previous = row.previous?.hex.prefix(6) ?? "nothing"
      note(
        "  + \(row.hash.hex.prefix(6)) after \(previous) of \(WorldRow.iso(row.createdAt)) id \(row.idText.prefix(8))")
      tips.removeAll { $0 == row.previous }
      tips.append(row.hash)
    }
    pending[transaction] = nil
  }

  func rollBack(_ transaction: Int) throws {
    try database.rollBack(transaction)
    pending[transaction] = nil
  }

  /// What happens while a run reads: commits of what was open, new rows.
  func meanwhile() {
    guard dice.chance(6) else { return }
    do {
      if let transaction = pending.keys.sorted().first, dice.chance(60) {
        if pending[transaction]?.isEmpty ?? false { try append(1, in: transaction) }
        try commit(transaction)
      } else {
        try write(1)
      }
    } catch { note("a writer failed: \(error)") }
  }

  /// Ends some of the transactions that are open.
  func endTransactions(all: Bool) throws {
    for transaction in pending.keys.sorted() where all || dice.chance(50) {
      if dice.chance(70) { try append(dice.within(1...2), in: transaction) }
      if dice.chance(15) { try rollBack(transaction) } else { try commit(transaction) }
      note("transaction \(transaction) ends")
    }
  }
}
