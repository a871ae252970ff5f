// SPDX-License-Identifier: Apache-2.0

/// Why a row's bytes cannot be read.
public struct RowFormatError: Error, Equatable, CustomStringConvertible {
  public let reason: String
  public init(_ reason: String) { self.reason = reason }
  public var description: String { reason }
}

/// Where each column's value lies in a row's bytes.
public struct FieldRanges: Sendable {
  /// Offset and length of each field; length -1 for NULL.
  public private(set) var starts: [Int]
  public private(set) var lengths: [Int]

  public init(count: Int) {
    starts = Array(repeating: 0, count: count)
    lengths = Array(repeating: -1, count: count)
  }

  @inline(__always)
  mutating func set(_ index: Int, start: Int, length: Int) {
    starts[index] = start
    lengths[index] = length
  }

  /// The bytes of a field in the row that the ranges were made from; nil for NULL and for an index of -1.
  @inline(__always)
  public func bytes(_ index: Int, in row: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard index >= 0, lengths[index] >= 0 else { return nil }
    let start = starts[index]
    precondition(start + lengths[index] <= row.count)
    return UnsafeRawBufferPointer(start: row.baseAddress! + start, count: lengths[index])
  }

  /// Reads the tuple of a binary COPY: a field count, then a length and the bytes of each.
  @inline(__always)
  public mutating func read(tuple: UnsafeRawBufferPointer) throws(RowFormatError) {
    let fieldCount = lengths.count
    guard tuple.count >= 2, Int(loadBigEndian(tuple, 0, as: Int16.self)) == fieldCount else {
      throw RowFormatError("a tuple has another number of fields than the table has columns")
    }
    var offset = 2
    for index in 0..<fieldCount {
      guard tuple.count - offset >= 4 else { throw RowFormatError("a tuple ends within a field's length") }
      let length = Int(loadBigEndian(tuple, offset, as: Int32.self))
      offset += 4
      guard length <= tuple.count - offset else { throw RowFormatError("a field reaches past its tuple") }
      guard length >= -1 else { throw RowFormatError("a field has a length that none has") }
      set(index, start: offset, length: length)
      offset += max(length, 0)
    }
    guard offset == tuple.count else { throw RowFormatError("bytes stand behind a tuple's last field") }
  }
}

/// - Precondition: the value lies in `bytes`.
@inline(__always)
func loadBigEndian<T: FixedWidthInteger & BitwiseCopyable>(
  _ bytes: UnsafeRawBufferPointer, _ offset: Int, as type: T.Type
) -> T {
  T(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
}
