// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Bytes

/// Writes the tuples of a binary COPY as the archive's lines.
public struct LineEncoder: Sendable {
  private let shapes: [Column.Shape]
  /// `{"name":` for the first column, `,"name":` for the others.
  private let prefixes: [[UInt8]]
  private let isNotNull: [Bool]

  public init(_ columns: [Column]) {
    shapes = columns.map(\.shape)
    prefixes = memberPrefixes(columns)
    isNotNull = columns.map(\.isNotNull)
  }

  /// Appends the line of one row, without its newline.
  ///
  /// - Parameters:
  ///   - tuple: the bytes that `fields` was read from.
  /// - Throws: when a field's length does not fit its type.
  @inline(__always)
  public func append(
    _ tuple: UnsafeRawBufferPointer, _ fields: borrowing FieldRanges, to line: inout ByteBuffer
  ) throws(RowFormatError) {
    for index in 0..<shapes.count {
      prefixes[index].withUnsafeBytes { line.append($0) }
      guard let value = fields.bytes(index, in: tuple) else {
        line.append("null")
        continue
      }
      // Where `null` is SQL's NULL, a space tells the value of jsonb from it.
      if shapes[index] == .jsonb, isJSONNull(value), !isNotNull[index] { line.append(0x20) }
      try append(value, shapes[index], to: &line)
    }
    line.append(0x7d)
  }

  /// Whether a jsonb's binary form is that of the value null: a version byte and the word.
  @inline(__always)
  private func isJSONNull(_ value: UnsafeRawBufferPointer) -> Bool {
    value.count == 5 && value.loadUnaligned(fromByteOffset: 1, as: UInt32.self).littleEndian == nullWord
  }

  @inline(__always)
  private func append(
    _ value: UnsafeRawBufferPointer, _ shape: Column.Shape, to line: inout ByteBuffer
  ) throws(RowFormatError) {
    switch shape {
    case .text, .other: JSONString.append(value, to: &line)
    case .uuid:
      guard value.count == 16 else { throw RowFormatError("a uuid of \(value.count) bytes") }
      appendUUID(value, to: &line)
    case .jsonb:
      guard value.count > 1, value[0] == 1 else { throw RowFormatError("jsonb of an unknown version") }
      line.append(UnsafeRawBufferPointer(rebasing: value[1...]))
    case .timestamptz:
      guard value.count == 8 else { throw RowFormatError("a timestamptz of \(value.count) bytes") }
      TimestampText.append(loadBigEndian(value, 0, as: Int64.self), to: &line)
    case .bool:
      guard value.count == 1 else { throw RowFormatError("a boolean of \(value.count) bytes") }
      if value[0] == 0 { line.append("false") } else { line.append("true") }
    case .int2:
      guard value.count == 2 else { throw RowFormatError("a smallint of \(value.count) bytes") }
      line.append(utf8: String(loadBigEndian(value, 0, as: Int16.self)))
    case .int4:
      guard value.count == 4 else { throw RowFormatError("an integer of \(value.count) bytes") }
      line.append(utf8: String(loadBigEndian(value, 0, as: Int32.self)))
    case .int8:
      guard value.count == 8 else { throw RowFormatError("a bigint of \(value.count) bytes") }
      line.append(utf8: String(loadBigEndian(value, 0, as: Int64.self)))
    case .number:
      if value.isEmpty || value.last! > 0x39 { JSONString.append(value, to: &line) } else { line.append(value) }
    }
  }
}

/// `null`, as a little-endian word.
let nullWord: UInt32 = 0x6c6c_756e

/// What stands before each column's value in a line.
func memberPrefixes(_ columns: [Column]) -> [[UInt8]] {
  columns.enumerated().map { index, column in
    var prefix = ByteBuffer()
    prefix.append(index == 0 ? 0x7b : 0x2c)
    Array(column.name.utf8).withUnsafeBytes { JSONString.append($0, to: &prefix) }
    prefix.append(0x3a)
    return prefix.array()
  }
}

@inline(__always)
private func appendUUID(_ value: UnsafeRawBufferPointer, to line: inout ByteBuffer) {
  line.write(upTo: 38) { out in
    var p = out
    p[0] = 0x22
    p += 1
    for index in 0..<16 {
      if index == 4 || index == 6 || index == 8 || index == 10 {
        p[0] = 0x2d
        p += 1
      }
      p[0] = hexDigit(value[index] >> 4)
      p[1] = hexDigit(value[index] & 15)
      p += 2
    }
    p[0] = 0x22
    return 38
  }
}

@inline(__always)
func hexDigit(_ value: UInt8) -> UInt8 { value &+ (value < 10 ? 0x30 : 0x57) }
