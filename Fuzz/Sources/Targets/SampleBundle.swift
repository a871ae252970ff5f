// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes
import Cryptography
import Zstandard

@testable import ArchiveStore

/// A sound bundle of an input's lines, made without a file, and the ways to damage it.
struct SampleBundle {
  let lines: [[UInt8]]
  private let frames: [[UInt8]]
  private let carried: CarriedManifest

  let bytes: [UInt8]

  init(_ reader: inout InputReader) throws {
    let log2 = Int(reader.byte() & 3)
    // Longer than the shortest row, and each with a number: rows are never the same.
    lines = (0..<1 + reader.number(below: 12)).map { row in
      let text = reader.text(Int(reader.byte()))
      return Array("{\"r\":\(row),".utf8) + text.map { $0 == 0x0a ? 0x20 : $0 } + Array("}".utf8)
    }
    var frames: [[UInt8]] = []
    var listed: [CarriedManifest.Frame] = []
    for start in stride(from: 0, to: lines.count, by: 1 << log2) {
      let rows = lines[start..<min(start + 1 << log2, lines.count)]
      let content = Self.content(rows)
      frames.append(try Self.compressed(content))
      let time = Timestamp(microseconds: Int64(start))
      listed.append(
        CarriedManifest.Frame(
          bytes: frames[frames.count - 1].count, contentBytes: content.count, rows: rows.count,
          merkleRoot: Self.root(rows), firstCreatedAt: time, lastCreatedAt: time))
    }
    let content = Self.content(lines[...])
    carried = CarriedManifest(
      stream: "s", sequence: 0, rows: lines.count, contentBytes: content.count, contentSHA256: SHA256.hash(content),
      merkleRoot: Self.root(lines[...]), previousHash: nil, headHash: nil, rowsPerFrameLog2: log2, frames: listed)
    self.frames = frames
    bytes = try Self.bytes(frames, carried)
  }

  private static func content(_ lines: ArraySlice<[UInt8]>) -> [UInt8] { lines.reduce(into: []) { $0 += $1 + [0x0a] } }

  private static func root(_ lines: ArraySlice<[UInt8]>) -> Digest {
    var tree = MerkleTree()
    for line in lines { tree.append(SHA256.hash([0] + line)) }
    return tree.root
  }

  private static func compressed(_ content: [UInt8]) throws -> [UInt8] {
    var out = ByteBuffer()
    let compressor = try Compressor(level: 1)
    _ = try content.withUnsafeBytes { try compressor.compress($0, into: &out) }
    return out.array()
  }

  var manifest: Manifest.Bundle {
    Manifest.Bundle(
      key: "bundles/0", bytes: bytes.count, sha256: SHA256.hash(bytes), contentBytes: carried.contentBytes,
      contentSHA256: carried.contentSHA256, frames: frames.count)
  }

  /// The file of frames and a carried manifest, with the seek table that fits them.
  private static func bytes(_ frames: [[UInt8]], _ carried: CarriedManifest) throws -> [UInt8] {
    var out = ByteBuffer()
    for frame in frames { frame.withUnsafeBytes { out.append($0) } }
    var content = ByteBuffer()
    content.append(utf8: carried.json.compactText)
    SkippableFrame.append(magic: BundleWriter.carriedMagic, content, to: &out)
    let entries = carried.frames.map { SeekTable.Entry(compressed: $0.bytes, decompressed: $0.contentBytes) }
    let last = SeekTable.Entry(compressed: SkippableFrame.headerBytes + content.count, decompressed: 0)
    try SeekTable.append(entries + [last], to: &out)
    return out.array()
  }

  // MARK: Damage

  /// The bytes after what the input says is done to them.
  func damaged(_ reader: inout InputReader) throws -> [UInt8] {
    let kind = reader.byte() % 8
    var bytes = bytes
    let (from, count) = (reader.number(below: bytes.count), reader.number(below: 40))
    let range = from..<min(from + count, bytes.count)
    switch kind {
    case 0: bytes[from] ^= 1 << (reader.byte() & 7)
    case 1: bytes.removeLast(bytes.count - from)
    case 2: bytes.append(contentsOf: reader.rest)
    case 3: bytes.removeSubrange(range)
    case 4: bytes.insert(contentsOf: bytes[range], at: from)
    case 5: bytes.replaceSubrange(range, with: reader.rest)
    default: return try rearranged(&reader, kind)
    }
    return bytes
  }

  /// Frames or rows that an attacker moves, with a seek table and a carried manifest that fit as far as they can.
  private func rearranged(_ reader: inout InputReader, _ kind: UInt8) throws -> [UInt8] {
    var (frames, carried) = (frames, carried)
    let (a, b) = (reader.number(below: frames.count), reader.number(below: frames.count))
    if kind == 6 {
      frames.swapAt(a, b)
      carried.frames.swapAt(a, b)
    } else {
      let other = Array("{\"r\":\(a),".utf8) + reader.rest.map { $0 == 0x0a ? 0x20 : $0 } + Array("}\n".utf8)
      frames[a] = try Self.compressed(other)
      carried.frames[a].bytes = frames[a].count
      carried.contentBytes += other.count - carried.frames[a].contentBytes
      carried.frames[a].contentBytes = other.count
    }
    return try Self.bytes(frames, carried)
  }
}
