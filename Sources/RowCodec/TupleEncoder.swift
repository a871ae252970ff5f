// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// Turns decoded lines into what COPY FROM takes.
public struct TupleEncoder: Sendable {
  /// Binary where every column's binary form is known; text otherwise, which the types' own input functions read.
  public let isBinary: Bool
  private let shapes: [Column.Shape]

  /// - Parameter columns: the lines' columns.
  public init(_ columns: [Column]) {
    shapes = columns.map(\.shape)
    isBinary = columns.allSatisfy(\.isBinary)
  }

  /// Appends one row.
  @inline(__always)
  public func append(
    _ line: UnsafeRawBufferPointer, _ fields: borrowing FieldRanges, to out: inout ByteBuffer
  ) throws(RowFormatError) {
    if isBinary { try appendBinary(line, fields, to: &out) } else { try appendText(line, fields, to: &out) }
  }

  @inline(__always)
  private func appendBinary(
    _ line: UnsafeRawBufferPointer, _ fields: borrowing FieldRanges, to out: inout ByteBuffer
  ) throws(RowFormatError) {
    appendBigEndian(Int16(shapes.count), to: &out)
    for index in shapes.indices {
      guard let value = fields.bytes(index, in: line) else {
        appendBigEndian(Int32(-1), to: &out)
        continue
      }
      let lengthAt = out.count
      appendBigEndian(Int32(0), to: &out)
      try appendValue(value, shapes[index], to: &out)
      let length = Int32(out.count - lengthAt - 4)
      out.overwrite(at: lengthAt, with: length.bigEndian)
    }
  }

  @inline(__always)
  private func appendValue(
    _ value: UnsafeRawBufferPointer, _ shape: Column.Shape, to out: inout ByteBuffer
  ) throws(RowFormatError) {
    switch shape {
    case .text, .number, .other: try appendString(value, to: &out)
    case .jsonb:
      out.append(1)
      out.append(value)
    case .uuid: try appendUUID(value, to: &out)
    case .timestamptz:
      guard let time = TimestampText.parse(value) else { throw RowFormatError("a timestamp that cannot be read") }
      appendBigEndian(time, to: &out)
    case .bool:
      let isTrue = value.elementsEqual("true".utf8)
      guard isTrue || value.elementsEqual("false".utf8) else { throw RowFormatError("a boolean that cannot be read") }
      out.append(isTrue ? 1 : 0)
    case .int2: appendBigEndian(try integer(value) as Int16, to: &out)
    case .int4: appendBigEndian(try integer(value) as Int32, to: &out)
    case .int8: appendBigEndian(try integer(value) as Int64, to: &out)
    }
  }

  @inline(__always)
  private func appendString(_ value: UnsafeRawBufferPointer, to out: inout ByteBuffer) throws(RowFormatError) {
    if value.contains(0x5c) {
      try JSONString.appendUnescaped(value, to: &out)
    } else {
      out.append(value)
    }
  }

  private func integer<T: FixedWidthInteger>(_ value: UnsafeRawBufferPointer) throws(RowFormatError) -> T {
    guard let number = T(String(decoding: value, as: UTF8.self)) else {
      throw RowFormatError("an integer that cannot be read")
    }
    return number
  }

  // MARK: Text

  private func appendText(
    _ line: UnsafeRawBufferPointer, _ fields: borrowing FieldRanges, to out: inout ByteBuffer
  ) throws(RowFormatError) {
    var value = ByteBuffer()
    for index in shapes.indices {
      if index > 0 { out.append(0x09) }
      guard let bytes = fields.bytes(index, in: line) else {
        out.append("\\N")
        continue
      }
      value.clear()
      if shapes[index] == .jsonb { value.append(bytes) } else { try appendString(bytes, to: &value) }
      for byte in value.unsafeBytes { appendEscaped(byte, to: &out) }
    }
    out.append(0x0a)
  }

  private func appendEscaped(_ byte: UInt8, to out: inout ByteBuffer) {
    switch byte {
    case 0x5c: out.append("\\\\")
    case 0x09: out.append("\\t")
    case 0x0a: out.append("\\n")
    case 0x0d: out.append("\\r")
    default: out.append(byte)
    }
  }
}

@inline(__always)
private func appendBigEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, to out: inout ByteBuffer) {
  var bytes = value.bigEndian
  withUnsafeBytes(of: &bytes) { out.append($0) }
}

/// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
@inline(__always)
private func appendUUID(_ text: UnsafeRawBufferPointer, to out: inout ByteBuffer) throws(RowFormatError) {
  var bad = text.count != 36
  if !bad {
    out.write(upTo: 16) { p in
      var at = 0
      for index in 0..<16 {
        if index == 4 || index == 6 || index == 8 || index == 10 {
          bad = bad || text[at] != 0x2d
          at += 1
        }
        let (high, low) = (hexDigitValue(text[at]), hexDigitValue(text[at + 1]))
        bad = bad || (high | low) > 15
        p[index] = high << 4 | low & 15
        at += 2
      }
      return 16
    }
  }
  if bad { throw RowFormatError("a uuid that cannot be read") }
}

/// 0 to 15, or 255 for what is no lower-case hex digit.
@inline(__always)
private func hexDigitValue(_ digit: UInt8) -> UInt8 {
  let number = digit &- 0x30
  if number < 10 { return number }
  let letter = digit &- 0x61
  return letter < 6 ? letter + 10 : 255
}
