// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes

/// Reads the JSON archives that the older tools wrote, as our own lines: `[row, …]` or `{…, "events": [row, …]}`.
///
/// Holds one row at a time, whatever the file's size.
// One stage owns it at a time.
public final class LegacyReader: LineSource, @unchecked Sendable {
  /// The columns that such an archive has, with their types.
  public static let columnTypes: KeyValuePairs<String, String> = [
    "id": "uuid", "event_type": "character varying", "memory_node_id": "uuid", "artifact_id": "uuid",
    "payload": "jsonb", "hash": "text", "prev_hash": "text", "signature": "text",
    "manifest_signature_id": "character varying", "created_at": "timestamp with time zone",
  ]

  private enum Place { case beforeRows, inRows, behindRows }

  private var input: LegacyInput
  private let name: String
  private var place = Place.beforeRows
  private var isObject = false
  private var rows = 0
  private var sequence = 0
  /// What the object says of its rows' number.
  private var statedCount: Int?

  public init(_ object: any ObjectReader, name: String) throws {
    input = LegacyInput(object, name: name)
    self.name = name
  }

  public func next(_ chunk: LineChunk) throws -> Bool {
    chunk.removeAll()
    chunk.sequence = sequence
    chunk.firstRow = rows
    if place == .beforeRows { try begin() }
    while place == .inRows, chunk.bytes.count < 1 << 20 { try takeRow(chunk) }
    guard chunk.count > 0 else { return false }
    sequence += 1
    return true
  }

  private func begin() throws {
    switch try input.nextMark() {
    case 0x5b: place = .inRows
    case 0x7b:
      isObject = true
      try findRows()
    default: throw ArchiveFinding(name, "it is no JSON archive")
    }
    try endIfEmpty()
  }

  /// Reads the object's members up to its rows.
  private func findRows() throws {
    while try !takeMember() {}
    place = .inRows
  }

  /// - Returns: true when the member is the list of rows, whose beginning has then been read.
  private func takeMember() throws -> Bool {
    let key = try takeKey()
    if key == Self.eventsKey {
      guard try input.nextMark() == 0x5b else { throw ArchiveFinding(name, "its events are no list") }
      return true
    }
    try takeValue(of: key)
    guard try input.nextMark() == 0x2c else { throw ArchiveFinding(name, "it has no list of events") }
    return false
  }

  private static let eventsKey = Array("\"events\"".utf8)
  private static let countKey = Array("\"count\"".utf8)

  /// Takes a member's name and its colon. A name in another spelling could mean to others what it does not mean here.
  private func takeKey() throws -> [UInt8] {
    let key = try input.takeValue()
    guard key.first == 0x22, try input.nextMark() == 0x3a else { throw ArchiveFinding(name, "it is no JSON object") }
    guard !key.contains(0x5c) else { throw ArchiveFinding(name, "a member's name has an escape") }
    return key
  }

  private func takeValue(of key: [UInt8]) throws {
    let value = try input.takeValue()
    guard key == Self.countKey else { return }
    // Of two that differ others may take the other one.
    guard statedCount == nil else { throw ArchiveFinding(name, "it has two counts") }
    statedCount = Int(String(decoding: value, as: UTF8.self))
  }

  private func endIfEmpty() throws {
    if try input.peekMark() == 0x5d {
      _ = try input.nextMark()
      try finish()
    }
  }

  private func takeRow(_ chunk: LineChunk) throws {
    let text = try input.takeValue()
    guard String(validating: text, as: UTF8.self) != nil else {
      throw ArchiveFinding(name, "row \(rows): it has bytes that are no UTF-8, so that it is no JSON")
    }
    do throws(LegacyRowError) { try LegacyRow.append(text, to: &chunk.bytes) } catch {
      throw ArchiveFinding(name, "row \(rows): \(error.reason)")
    }
    chunk.ends.append(chunk.bytes.count)
    chunk.bytes.append(0x0a)
    rows += 1
    switch try input.nextMark() {
    case 0x2c: return
    case 0x5d: try finish()
    default: throw ArchiveFinding(name, "something else than a comma stands behind row \(rows - 1)")
    }
  }

