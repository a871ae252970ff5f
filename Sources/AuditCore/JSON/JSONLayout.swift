// SPDX-License-Identifier: Apache-2.0

/// Whether a document's white space is what a JSON printer makes.
///
/// A digest over the canonical form does not see white space or the way a string is escaped, so a reader that wants
/// every changed byte found allows one layout a document: all on one line, with or without a space behind each comma
/// and each colon, or a line for each value, indented by one unit a level.
enum JSONLayout {
  /// - Parameter bytes: a JSON document that has been parsed.
  static func isRegular(_ bytes: [UInt8]) -> Bool {
    var scan = LayoutScan(bytes)
    return scan.isRegular()
  }
}

private struct LayoutScan {
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  /// One level's indentation; nil for a document on one line.
  private var unit: [UInt8]?
  private var gapBehindComma: [UInt8]?
  private var gapBehindColon: [UInt8]?

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func isRegular() -> Bool {
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      let isSound =
        switch byte {
        case 0x22: takeString()
        case 0x7b, 0x5b: open()
        case 0x7d, 0x5d: true  // close() has seen it
        case 0x2c: separate()
        case 0x3a: takeGap(\.gapBehindColon)
        case 0x20, 0x09, 0x0d: false
        case 0x0a: position == bytes.count
        default: true
        }
      guard isSound, closeIsSound() else { return false }
    }
    return true
  }

  private mutating func open() -> Bool {
    depth += 1
    if position < bytes.count, bytes[position] == 0x7d || bytes[position] == 0x5d { return true }
    let gap = takeWhiteSpace()
    if depth == 1 {
      guard gap.isEmpty || gap.first == 0x0a && isUniform(gap.dropFirst()) else { return false }
      unit = gap.isEmpty ? nil : Array(gap.dropFirst())
    }
    return gap[...] == newLine[...]
  }

  /// Passes the white space before a closing bracket, which must be that of its level.
  private mutating func closeIsSound() -> Bool {
    var end = position
    while end < bytes.count, isWhiteSpace(bytes[end]) { end += 1 }
    guard end < bytes.count, bytes[end] == 0x7d || bytes[end] == 0x5d else { return true }
    let last = bytes[position - 1]
    let isEmpty = last == 0x7b || last == 0x5b
    depth -= 1
    let isSound = bytes[position..<end] == (isEmpty ? [] : newLine[...])
    position = end
    return isSound
  }

  private mutating func separate() -> Bool {
    if unit != nil { return takeWhiteSpace() == newLine }
    return takeGap(\.gapBehindComma)
  }

  /// Nothing or one space, the same each time.
  private mutating func takeGap(_ place: WritableKeyPath<Self, [UInt8]?>) -> Bool {
    let gap = takeWhiteSpace()
    if let known = self[keyPath: place] { return gap == known }
    self[keyPath: place] = gap
    return gap.isEmpty || gap == [0x20]
  }

  private mutating func takeString() -> Bool {
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == 0x22 { return true }
      guard byte == 0x5c, position < bytes.count else { continue }
      // Hex digits have two cases.
      if bytes[position] == 0x75,
        bytes[position...].prefix(5).dropFirst().contains(where: { (0x41...0x46).contains($0) })
      {
        return false
      }
      position += 1
    }
    return false
  }

  private var newLine: [UInt8] {
    guard let unit else { return [] }
    return [0x0a] + Array(repeatElement(unit, count: depth).joined())
  }

  private mutating func takeWhiteSpace() -> [UInt8] {
    let start = position
    while position < bytes.count, isWhiteSpace(bytes[position]) { position += 1 }
    return Array(bytes[start..<position])
  }

  private func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x09 || byte == 0x0d }

  private func isUniform(_ bytes: ArraySlice<UInt8>) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy { $0 == bytes.first && ($0 == 0x20 || $0 == 0x09) }
  }
}
