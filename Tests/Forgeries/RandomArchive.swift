// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Signing
import TestCore

/// Makes sound archives of any shape.
public struct RandomArchive {
  private let site: Site
  private var dice: Dice
  private var head: Digest?
  private var hashes: [Digest] = []
  private var number = 0
  /// Columns beside the chain's, with what makes their values.
  private var extra: [(column: Manifest.Column, type: String)] = []

  public init(_ site: Site, seed: UInt64) {
    (self.site, dice) = (site, Dice(seed: seed))
    for index in 0..<(dice.oneIn(3) ? dice.below(6) : 0) {
      let type = dice.pick(Self.types)
      let name = dice.pick(["note", "weird \"name\"", "ключ", "a b", "null", "Z", "x\ny", "\\"]) + String(index)
      extra.append((Manifest.Column(name: name, type: type, isNotNull: false, isGenerated: dice.oneIn(8)), type))
    }
  }

  private static let types = [
    "integer", "bigint", "boolean", "numeric(10,2)", "double precision", "bytea", "integer[]", "text", "jsonb", "json",
    "uuid", "timestamp with time zone", "interval", "pair",
  ]

  public mutating func make() throws -> SampleArchive {
    var parts: [SamplePart] = []
    var day = UTCDay("2026-01-05")!.advanced(by: dice.below(500) - 250)
    let days = 1 + dice.below(6)
    for index in 0..<days {
      let count = dice.oneIn(3) ? 1 + dice.below(4) : 1
      for part in 0..<count {
        let isOpen = index == days - 1 && part == count - 1 && dice.oneIn(5)
        parts.append(try self.part(day, part, isLast: part == count - 1 && !isOpen))
      }
      day = day.next
    }
    var archive = SampleArchive(parts)
    archive.columns = columns()
    archive.settings.rowsPerFrameLog2 = dice.below(8)
    archive.settings.compressionLevel = 1 + dice.below(4)
    return archive
  }

  private mutating func columns() -> [Manifest.Column] {
    var columns = SampleArchive.standardColumns
    if dice.oneIn(4) { columns.removeAll { $0.name == "signer_id" } }
    for (column, _) in extra { columns.insert(column, at: dice.below(columns.count + 1)) }
    return columns
  }

  private mutating func part(_ day: UTCDay, _ part: Int, isLast: Bool) throws -> SamplePart {
    var made = SamplePart(day: day, part: part, isLast: isLast, rows: [])
    if dice.oneIn(20), let common = hashes.dropLast().randomElement(using: &dice) {
      made.acceptedRewind = common
      head = common
    }
    let count = made.acceptedRewind == nil && dice.oneIn(4) ? 0 : 1 + dice.below(dice.oneIn(10) ? 60 : 6)
    var seconds = 0
    for _ in 0..<count {
      // Ties, and stragglers that began before.
      if !dice.oneIn(3) { seconds = min(86_399, seconds + dice.below(9000)) }
      let late = dice.oneIn(8) ? dice.below(3 * 86_400) : 0
      var stamp = day.start.advanced(bySeconds: Int64(seconds - late))
      if dice.oneIn(60) { stamp = dice.oneIn(2) ? .distantPast : .distantFuture }
      made.rows.append(try row(stamp))
    }
    return made
  }

  private mutating func row(_ stamp: Timestamp) throws -> ChainRow {
    number += 1
    let text = hexText(dice.bytes(16))
    let id =
      [text.prefix(8), text.dropFirst(8).prefix(4), text.dropFirst(12).prefix(4), text.dropFirst(16).prefix(4)]
      .map(String.init).joined(separator: "-") + "-" + text.suffix(12)
    var values = ["event_type": quoted(text2())]
    for (column, type) in extra { values[column.name] = dice.oneIn(4) ? "null" : literal(type) }
    let signer: (any Signer)? = dice.oneIn(6) ? nil : dice.oneIn(4) ? site.events : site.secret
    let row = try ChainRow(
      id: id, payload: payload(), after: head, createdAt: stamp, signer: signer, values: values)
    head = row.hash
    hashes.append(row.hash)
    return row
  }

  private mutating func text2() -> String {
    let pieces = ["", "made", "é", "\"", "\\", "\n", "\u{1}", "\u{7f}", "\u{2028}", "😀", "{}", "null", "a,b", " "]
    return (0..<dice.below(5)).map { _ in dice.pick(pieces) }.joined()
  }

  private mutating func literal(_ type: String) -> String {
    switch type {
    case "integer": return String(Int32(truncatingIfNeeded: Int(truncatingIfNeeded: dice.next())))
    case "bigint": return String(Int64(bitPattern: dice.next()))
    case "boolean": return dice.oneIn(2) ? "true" : "false"
    case "numeric(10,2)": return dice.pick(["1.10", "0.00", "-99999999.99", "\"NaN\""])
    case "double precision": return dice.pick(["1e-07", "0.1", "-0", "\"Infinity\"", "\"NaN\"", "1e+300"])
    case "bytea": return quoted("\\x" + hexText(dice.bytes(dice.below(9))))
    case "integer[]": return quoted(dice.pick(["{}", "{1,NULL}", "{{1,2},{3,4}}"]))
    case "jsonb": return dice.oneIn(5) ? " null" : payload()
    case "uuid": return quoted("018f0000-0000-4000-8000-000000000000")
    case "timestamp with time zone":
      return quoted(dice.pick(["2026-01-05T00:00:00.000000Z", "infinity", "0044-03-15 00:00:00+00 BC"]))
    default: return quoted(text2())
    }
  }

  /// As Postgres prints jsonb.
  private mutating func payload() -> String {
    if dice.oneIn(200) { return "{\"huge\": \(quoted(String(repeating: text2() + "x", count: 1 << 14)))}" }
    return json(depth: 0)
  }

  private mutating func json(depth: Int) -> String {
    switch dice.below(depth > 3 ? 5 : 8) {
    case 0: return dice.pick(["null", "true", "false"])
    case 1: return String(dice.below(100_000) - 50_000)
    case 2: return dice.pick(["1.10", "0.0000001", "1000000000000000000000", "12345678901234567890", "-0.5"])
    case 3, 4: return quoted(text2())
    case 5: return "[\((0..<dice.below(4)).map { _ in json(depth: depth + 1) }.joined(separator: ", "))]"
    default:
      let names = Set((0..<dice.below(5)).map { _ in text2() }).sorted()
      return "{\(names.map { "\(quoted($0)): \(json(depth: depth + 1))" }.joined(separator: ", "))}"
    }
  }
}

private func hexText(_ bytes: [UInt8]) -> String {
  bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
}
