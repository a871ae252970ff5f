// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import Cryptography
import Files
import TestSupport
import Testing

func leaf(_ line: some Collection<UInt8>) -> Digest { SHA256.hash([0] + line) }

func time(_ row: Int) -> Timestamp { Timestamp("2026-11-20T00:00:00Z")!.advanced(bySeconds: Int64(row)) }

/// Makes a bundle of lines and gives its bytes beside it.
func makeBundle(
  _ lines: [[UInt8]], rowsPerFrameLog2: Int = 2, spool: Spool
) throws -> (bundle: SealedBundle, bytes: [UInt8]) {
  var settings = BundleSettings()
  settings.rowsPerFrameLog2 = rowsPerFrameLog2
  let writer = try BundleWriter(stream: "s", sequence: 7, settings: settings, spool: spool)
  let frame = FrameContent(spool: spool)
  for (row, line) in lines.enumerated() {
    try line.withUnsafeBytes { try frame.append(line: $0, leaf: leaf(line), createdAt: time(row)) }
    #expect(frame.lastLine == line)
    if frame.rows == settings.rowsPerFrame || row == lines.count - 1 {
      try writer.append(frame)
      frame.removeAll()
    }
  }
  let bundle = try writer.finish(previousHash: nil, headHash: SHA256.hash([1]))
  return (bundle, try FileReader(path: bundle.file.file.path).all(pieceBytes: 1 << 20))
}

/// What a reader gives of a bundle.
struct ReadBundle {
  var lines: [[UInt8]] = []
  /// Frame of each line.
  var frames: [Int] = []
  var roots: [Digest] = []
  var carried: CarriedManifest?
}

func readBundle(_ object: any ObjectReader, _ expected: Manifest.Bundle?) throws -> ReadBundle {
  let reader = try BundleReader(object, name: "bundle", expected: expected)
  let chunk = LineChunk()
  var read = ReadBundle()
  var trees: [MerkleTree] = []
  var sequence = 0
  while try reader.next(chunk) {
    #expect(chunk.count > 0 && chunk.sequence == sequence && chunk.firstRow == read.lines.count)
    sequence += 1
    while trees.count <= chunk.frame { trees.append(MerkleTree()) }
    for index in 0..<chunk.count {
      let line = [UInt8](chunk.bytes.unsafeBytes(chunk.range(index)))
      read.lines.append(line)
      read.frames.append(chunk.frame)
      trees[chunk.frame].append(leaf(line))
    }
  }
  #expect(try !reader.next(chunk))
  read.roots = trees.map(\.root)
  read.carried = reader.carried
  return read
}
