// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import TestSupport
import Testing
import Zstandard

func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

private func table(_ entries: [SeekTable.Entry]) throws -> [UInt8] {
  var out = ByteBuffer()
  try SeekTable.append(entries, to: &out)
  return out.array()
}

private func read(_ bytes: [UInt8]) throws -> [SeekTable.Entry] {
  try bytes.withUnsafeBytes { try SeekTable.read($0) }
}

@Suite("Seek tables and skippable frames")
struct SeekTableTests {
  private let entries = [
    SeekTable.Entry(compressed: 812_345, decompressed: 4_012_345), SeekTable.Entry(compressed: 7, decompressed: 0),
    SeekTable.Entry(compressed: 0xffff_ffff, decompressed: 0xffff_ffff),
  ]

  @Test("the bytes are those of the seekable format 0.1.0")
  func layout() throws {
    let bytes = try table([SeekTable.Entry(compressed: 0x0102, decompressed: 0x0304)])
    #expect(
      bytes == [
        0x5e, 0x2a, 0x4d, 0x18, 17, 0, 0, 0, 2, 1, 0, 0, 4, 3, 0, 0, 1, 0, 0, 0, 0, 0xb1, 0xea, 0x92, 0x8f,
      ])
    #expect(bytes.count == SeekTable.byteCount(entries: 1))
  }

  @Test("entries come back")
  func roundTrip() throws {
    for count in 0...3 { #expect(try read(table(Array(entries[..<count]))) == Array(entries[..<count])) }
  }

  @Test("a size beyond 32 bits is refused", arguments: [1 << 32, -1])
  func tooLarge(size: Int) {
    #expect(throws: ZstandardError.self) { try table([SeekTable.Entry(compressed: 1, decompressed: size)]) }
    #expect(throws: ZstandardError.self) { try table([SeekTable.Entry(compressed: size, decompressed: 1)]) }
  }

  @Test("every length but its own is refused")
  func cut() throws {
    let bytes = try table(entries)
    for length in 0..<bytes.count { #expect(throws: ZstandardError.self) { try read(Array(bytes[..<length])) } }
    #expect(throws: ZstandardError.self) { try read(bytes + [0]) }
  }

  @Test("a changed byte outside the entries is refused, within them it changes the entry")
  func mutated() throws {
    let bytes = try table(entries)
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x10
      if (8..<8 + 24).contains(index) {
        #expect(try read(changed) != entries)
      } else {
        #expect(throws: ZstandardError.self, "byte \(index)") { try read(changed) }
      }
    }
  }

  @Test("a count that would overflow is refused")
  func hostileCount() throws {
    var bytes = try table(entries)
    let footer = bytes.count - 9
    for count: [UInt8] in [[0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0x20], [4, 0, 0, 0], [2, 0, 0, 0]] {
      bytes.replaceSubrange(footer..<footer + 4, with: count)
      #expect(throws: ZstandardError.self) { try read(bytes) }
    }
  }

  @Test("a skippable frame is found by its magic number and holds what it says")
  func skippable() {
    var content = ByteBuffer()
    content.append(utf8: "{\"a\":1}")
    var out = ByteBuffer()
    SkippableFrame.append(magic: 0x184D_2A50, content, to: &out)
    let bytes = out.array()
    #expect(bytes.count == SkippableFrame.headerBytes + 7)
    bytes.withUnsafeBytes { bytes in
      #expect(SkippableFrame.isSkippable(bytes))
      #expect(SkippableFrame.contentLength(magic: 0x184D_2A50, in: bytes, at: 0) == 7)
      #expect(SkippableFrame.contentLength(magic: 0x184D_2A51, in: bytes, at: 0) == nil)
      #expect(SkippableFrame.contentLength(magic: 0x184D_2A50, in: bytes, at: 9) == nil)
      #expect(SkippableFrame.contentLength(magic: 0x184D_2A50, in: bytes, at: -1) == nil)
      let short = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 1)])
      #expect(SkippableFrame.contentLength(magic: 0x184D_2A50, in: short, at: 0) == nil)
      #expect(!SkippableFrame.isSkippable(UnsafeRawBufferPointer(rebasing: bytes[..<3])))
    }
  }

  @Test("the zstd program passes over tables and skippable frames")
  func zstdSkips() throws {
    let directory = try TemporaryDirectory("zstd")
    var content = ByteBuffer()
    content.append(utf8: "carried")
    var tail = ByteBuffer()
    SkippableFrame.append(magic: 0x184D_2A50, content, to: &tail)
    try SeekTable.append([SeekTable.Entry(compressed: 3, decompressed: 3)], to: &tail)
    try write(try frame(sampleContent(1000)) + tail.array(), directory("x.zst"))
    #expect(try Command.run("zstd", ["-dc", directory("x.zst")]).standardOutput == sampleContent(1000))
  }
}
