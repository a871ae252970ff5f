// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes
import CanonicalJSON
import TestCore

@testable import ArchiveStore
@testable import RowCodec

/// An older archive is read alike in pieces and whole, and a JSON parser finds the same rows in it.
@Sendable func checkLegacy(_ bytes: [UInt8]) throws {
  _ = try? FileShape(start: Array(bytes.prefix(FileShape.startLength)), name: "file")
  let lines = try legacyLines(bytes, pieceBytes: .max)
  try require(try legacyLines(bytes, pieceBytes: 3) == lines, "in pieces it is another archive")
  guard let lines else { return }
  for line in lines { try checkRow(line) }
  // The reader does not look into what no column has, and takes some that is no JSON there.
  guard let json = try? JSONValue(parsing: bytes), let rows = (json.array ?? json["events"]?.array) else { return }
  try require(rows.count == lines.count, "it has \(rows.count) rows, and \(lines.count) are read")
  for (row, line) in zip(rows, lines) { try compare(row, line) }
}

private func legacyLines(_ bytes: [UInt8], pieceBytes: Int) throws -> [[UInt8]]? {
  var found: [[UInt8]] = []
  let chunk = LineChunk()
  do {
    let reader = try LegacyReader(MemoryReader(bytes, pieceBytes: pieceBytes), name: "file")
    while try reader.next(chunk) {
      for index in 0..<chunk.count { found.append([UInt8](chunk.bytes.unsafeBytes(chunk.range(index)))) }
    }
  } catch is ArchiveFinding { return nil } catch is Failure { return nil }
  return found
}

private let columns = LegacyReader.columnTypes.map { Column(name: $0.key, type: $0.value) }

private func checkRow(_ line: [UInt8]) throws {
  try require(!line.contains(0x0a), "a line is torn: \(shown(line))")
  try require(String(validating: line, as: UTF8.self) != nil, "a line is no UTF-8: \(shown(line))")
}

/// The line's values are the row's.
private func compare(_ row: JSONValue, _ line: [UInt8]) throws {
  guard let read = try? JSONValue(parsing: line) else {
    throw BrokenProperty("a row's line is no JSON: \(shown(line))")
  }
  try require(read.members?.map(\.name) == columns.map(\.name), "a line has other members: \(shown(line))")
  for column in columns where column.name != "created_at" {
    let (value, found) = (row[column.name] ?? .null, read[column.name] ?? .null)
    try require(
      found.compactText.utf8.elementsEqual(value.compactText.utf8), "\(column.name) is read as \(found.compactText)")
  }
  let time = row["created_at"]?.string.flatMap { Timestamp($0) }
  try require(read["created_at"]?.string == time?.iso, "created_at is read as another time: \(shown(line))")
}
