// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import Cryptography
import TestCore
import TestSupport
import Testing
import Zstandard

private let lines = (0..<11).map { Array("{\"id\":\($0),\"payload\":{\"a\":[\($0),2,3]}}".utf8) }

/// Splits a bundle into row frames, carried manifest (JSON) and rebuilds it.
private struct Parts {
  var frames: [[UInt8]]
  var carried: JSONValue
  var entries: [SeekTable.Entry]

  init(_ bundle: SealedBundle, _ bytes: [UInt8]) {
    var offset = 0
    frames = bundle.carried.frames.map { frame in
      defer { offset += frame.bytes }
      return Array(bytes[offset..<offset + frame.bytes])
    }
    carried = bundle.carried.json
    entries = bundle.carried.frames.map { SeekTable.Entry(compressed: $0.bytes, decompressed: $0.contentBytes) }
  }

  func bytes(carriedText: String? = nil, adjustsTable: Bool = true) throws -> [UInt8] {
    var text = ByteBuffer()
    text.append(utf8: carriedText ?? carried.compactText)
    var tail = ByteBuffer()
    SkippableFrame.append(magic: 0x184D_2A50, text, to: &tail)
    try SeekTable.append(entries + [SeekTable.Entry(compressed: tail.count, decompressed: 0)], to: &tail)
    return frames.flatMap { $0 } + tail.array()
  }
}

private func finding(_ bytes: [UInt8], _ expected: Manifest.Bundle? = nil) throws -> ArchiveFinding? {
  do {
    _ = try readBundle(MemoryReader(bytes), expected)
    return nil
  } catch let finding as ArchiveFinding { return finding }
}

private func compressed(_ text: String) throws -> [UInt8] {
  var out = ByteBuffer()
  _ = try Array(text.utf8).withUnsafeBytes { try Compressor(level: 2).compress($0, into: &out) }
  return out.array()
}

@Suite("Damaged bundles")
struct DamagedBundleTests {
  let directory: TemporaryDirectory
  let bundle: SealedBundle
  let bytes: [UInt8]

  init() throws {
    directory = try TemporaryDirectory("damaged")
    (bundle, bytes) = try makeBundle(lines, spool: try Spool(directory: directory("spool")))
  }

