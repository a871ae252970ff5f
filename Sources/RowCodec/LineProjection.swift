// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// The line that a row would have if its table had other columns: those of an older table among those of today's.
public struct LineProjection: Sendable {
  private let members: LineMembers
  private let prefixes: [[UInt8]]
  /// For each column of the result, the one of the line.
  private let sources: [Int]
  private let nulls: [NullForm]

  /// What becomes of a value that reads `null` or ` null`, when only one of both columns may be NULL.
  private enum NullForm {
    case same, toNullable, toNotNull
  }

  /// - Returns: nil where a column of `target` is missing in `columns`, or has another type there.
  public init?(from columns: [Column], to target: [Column]) {
    members = LineMembers(columns)
    prefixes = memberPrefixes(target)
    var sources: [Int] = []
    var nulls: [NullForm] = []
    for column in target {
      guard let index = columns.firstIndex(where: { $0.name == column.name && $0.type == column.type }) else {
        return nil
      }
      sources.append(index)
      let isSame = column.shape != .jsonb || columns[index].isNotNull == column.isNotNull
      nulls.append(isSame ? .same : column.isNotNull ? .toNotNull : .toNullable)
    }
    self.sources = sources
    self.nulls = nulls
  }

  /// Whether two tables' rows have the same lines.
  public static func isIdentity(from columns: [Column], to target: [Column]) -> Bool {
    columns.count == target.count
      && zip(columns, target).allSatisfy {
        $0.name == $1.name && $0.type == $1.type && ($0.shape != .jsonb || $0.isNotNull == $1.isNotNull)
      }
  }

  /// Appends the projected line.
  ///
  /// - Parameter ranges: reused from line to line.
  public func append(
    _ line: UnsafeRawBufferPointer, _ ranges: inout [Range<Int>], to out: inout ByteBuffer
  ) throws(RowFormatError) {
    ranges.removeAll(keepingCapacity: true)
    try members.each(in: line) { _, range in ranges.append(range) }
    for index in sources.indices {
      prefixes[index].withUnsafeBytes { out.append($0) }
      let value = UnsafeRawBufferPointer(rebasing: line[ranges[sources[index]]])
      switch nulls[index] {
      case .toNullable where value.elementsEqual("null".utf8): out.append(" null")
      case .toNotNull where value.elementsEqual(" null".utf8): out.append("null")
      // A NULL that the other table could not hold is unlike all that it holds.
      case .toNotNull where value.elementsEqual("null".utf8): out.append("NULL")
      default: out.append(value)
      }
    }
    out.append(0x7d)
  }
}
