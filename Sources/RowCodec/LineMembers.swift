// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Where the values of a line lie, found by brackets and quotes alone.
struct LineMembers: Sendable {
  private let prefixes: [[UInt8]]
  private let shapes: [Column.Shape]

  init(_ columns: [Column]) {
    prefixes = memberPrefixes(columns)
    shapes = columns.map(\.shape)
  }

  /// Calls `body` with each column's number and the range of its value, quotes and all.
  ///
  /// - Parameter last: column behind which nothing is looked at.
  func each(
    in line: UnsafeRawBufferPointer, upTo last: Int = .max, _ body: (Int, Range<Int>) -> Void
  ) throws(RowFormatError) {
    var offset = 0
    for index in prefixes.indices.prefix(last < .max ? last + 1 : .max) {
      let length = prefixes[index].count
      let isSame =
        line.count - offset >= length
        && prefixes[index].withUnsafeBytes { memcmp($0.baseAddress!, line.baseAddress! + offset, length) == 0 }
      guard isSame else { throw RowFormatError("a line's members are not the table's columns in their order") }
      offset += length
      let rest = UnsafeRawBufferPointer(rebasing: line[offset...])
      guard let extent = Self.extent(of: shapes[index], rest), extent > 0 else {
        throw RowFormatError("a column has no value")
      }
      body(index, offset..<offset + extent)
      offset += extent
    }
  }

  private static func extent(of shape: Column.Shape, _ bytes: UnsafeRawBufferPointer) -> Int? {
    if shape == .jsonb { return JSONExtent.length(of: bytes) }
    if bytes.first == 0x22 { return JSONString.end(in: bytes, from: 1).map { $0.offset + 1 } }
    return bytes.firstIndex { $0 == 0x2c || $0 == 0x7d }
  }
}
