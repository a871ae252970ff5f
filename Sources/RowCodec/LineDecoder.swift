// SPDX-License-Identifier: Apache-2.0
public import Bytes
public import CanonicalJSON
internal import Glibc

/// Reads the archive's lines back.
public struct LineDecoder: Sendable {
  private let shapes: [Column.Shape]
  private let prefixes: [[UInt8]]
  private let isNotNull: [Bool]
  private let payload: Int

  /// What the chain needs of a line's payload.
  public enum Payload: Equatable, Sendable {
    case canonical
    /// The value has no canonical form: a number that no double can hold.
    case notCanonical(CanonicalizationError)
    case null
  }

  /// - Parameter payload: index of the column under the chain's hash.
  public init(_ columns: [Column], payload: Int) {
    shapes = columns.map(\.shape)
    prefixes = memberPrefixes(columns)
    isNotNull = columns.map(\.isNotNull)
    self.payload = payload
  }

  /// Finds each column's value in a line, and the payload's canonical form on the way.
  ///
  /// - Parameters:
  ///   - fields: gets the values' places; strings without their quotes.
  ///   - canonical: gets the payload's canonical form appended.
  /// - Throws: when the line is not one that ``LineEncoder`` writes.
  @inline(__always)
  public func decode(
    _ line: UnsafeRawBufferPointer, into fields: inout FieldRanges, _ canonicalizer: inout Canonicalizer,
    _ canonical: inout ByteBuffer
  ) throws(RowFormatError) -> Payload {
    var offset = 0
    var result = Payload.null
    for index in 0..<shapes.count {
      try skip(prefixes[index], in: line, &offset)
      if isNull(line, offset), shapes[index] != .jsonb || !isNotNull[index] {
        fields.set(index, start: offset, length: -1)
        offset += 4
        continue
      }
      if shapes[index] == .jsonb { try skipNullMark(in: line, &offset) }
      let start = offset
      if index == payload {
        result = try takePayload(line, &offset, &canonicalizer, &canonical)
        fields.set(index, start: start, length: offset - start)
        continue
      }
      try take(shapes[index], in: line, &offset, &canonicalizer, &canonical)
      let isString = line[start] == 0x22 && shapes[index] != .jsonb
      fields.set(index, start: isString ? start + 1 : start, length: offset - start - (isString ? 2 : 0))
    }
    guard offset == line.count - 1, line[offset] == 0x7d else {
      throw RowFormatError("a line does not end where its row does")
    }
    return result
  }

  @inline(__always)
  private func skip(
    _ prefix: [UInt8], in line: UnsafeRawBufferPointer, _ offset: inout Int
  ) throws(RowFormatError) {
    let length = prefix.count
    let isSame =
      line.count - offset >= length
      && prefix.withUnsafeBytes { memcmp($0.baseAddress!, line.baseAddress! + offset, length) == 0 }
    if !isSame { throw RowFormatError("a line's members are not the table's columns in their order") }
    offset += length
  }

  /// A string may read `null` too, but begins with its quote.
  @inline(__always)
  private func isNull(_ line: UnsafeRawBufferPointer, _ offset: Int) -> Bool {
    guard line.count - offset > 4,
      line.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian == nullWord
    else { return false }
    return line[offset + 4] == 0x2c || line[offset + 4] == 0x7d
  }

  /// Takes the space that stands before the value null of jsonb, and refuses any other white space there.
  ///
  /// A bundle that is read without its manifest does not say which columns are NOT NULL, so the space is taken in all.
  @inline(__always)
  private func skipNullMark(in line: UnsafeRawBufferPointer, _ offset: inout Int) throws(RowFormatError) {
    guard offset < line.count, line[offset] <= 0x20 else { return }
    guard line[offset] == 0x20, isNull(line, offset + 1) else {
      throw RowFormatError("white space stands before a value")
    }
    offset += 1
  }

  @inline(__always)
  private func take(
    _ shape: Column.Shape, in line: UnsafeRawBufferPointer, _ offset: inout Int, _ canonicalizer: inout Canonicalizer,
    _ canonical: inout ByteBuffer
  ) throws(RowFormatError) {
    guard offset < line.count else { throw RowFormatError("a line ends before its last column") }
    if shape == .jsonb {
      let mark = canonical.count
      _ = try takePayload(line, &offset, &canonicalizer, &canonical)
      canonical.truncate(to: mark)
      return
    }
    if line[offset] == 0x22 {
      guard let (end, _) = JSONString.end(in: line, from: offset + 1) else {
        throw RowFormatError("a string does not end")
      }
      offset = end + 1
      return
    }
    let start = offset
    while offset < line.count, line[offset] != 0x2c, line[offset] != 0x7d, line[offset] > 0x20 { offset += 1 }
    guard JSONScalar.isScalar(UnsafeRawBufferPointer(rebasing: line[start..<offset])) else {
      throw RowFormatError("a column's value is none")
    }
  }

  @inline(__always)
  private func takePayload(
    _ line: UnsafeRawBufferPointer, _ offset: inout Int, _ canonicalizer: inout Canonicalizer,
    _ canonical: inout ByteBuffer
  ) throws(RowFormatError) -> Payload {
    let rest = UnsafeRawBufferPointer(rebasing: line[offset...])
    do throws(CanonicalizationError) {
      offset += try canonicalizer.canonicalizePrefix(rest, into: &canonical)
      return .canonical
    } catch {
      guard let length = JSONExtent.length(of: rest) else { throw RowFormatError("a payload is not JSON") }
      offset += length
      return .notCanonical(error)
    }
  }
}

/// Where a JSON value ends, by its brackets and quotes alone; for values that have no canonical form.
enum JSONExtent {
  static func length(of bytes: UnsafeRawBufferPointer) -> Int? {
    var depth = 0
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case 0x22:
        guard let (end, _) = JSONString.end(in: bytes, from: index + 1) else { return nil }
        index = end
        if depth == 0 { return index + 1 }
      case 0x7b, 0x5b: depth += 1
      case 0x7d, 0x5d:
        if depth == 0 { return index }
        depth -= 1
        if depth == 0 { return index + 1 }
      case 0x2c:
        if depth == 0 { return index }
      default: break
      }
      index += 1
    }
    return nil
  }
}
