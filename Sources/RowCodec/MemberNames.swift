// SPDX-License-Identifier: Apache-2.0
internal import Bytes

/// Names of a line's members, in their order; makes no values, so that a line costs no more than it has columns.
///
/// - Returns: nil where the line is no row, or has more members than a table can have columns.
public func memberNames(of line: UnsafeRawBufferPointer) -> [String]? {
  guard line.first == 0x7b else { return nil }
  var names: [String] = []
  var offset = 1
  while names.count < mostColumns {
    guard offset < line.count, line[offset] == 0x22, let (end, _) = JSONString.end(in: line, from: offset + 1),
      end + 1 < line.count, line[end + 1] == 0x3a
    else { return nil }
    var name = ByteBuffer()
    let quoted = UnsafeRawBufferPointer(rebasing: line[offset + 1..<end])
    guard (try? JSONString.appendUnescaped(quoted, to: &name)) != nil else { return nil }
    names.append(String(decoding: name.unsafeBytes, as: UTF8.self))
    guard let length = JSONExtent.length(of: UnsafeRawBufferPointer(rebasing: line[(end + 2)...])), length > 0 else {
      return nil
    }
    offset = end + 2 + length
    guard offset < line.count else { return nil }
    if line[offset] == 0x7d { return offset == line.count - 1 ? names : nil }
    guard line[offset] == 0x2c else { return nil }
    offset += 1
  }
  return nil
}

/// More columns than Postgres lets a table have.
private let mostColumns = 1664