  /// Reads what stands behind the rows.
  private func finish() throws {
    place = .behindRows
    while isObject {
      let mark = try input.nextMark()
      if mark == 0x7d { break }
      guard mark == 0x2c else { throw ArchiveFinding(name, "its object does not end") }
      let key = try takeKey()
      guard key != Self.eventsKey else { throw ArchiveFinding(name, "it has two lists of events") }
      try takeValue(of: key)
    }
    guard try input.isAtEnd() else { throw ArchiveFinding(name, "bytes stand behind its end") }
    if let statedCount, statedCount != rows {
      throw ArchiveFinding(name, "it has \(rows) rows and says that it has \(statedCount)")
    }
  }
}

/// The bytes of a JSON file, value by value.
private struct LegacyInput {
  private let object: any ObjectReader
  private let name: String
  private var buffer: [UInt8] = []
  private var offset = 0
  private var reachedEnd = false

  init(_ object: any ObjectReader, name: String) {
    self.object = object
    self.name = name
  }

  /// Reads on within a value, which nobody vouches for and which must not fill memory.
  private mutating func fill(behind value: [UInt8]) throws -> Bool {
    guard value.count <= BundleReader.longestUnvouchedLine else {
      throw ArchiveFinding(name, "a value is longer than \(BundleReader.longestUnvouchedLine >> 20) MiB")
    }
    return try fill()
  }

  private mutating func fill() throws -> Bool {
    if reachedEnd { return false }
    buffer.removeFirst(offset)
    offset = 0
    var piece = ByteBuffer(capacity: 1 << 20)
    guard try object.read(into: &piece, upTo: 1 << 20) > 0 else {
      reachedEnd = true
      return false
    }
    buffer += piece.array()
    return true
  }

  /// The next byte that is no white space, which is left.
  mutating func peekMark() throws -> UInt8 {
    while true {
      while offset < buffer.count {
        let byte = buffer[offset]
        if byte > 0x20 { return byte }
        offset += 1
      }
      guard try fill() else { throw ArchiveFinding(name, "it ends too early") }
    }
  }

  mutating func nextMark() throws -> UInt8 {
    let byte = try peekMark()
    offset += 1
    return byte
  }

  mutating func isAtEnd() throws -> Bool {
    while true {
      while offset < buffer.count {
        if buffer[offset] > 0x20 { return false }
        offset += 1
      }
      if try !fill() { return true }
    }
  }

  /// Takes one value whole; white space outside its strings is dropped.
  mutating func takeValue() throws -> [UInt8] {
    _ = try peekMark()
    var value: [UInt8] = []
    var depth = 0
    while true {
      if offset == buffer.count, try !fill(behind: value) { throw ArchiveFinding(name, "it ends within a value") }
      let byte = buffer[offset]
      if depth == 0 && !value.isEmpty && Self.endsScalar(byte) { return value }
      offset += 1
      switch byte {
      case 0x22:
        value.append(byte)
        try takeString(&value)
        if depth == 0 { return value }
      case 0x7b, 0x5b:
        value.append(byte)
        depth += 1
      case 0x7d, 0x5d:
        value.append(byte)
        depth -= 1
        if depth <= 0 { return value }
      case 0...0x20: try refuseSplitToken(value)
      default: value.append(byte)
      }
    }
  }

  private static func endsScalar(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == 0x2c || byte == 0x3a || byte == 0x5d || byte == 0x7d
  }

  /// Takes a string behind its opening quote. A bare line feed in it would tear our line apart.
  private mutating func takeString(_ value: inout [UInt8]) throws {
    var isEscaped = false
    while true {
      if offset == buffer.count, try !fill(behind: value) { throw ArchiveFinding(name, "it ends within a string") }
      let byte = buffer[offset]
      guard byte >= 0x20 else { throw ArchiveFinding(name, "a string has a control character") }
      offset += 1
      value.append(byte)
      if isEscaped {
        isEscaped = false
      } else if byte == 0x5c {
        isEscaped = true
      } else if byte == 0x22 {
        return
      }
    }
  }

  /// Dropping white space must not make one number or word of two.
  private mutating func refuseSplitToken(_ value: [UInt8]) throws {
    guard let last = value.last, Self.isOfToken(last) else { return }
    guard Self.isOfToken(try peekMark()) else { return }
    throw ArchiveFinding(name, "a comma or a colon is missing between two values")
  }

  private static func isOfToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, 0x22, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d: false
    default: true
    }
  }
}
