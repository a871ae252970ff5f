// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import Cryptography
import Foundation
import TestCore
import TestSupport
import Testing
import Zstandard

private func line(_ row: Int, bytes: Int = 60) -> [UInt8] {
  let text = Array("{\"id\":\(row),\"x\":\"".utf8)
  return text + (0..<max(0, bytes - text.count - 2)).map { UInt8(0x61 + ($0 &* 7 &+ row) % 26) } + Array("\"}".utf8)
}

@Suite("Bundles")
struct BundleTests {
  let directory: TemporaryDirectory
  let spool: Spool

  init() throws {
    directory = try TemporaryDirectory("bundle")
    spool = try Spool(directory: directory("spool"))
  }

  @Test("rows come back in their frames", arguments: [1, 3, 4, 5, 8, 33])
  func roundTrip(rows: Int) throws {
    let lines = (0..<rows).map { line($0) }
    let (bundle, bytes) = try makeBundle(lines, spool: spool)
    for piece in [1, 13, Int.max] {
      let read = try readBundle(MemoryReader(bytes, pieceBytes: piece), bundle.manifest)
      #expect(read.lines == lines)
      #expect(read.frames == (0..<rows).map { $0 / 4 })
      #expect(read.carried == bundle.carried && read.roots == bundle.carried.frames.map(\.merkleRoot))
    }
    #expect(try readBundle(MemoryReader(bytes), nil).lines == lines)
    let frames = bundle.carried.frames
    #expect(frames.map(\.firstCreatedAt) == stride(from: 0, to: rows, by: 4).map { time($0) })
    #expect(frames.last?.lastCreatedAt == time(rows - 1))
    #expect(bundle.manifest.sha256 == SHA256.hash(bytes) && bundle.manifest.bytes == bytes.count)
    #expect(bundle.manifest.key == "bundles/0000000007-\(SHA256.hash(bytes).hex.prefix(16)).ndjson.zst")
  }

  @Test("standard tools read rows, carried manifest and digests")
  func standardTools() throws {
    let lines = (0..<10).map { line($0) }
    let (bundle, bytes) = try makeBundle(lines, spool: spool)
    let path = directory("x.ndjson.zst")
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let content = try Command.run("zstd", ["-dc", path]).standardOutput
    #expect(content == Array(lines.joined(separator: [0x0a])) + [0x0a])
    let sum = try Command.run("sha256sum", input: content).text.prefix(64)
    #expect(sum == bundle.manifest.contentSHA256.hex)
    #expect(try Command.run("sha256sum", [path]).text.prefix(64) == bundle.manifest.sha256.hex)
    let carriedStart = bundle.carried.frames.map(\.bytes).reduce(0, +)
    let length = bytes[carriedStart + 4..<carriedStart + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let carried = Array(bytes[carriedStart + 8..<carriedStart + 8 + length])
    #expect(try Command.run("jq", ["-r", ".merkleRoot"], input: carried).text == bundle.carried.merkleRoot.hex + "\n")
    #expect(try CarriedManifest(json: JSONValue(parsing: carried)) == bundle.carried)
  }

  @Test("the seek table leads to each frame")
  func randomAccess() throws {
    let lines = (0..<11).map { line($0) }
    let (bundle, bytes) = try makeBundle(lines, spool: spool)
    let tableBytes = SeekTable.byteCount(entries: bundle.carried.frames.count + 1)
    let entries = try bytes.suffix(tableBytes).withUnsafeBytes { try SeekTable.read($0) }
    #expect(entries.map(\.compressed).reduce(0, +) + tableBytes == bytes.count)
    #expect(entries.last?.decompressed == 0)
    var offset = 0
    for (index, entry) in entries.dropLast().enumerated() {
      let path = directory("frame\(index).zst")
      try Data(bytes[offset..<offset + entry.compressed]).write(to: URL(fileURLWithPath: path))
      let content = try Command.run("zstd", ["-dc", path]).standardOutput
      #expect(content.count == entry.decompressed)
      #expect(content == lines[index * 4..<min(11, index * 4 + 4)].flatMap { $0 + [0x0a] })
      offset += entry.compressed
    }
  }

  /// A chunk can be full just when its frame's content ends and its checksum is still to come.
  @Test("frames that end where a chunk does", arguments: [1 << 18, 1 << 20, 5 << 18, 2 << 20, (1 << 20) + 1])
  func chunkBoundaries(contentBytes: Int) throws {
    let first = line(0, bytes: contentBytes / 2)
    let second = line(1, bytes: contentBytes - first.count - 2)
    let lines = [first, second, line(2), line(3)]
    let (bundle, bytes) = try makeBundle(lines, rowsPerFrameLog2: 1, spool: spool)
    #expect(bundle.carried.frames[0].contentBytes == contentBytes)
    for piece in [Int.max, 4096, 1] {
      #expect(try readBundle(MemoryReader(bytes, pieceBytes: piece), bundle.manifest).lines == lines)
    }
  }

  @Test("huge rows go by way of the spool, and give the same bytes each time")
  func hugeRows() throws {
    let lines = (0..<5).map { line($0, bytes: 9 << 20) }
    let (bundle, bytes) = try makeBundle(lines, spool: spool)
    let (_, again) = try makeBundle(lines, spool: spool)
    #expect(bytes == again)
    #expect(try readBundle(MemoryReader(bytes), bundle.manifest).lines == lines)
  }

  @Test("the same rows give the same bytes")
  func deterministic() throws {
    let lines = (0..<100).map { line($0, bytes: 500) }
    let first = try makeBundle(lines, rowsPerFrameLog2: 5, spool: spool)
    let second = try makeBundle(lines, rowsPerFrameLog2: 5, spool: spool)
    #expect(first.bytes == second.bytes && first.bundle.carried == second.bundle.carried)
  }

  @Test("no rows make a bundle of no frames")
  func empty() throws {
    let (bundle, bytes) = try makeBundle([], spool: spool)
    #expect(try readBundle(MemoryReader(bytes), bundle.manifest).lines.isEmpty)
    #expect(bundle.carried.merkleRoot == MerkleTree().root)
  }
}
