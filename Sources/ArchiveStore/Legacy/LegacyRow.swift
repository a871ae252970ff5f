// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes

struct LegacyRowError: Error {
  let reason: String
}

/// One row of an older archive, as a line of ours.
enum LegacyRow {
  /// - Parameter text: a JSON object without white space outside its strings.
  static func append(_ text: [UInt8], to line: inout ByteBuffer) throws(LegacyRowError) {
    let members = try self.members(text)
    for (index, column) in LegacyReader.columnTypes.enumerated() {
      line.append(utf8: "\(index == 0 ? "{" : ",")\"\(column.key)\":")
      guard let range = members[column.key] else {
        guard column.key != "created_at" else { throw LegacyRowError(reason: "it has no created_at") }
        line.append("null")
        continue
      }
      let value = text[range]
      if column.key == "created_at" {
        line.append(utf8: "\"\(try time(value))\"")
      } else {
        unsafe value.withUnsafeBytes { unsafe line.append($0) }
      }
    }
    line.append(0x7d)
  }

  /// `2026-11-20T00:10:48.000Z` with six decimals.
  private static func time(_ value: ArraySlice<UInt8>) throws(LegacyRowError) -> String {
    guard value.count > 2, let time = Timestamp(String(decoding: value.dropFirst().dropLast(), as: UTF8.self)) else {
      throw LegacyRowError(reason: "a created_at that cannot be read")
    }
    return time.iso
  }

  /// Where the value of each member lies.
  private static func members(_ text: [UInt8]) throws(LegacyRowError) -> [String: Range<Int>] {
    var members: [String: Range<Int>] = [:]
    var offset = 1
    guard text.first == 0x7b, text.last == 0x7d else { throw LegacyRowError(reason: "it is no object") }
    while offset < text.count - 1 {
      let name = extent(text, offset)
      guard name < text.count, text[name] == 0x3a, text[offset] == 0x22 else {
        throw LegacyRowError(reason: "it is no JSON object")
      }
      guard !text[offset..<name].contains(0x5c) else { throw LegacyRowError(reason: "a member's name has an escape") }
      let end = extent(text, name + 1)
      guard end > name + 1 else { throw LegacyRowError(reason: "a member has no value") }
      let key = String(decoding: text[offset + 1..<name - 1], as: UTF8.self)
      guard members.updateValue(name + 1..<end, forKey: key) == nil else {
        throw LegacyRowError(reason: "member \"\(key)\" occurs twice")
      }
      offset = end + 1
    }
    return members
  }

  /// Offset behind the value that begins at `start`.
  private static func extent(_ text: [UInt8], _ start: Int) -> Int {
    var depth = 0
    var index = start
    var inString = false
    while index < text.count {
      let byte = text[index]
      if inString {
        if byte == 0x5c { index += 1 } else if byte == 0x22 { inString = false }
      } else {
        switch byte {
        case 0x22: inString = true
        case 0x7b, 0x5b: depth += 1
        case 0x7d, 0x5d:
          if depth == 0 { return index }
          depth -= 1
        case 0x2c, 0x3a:
          if depth == 0 { return index }
        default: break
        }
      }
      index += 1
    }
    return index
  }
}
