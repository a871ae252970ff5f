// SPDX-License-Identifier: Apache-2.0
internal import Bytes

/// Reads a row's id out of its line; for the few rows that are named in manifests and reports.
public struct RowIdentifier: Sendable {
  private let members: LineMembers
  private let index: Int

  public init(_ columns: [Column], _ indexes: ChainColumnIndexes) { self.init(columns, column: indexes.id) }

  /// Reads another column in the id's place.
  public init(_ columns: [Column], column: Int) {
    members = LineMembers(columns)
    index = column
  }

  /// The value as text; empty where it is NULL or the line cannot be read.
  public func id(_ line: UnsafeRawBufferPointer) -> String {
    var value = 0..<0
    guard (try? members.each(in: line, upTo: index, { at, range in if at == index { value = range } })) != nil else {
      return ""
    }
    var bytes = UnsafeRawBufferPointer(rebasing: line[value])
    if bytes.elementsEqual("null".utf8) { return "" }
    if bytes.first == 0x22 { bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst().dropLast()) }
    var text = ByteBuffer()
    guard (try? JSONString.appendUnescaped(bytes, to: &text)) != nil else { return "" }
    return String(decoding: text.unsafeBytes, as: UTF8.self)
  }

  /// The same of a line that is text.
  public func id(_ line: String) -> String {
    var line = line
    return line.withUTF8 { id(UnsafeRawBufferPointer($0)) }
  }
}