  @Test("each changed byte is found")
  func everyByte() throws {
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= UInt8(1 << (index % 8))
      #expect(try finding(changed, bundle.manifest)?.object == "bundle", "byte \(index)")
    }
  }

  @Test("each shorter and each longer file is found")
  func everyLength() throws {
    for length in bytes.indices {
      #expect(try finding(Array(bytes[..<length]), bundle.manifest) != nil)
      #expect(try finding(Array(bytes[..<length])) != nil, "\(length) bytes, without a manifest")
    }
    for more: [UInt8] in [[0], bytes, [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]] {
      #expect(try finding(bytes + more, bundle.manifest) != nil)
      #expect(try finding(bytes + more) != nil)
    }
  }

  @Test("without a manifest a changed row is found all the same")
  func everyRowByte() throws {
    for index in 0..<bundle.carried.frames.map(\.bytes).reduce(0, +) {
      var changed = bytes
      changed[index] ^= 0x40
      guard try finding(changed) == nil else { continue }
      #expect(try readBundle(MemoryReader(changed), nil).lines == lines, "byte \(index)")
    }
  }

  @Test("random damage ends in a finding, never in a crash", arguments: 0..<4)
  func fuzz(seed: UInt64) throws {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<200 {
      var changed = bytes
      for _ in 0...next(4) {
        let at = next(changed.count)
        switch next(4) {
        case 0: changed[at] = UInt8(next(256))
        case 1: changed.removeSubrange(at..<min(changed.count, at + 1 + next(40)))
        case 2: changed.insert(contentsOf: bytes[..<next(bytes.count)], at: at)
        default: changed.swapAt(at, next(changed.count))
        }
        if changed.isEmpty { changed = [0] }
      }
      _ = try finding(changed)
      if changed != bytes { #expect(try finding(changed, bundle.manifest) != nil) }
    }
  }

  @Test("the carried manifest's statements are all checked")
  func carriedStatements() throws {
    let parts = Parts(bundle, bytes)
    #expect(try finding(parts.bytes()) == nil)
    for name in ["rows", "contentBytes", "rowsPerFrameLog2"] {
      var changed = parts
      changed.carried = changed.carried.replacing(name, .integer((parts.carried[name]?.integer ?? 0) + 1))
      #expect(try finding(changed.bytes()) != nil, "\(name)")
    }
    for name in ["contentSha256", "merkleRoot"] {
      var changed = parts
      changed.carried = changed.carried.replacing(name, .digest(SHA256.hash([9])))
      #expect(try finding(changed.bytes()) != nil, "\(name)")
    }
    for name in ["bytes", "contentBytes", "rows"] {
      var changed = parts
      var frames = parts.carried["frames"]?.array ?? []
      frames[0] = frames[0].replacing(name, .integer((frames[0][name]?.integer ?? 0) + 1))
      changed.carried = changed.carried.replacing("frames", .array(frames))
      #expect(try finding(changed.bytes()) != nil, "frames.\(name)")
    }
    for text in ["", "{", "[]", "{}", #"{"format":"audit-archive/v1"}"#, String(repeating: "[", count: 1 << 16)] {
      #expect(try finding(parts.bytes(carriedText: text)) != nil)
    }
  }

  @Test("a seek table that lies is found")
  func seekTable() throws {
    for index in 0..<3 {
      var parts = Parts(bundle, bytes)
      parts.entries[index].compressed += 1
      #expect(try finding(parts.bytes()) != nil)
      parts = Parts(bundle, bytes)
      parts.entries[index].decompressed -= 1
      #expect(try finding(parts.bytes()) != nil)
      parts.entries.remove(at: index)
      #expect(try finding(parts.bytes()) != nil)
    }
  }

  @Test("frames swapped, dropped, doubled or cut elsewhere are found")
  func frames() throws {
    var parts = Parts(bundle, bytes)
    parts.frames.swapAt(0, 1)
    #expect(try finding(parts.bytes()) != nil)
    parts = Parts(bundle, bytes)
    parts.frames.removeLast()
    #expect(try finding(parts.bytes()) != nil)
    parts = Parts(bundle, bytes)
    parts.frames.append(parts.frames[0])
    #expect(try finding(parts.bytes()) != nil)
    for text in ["", "no end of line", "{\"a\":12}\n{\"a\":12}"] {
      parts = Parts(bundle, bytes)
      parts.frames[0] = try compressed(text)
      #expect(try finding(parts.bytes())?.reason.contains("frame 0 does not end where a row does") == true)
    }
  }

  @Test("content beyond what the manifest says is not decompressed")
  func bomb() throws {
    var parts = Parts(bundle, bytes)
    parts.frames[0] = try compressed(String(repeating: "0", count: 64 << 20))
    var expected = bundle.manifest
    let bomb = try parts.bytes()
    expected.bytes = bomb.count
    #expect(try finding(bomb, expected)?.reason.contains("longer than its manifest says") == true)
  }

  @Test("a long line needs a manifest that somebody vouches for")
  func longLine() throws {
    let line = Array("{\"a\":\"\(String(repeating: "0", count: 65 << 20))\"}".utf8)
    let (long, bytes) = try makeBundle([line], spool: try Spool(directory: directory("spool")))
    for (expected, isVouchedFor) in [(nil, true), (nil, false), (long.manifest, false)] as [(Manifest.Bundle?, Bool)] {
      let reader = try BundleReader(
        MemoryReader(bytes), name: "bundle", expected: expected, isVouchedFor: isVouchedFor)
      let chunk = LineChunk()
      let finding = #expect(throws: ArchiveFinding.self) { try reader.next(chunk) }
      #expect(finding?.reason.contains("64 MiB") == true)
      #expect(chunk.bytes.count <= 65 << 20)
    }
    let reader = try BundleReader(MemoryReader(bytes), name: "bundle", expected: long.manifest)
    let chunk = LineChunk()
    #expect(try reader.next(chunk) && chunk.range(0).count == line.count)
    #expect(try !reader.next(chunk))
  }

  @Test("lines that are too short for a row, and many short ones")
  func shortLines() throws {
    for text in [String(repeating: "\n", count: 1 << 20), String(repeating: "{}\n", count: 1 << 20)] {
      var parts = Parts(bundle, bytes)
      parts.frames[0] = try compressed(text)
      #expect(try finding(parts.bytes())?.reason.contains("shorter than a row") == true)
    }
    var parts = Parts(bundle, bytes)
    parts.frames[0] = try compressed(String(repeating: "{\"a\":12}\n", count: 1 << 19))
    let reader = try BundleReader(MemoryReader(try parts.bytes()), name: "bundle", expected: nil)
    let chunk = LineChunk()
    var rows = 0
    while rows < 1 << 19, try reader.next(chunk) {
      #expect(chunk.count < 50_000 && chunk.leaves.count == chunk.count && chunk.firstRow == rows)
      rows += chunk.count
    }
    #expect(rows == 1 << 19)
  }

  @Test("a tail larger than its frames need is not read")
  func largeTail() throws {
    let parts = Parts(bundle, bytes)
    let text = String(repeating: " ", count: 4 << 20)
    #expect(try finding(parts.bytes(carriedText: text))?.reason.contains("too large") == true)
  }

  @Test("what the manifest says is compared")
  func manifestStatements() throws {
    for change: (inout Manifest.Bundle) -> Void in [
      { $0.bytes += 1 }, { $0.sha256 = SHA256.hash([1]) }, { $0.contentBytes += 1 }, { $0.contentBytes -= 1 },
      { $0.contentSHA256 = SHA256.hash([1]) }, { $0.frames += 1 },
    ] {
      var expected = bundle.manifest
      change(&expected)
      #expect(try finding(bytes, expected) != nil)
    }
  }
}

extension JSONValue {
  func replacing(_ name: String, _ value: JSONValue) -> JSONValue {
    .object((members ?? []).map { $0.name == name ? Member(name, value) : $0 })
  }
}
