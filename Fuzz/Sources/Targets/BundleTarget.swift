// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes
import Cryptography
import TestCore
import Zstandard

@testable import ArchiveStore

/// Nothing but the bundle that was written passes, whatever is done to it; a file as it comes is read or refused.
@Sendable func checkBundle(_ input: [UInt8]) throws {
  var reader = InputReader(input)
  let mode = reader.byte()
  if mode == 0 { return try checkFile(Array(reader.rest)) }
  let pieceBytes = mode & 2 == 0 ? Int.max : 1 + Int(mode >> 2)
  let sound = try SampleBundle(&reader)
  try require(try lines(sound.bytes, nil, pieceBytes) == sound.lines, "the sound bundle is not read as written")
  try require(
    try lines(sound.bytes, sound.manifest, pieceBytes) == sound.lines, "the sound bundle is not read as written")
  let damaged = try sound.damaged(&reader)
  guard damaged != sound.bytes else { return }
  if damaged.count == sound.bytes.count {
    try require(try lines(damaged, sound.manifest, pieceBytes) == nil, "a damaged bundle passes beside its manifest")
  }
  if let found = try lines(damaged, nil, pieceBytes) {
    try require(found == sound.lines, "a damaged bundle passes by itself with other rows")
  }
}

/// What a file of a stranger's holds may be anything; a seek table that is taken is written the same way.
private func checkFile(_ bytes: [UInt8]) throws {
  let table = bytes.withUnsafeBytes { try? SeekTable.read($0) }
  if let table {
    var again = ByteBuffer()
    try SeekTable.append(table, to: &again)
    try require(again.array() == bytes, "a seek table comes back as another one")
  }
  _ = try? FileShape(start: bytes, name: "file")
  _ = try lines(bytes, nil, .max)
}

private let chunk = LineChunk()

/// The lines of a bundle; nil where it is refused.
private func lines(_ bytes: [UInt8], _ expected: Manifest.Bundle?, _ pieceBytes: Int) throws -> [[UInt8]]? {
  var found: [[UInt8]] = []
  do {
    let reader = try BundleReader(MemoryReader(bytes, pieceBytes: pieceBytes), name: "bundle", expected: expected)
    while try reader.next(chunk) {
      try require(
        chunk.leaves.count == chunk.count, "a chunk has \(chunk.leaves.count) leaves for \(chunk.count) lines")
      for index in 0..<chunk.count {
        let line = [UInt8](chunk.bytes.unsafeBytes(chunk.range(index)))
        try require(chunk.leaves[index] == SHA256.hash([0] + line), "a line has another leaf")
        found.append(line)
      }
    }
  } catch is ArchiveFinding { return nil } catch is Failure { return nil }
  return found
}
