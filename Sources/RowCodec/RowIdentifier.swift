// SPDX-License-Identifier: Apache-2.0
internal import Bytes
internal import CanonicalJSON

/// Reads a row's id out of its line; for the few rows that are named in manifests and reports.
public final class RowIdentifier {
  private let decoder: LineDecoder
  private let index: Int
  private let columnCount: Int
  private var canonicalizer = Canonicalizer()

  public init(_ columns: [Column], _ indexes: ChainColumnIndexes) {
    decoder = LineDecoder(columns, payload: indexes.payload)
    index = indexes.id
    columnCount = columns.count
  }

  /// The id as text; empty where it is NULL or the line cannot be read.
  public func id(_ line: UnsafeRawBufferPointer) -> String {
    var fields = FieldRanges(count: columnCount)
    var canonical = ByteBuffer()
    guard (try? decoder.decode(line, into: &fields, &canonicalizer, &canonical)) != nil,
      let bytes = fields.bytes(index, in: line)
    else { return "" }
    var text = ByteBuffer()
    guard (try? JSONString.appendUnescaped(bytes, to: &text)) != nil else { return "" }
    return String(decoding: text.unsafeBytes, as: UTF8.self)
  }
}
