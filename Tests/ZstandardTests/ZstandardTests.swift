// SPDX-License-Identifier: Apache-2.0
import Bytes
import TestSupport
import Testing
import Zstandard

/// Content that compresses somewhat, the same for the same seed.
func sampleContent(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return (0..<count).map { index in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return index % 64 == 63 ? 0x0a : UInt8(0x61 + (state >> 33) % 11)
  }
}

func frame(_ content: [UInt8], level: Int = 2, _ compressor: Compressor? = nil) throws -> [UInt8] {
  let compressor = try compressor ?? Compressor(level: level)
  var out = ByteBuffer()
  let length = try content.withUnsafeBytes { try compressor.compress($0, into: &out) }
  #expect(length == out.count)
  return out.array()
}

/// A frame whose content goes in by pieces of `pieceBytes`.
func streamed(_ content: [UInt8], pieceBytes: Int, _ compressor: Compressor) throws -> [UInt8] {
  var out = ByteBuffer()
  try compressor.begin(contentBytes: content.count)
  var start = 0
  repeat {
    let end = min(content.count, start + pieceBytes)
    try content[start..<end].withUnsafeBytes { try compressor.add($0, isLast: end == content.count, into: &out) }
    start = end
  } while start < content.count
  return out.array()
}

/// Decompresses one frame, given the input in pieces.
func content(of frame: [UInt8], pieceBytes: Int = .max, room: Int = 1 << 16) throws -> (bytes: [UInt8], ended: Bool) {
  let decompressor = try Decompressor()
  var out = ByteBuffer()
  var consumed = 0
  var end = min(frame.count, pieceBytes)
  while true {
    let before = (out.count, consumed)
    let ended = try frame[..<end].withUnsafeBytes {
      try decompressor.decompress($0, consumed: &consumed, into: &out, room: room)
    }
    #expect(out.count - before.0 <= room)
    if ended { return (out.array(), true) }
    if consumed == end && out.count == before.0 {
      if end == frame.count { return (out.array(), false) }
      end = min(frame.count, end + pieceBytes)
    }
  }
}

@Suite("Zstandard frames")
struct FrameTests {
  @Test("content comes back whole, whatever pieces it is read in", arguments: [0, 1, 63, 4096, 300_000, 1 << 20])
  func roundTrip(count: Int) throws {
    let original = sampleContent(count)
    let frame = try frame(original)
    for (piece, room) in [(Int.max, 1 << 20), (1, 1 << 16), (1000, 7), (1 << 17, 1 << 12)]
    where count < 5000 || piece > 1 {
      let read = try content(of: frame, pieceBytes: piece, room: room)
      #expect(read.ended && read.bytes == original)
    }
  }

  @Test("the zstd program reads our frames and sees checksum and size")
  func zstdReads() throws {
    let directory = try TemporaryDirectory("zstd")
    let original = sampleContent(200_000)
    try write(try frame(original) + (try frame(original)), directory("x.zst"))
    let output = try Command.run("zstd", ["-dc", directory("x.zst")])
    #expect(output.status == 0 && output.standardOutput == original + original)
    let listing = try Command.run("zstd", ["-lv", directory("x.zst")]).text
    #expect(listing.contains("Check: XXH64"))
    #expect(listing.contains("400000 B"))
  }

  @Test("a context's history leaves no trace in the bytes")
  func deterministic() throws {
    let used = try Compressor(level: 2)
    _ = try frame(sampleContent(3_000_000, seed: 9), used)
    _ = try streamed(sampleContent(2_000_000, seed: 8), pieceBytes: 1 << 20, used)
    for count in [1, 70_000, 2_500_000] {
      let original = sampleContent(count, seed: 3)
      #expect(try frame(original, used) == (try frame(original)))
      let first = try streamed(original, pieceBytes: 1 << 20, used)
      #expect(try first == streamed(original, pieceBytes: 1 << 20, Compressor(level: 2)))
      let read = try content(of: first)
      #expect(read.ended && read.bytes == original)
    }
  }

  @Test("a streamed frame states its size and must get just that")
  func pledgedSize() throws {
    let compressor = try Compressor(level: 2)
    let frame = try streamed(sampleContent(2_000_000), pieceBytes: 1 << 20, compressor)
    let directory = try TemporaryDirectory("zstd")
    try write(frame, directory("x.zst"))
    #expect(try Command.run("zstd", ["-lv", directory("x.zst")]).text.contains("2000000 B"))
    try compressor.begin(contentBytes: 10)
    var out = ByteBuffer()
    #expect(throws: ZstandardError.self) {
      try sampleContent(5).withUnsafeBytes { try compressor.add($0, isLast: false, into: &out) }
      try sampleContent(4).withUnsafeBytes { try compressor.add($0, isLast: true, into: &out) }
    }
    #expect(try content(of: streamed(sampleContent(9), pieceBytes: 4, compressor)).bytes == sampleContent(9))
  }

  @Test("a cut frame does not end")
  func truncated() throws {
    let frame = try frame(sampleContent(10_000))
    for length in [1, 4, 5, 100, frame.count - 5, frame.count - 1] {
      #expect(try content(of: Array(frame[..<length])).ended == false)
    }
  }

  @Test("a changed byte never gives other content unnoticed")
  func mutated() throws {
    let original = sampleContent(3000)
    let frame = try frame(original)
    for index in frame.indices {
      var changed = frame
      changed[index] ^= UInt8(1 << (index % 8))
      if index == 4 { continue }  // It says whether there is a checksum: the file's digest guards it.
      guard let read = try? content(of: changed) else { continue }
      #expect(!read.ended || read.bytes == original, "byte \(index)")
    }
  }

  @Test("a window beyond the limit is refused before it is allocated")
  func window() throws {
    let input = sampleContent(100_000)
    let sound = try Command.run("zstd", ["-c", "--long=27"], input: input).standardOutput
    #expect(try content(of: sound).bytes == input)
    let wide = try Command.run("zstd", ["-c", "--ultra", "--long=28"], input: input).standardOutput
    #expect(throws: ZstandardError.self) { try content(of: wide) }
  }

  @Test("after an error and a reset the next frame is read")
  func reset() throws {
    let decompressor = try Decompressor()
    var out = ByteBuffer()
    var consumed = 0
    #expect(throws: ZstandardError.self) {
      try [UInt8](repeating: 7, count: 32).withUnsafeBytes {
        _ = try decompressor.decompress($0, consumed: &consumed, into: &out, room: 100)
      }
    }
    decompressor.reset()
    out.clear()
    consumed = 0
    let ended = try frame(sampleContent(50)).withUnsafeBytes {
      try decompressor.decompress($0, consumed: &consumed, into: &out, room: 100)
    }
    #expect(ended && out.array() == sampleContent(50))
  }
}
