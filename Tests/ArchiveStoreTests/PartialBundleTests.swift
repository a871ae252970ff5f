// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import Cryptography
import Files
import TestSupport
import Testing
import Zstandard

/// A store that has nothing of its own for parts of objects.
private struct PlainStore: ForwardingStore { let other: any ObjectStore }

/// A bundle in a store, with the manifest that it would have.
private struct StoredBundle {
  let place: TestStore
  let archive: Archive
  let manifest: Manifest
  let bytes: [UInt8]

  /// - Parameter bending: makes other bytes of the bundle's, for which the manifest is made.
  init(_ kind: StoreKind, _ lines: [[UInt8]], log2: Int = 2, bending: ([UInt8]) throws -> [UInt8] = { $0 }) throws {
    place = try TestStore(kind)
    let made = try makeBundle(lines, rowsPerFrameLog2: log2, spool: try Spool(directory: place.directory("spool")))
    bytes = try bending(made.bytes)
    archive = try Archive(place.store, stream: "s")
    let golden = try Fixtures.bytes("golden-archive/memory-layer/manifests/0000000000.json")
    var manifest = try StoredManifest(parsing: golden).manifest
    (manifest.stream, manifest.sequence) = ("s", 7)
    var bundle = made.bundle.manifest
    bundle.bytes = bytes.count
    bundle.sha256 = SHA256.hash(bytes)
    bundle.key = "bundles/0000000007-\(bundle.sha256.hex.prefix(16)).ndjson.zst"
    manifest.bundle = bundle
    manifest.rowCount = lines.count
    manifest.merkleRoot = made.bundle.carried.merkleRoot
    manifest.chain.previousHash = nil
    manifest.chain.headHash = SHA256.hash([1])
    self.manifest = manifest
    _ = try place.store.create("s/\(bundle.key)", .bytes(bytes), retention: untilNextYear)
  }

  /// All lines, frame by frame, the last frame first.
  func lines(_ manifest: Manifest? = nil) throws -> [[UInt8]] {
    let bundle = try #require(try PartialBundle(archive, manifest ?? self.manifest))
    return try bundle.carried.frames.indices.reversed().reduce([]) { try lines(frame: $1, bundle) + $0 }
  }

  func lines(frame: Int, _ bundle: PartialBundle) throws -> [[UInt8]] {
    let reader = try bundle.frame(frame)
    let chunk = LineChunk()
    var lines: [[UInt8]] = []
    while try reader.next(chunk) {
      #expect(chunk.frame == frame && chunk.firstRow == bundle.shape.rows(of: frame).lowerBound + lines.count)
      for line in 0..<chunk.count { lines.append([UInt8](chunk.bytes.unsafeBytes(chunk.range(line)))) }
    }
    #expect(reader.leaves == lines.map { leaf($0) })
    return lines
  }
}

private func lines(_ count: Int, padding: Int = 0) -> [[UInt8]] {
  (0..<count).map { Array("{\"row\":\($0),\"of\":\"\(String(repeating: "é", count: padding))\"}".utf8) }
}

@Suite("Parts of bundles")
struct PartialBundleTests {
  @Test("a store without ranges passes over what lies before a part")
  func plainStore() throws {
    let place = try TestStore()
    let store = PlainStore(other: place.store)
    let content = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    _ = try store.create("s/bundles/b.zst", .bytes(content), retention: untilNextYear)
    try checkParts(store, content)
  }

  @Test("frames of bundles of any size are read by themselves", arguments: StoreKind.usable)
  func sizes(kind: StoreKind) throws {
    for count in kind == .file ? Array(1...17) + [64, 65] : [1, 4, 5, 13] {
      let lines = lines(count)
      #expect(try StoredBundle(kind, lines).lines() == lines, "\(count) rows")
    }
  }

  @Test("frames of more than a chunk, and rows of more than a buffer")
  func large() throws {
    for lines in [
      lines(600, padding: 2000), [lines(1, padding: 900_000)[0], lines(1)[0], lines(1, padding: 700_000)[0]],
    ] {
      #expect(try StoredBundle(.file, lines, log2: 10).lines() == lines)
    }
  }

  @Test("a carried manifest that is longer than thought is read all the same")
  func longCarriedManifest() throws {
    let lines = lines(9)
    let place = try StoredBundle(.file, lines) { bytes in try Self.repacked(bytes, frames: 3, padding: 5000) }
    #expect(try place.lines() == lines)
  }

  /// The bundle with more white space in its carried manifest, and a seek table that fits.
  private static func repacked(_ bytes: [UInt8], frames: Int, padding: Int) throws -> [UInt8] {
    let table = bytes.suffix(SeekTable.byteCount(entries: frames + 1))
    var entries = try table.withUnsafeBytes { try SeekTable.read($0) }
    let start = entries.dropLast().reduce(0) { $0 + $1.compressed }
    let carried = bytes[start..<bytes.count - table.count].dropFirst(SkippableFrame.headerBytes)
    var text = ByteBuffer()
    var out = ByteBuffer()
    (Array(carried) + Array(repeating: 0x20, count: padding)).withUnsafeBytes { text.append($0) }
    bytes[..<start].withUnsafeBytes { out.append($0) }
    SkippableFrame.append(magic: 0x184D_2A50, text, to: &out)
    entries[frames].compressed += padding
    try SeekTable.append(entries, to: &out)
    return out.array()
  }

  @Test("whatever byte is changed: a finding, or the same rows")
  func damage() throws {
    let lines = lines(11)
    let place = try StoredBundle(.file, lines)
    let key = "s/\(try #require(place.manifest.bundle).key)"
    var findings = 0
    for offset in place.bytes.indices {
      for mask: UInt8 in [1, 0x80] {
        var bytes = place.bytes
        bytes[offset] ^= mask
        try place.place.overwrite(key, bytes)
        do { #expect(try place.lines() == lines, "byte \(offset)") } catch is ArchiveFinding { findings += 1 }
      }
    }
    // What the Merkle root covers, and where things are; the times of frames are not under it.
    #expect(findings > place.bytes.count)
    for length in [0, 1, place.bytes.count - 1] {
      try place.place.overwrite(key, Array(place.bytes.prefix(length)))
      #expect(throws: ArchiveFinding.self) { try place.lines() }
    }
    try place.place.remove(key)
    #expect(throws: ArchiveFinding.self) { try place.lines() }
  }

  @Test("what the manifest says is compared")
  func manifest() throws {
    let place = try StoredBundle(.file, lines(11))
    func check(_ change: (inout Manifest) -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
      var manifest = place.manifest
      change(&manifest)
      #expect(throws: ArchiveFinding.self, sourceLocation: sourceLocation) { try place.lines(manifest) }
    }
    check { $0.rowCount = 12 }
    check { $0.rowCount = 10 }
    check { $0.merkleRoot = SHA256.hash([2]) }
    check { $0.stream = "t" }
    check { $0.sequence = 8 }
    check { $0.chain.headHash = nil }
    check { $0.chain.previousHash = SHA256.hash([2]) }
    check { $0.bundle?.frames = 2 }
    check { $0.bundle?.frames = 4 }
    check { $0.bundle?.frames = 1 << 50 }
    check { $0.bundle?.contentBytes += 1 }
    check { $0.bundle?.contentSHA256 = SHA256.hash([2]) }
    check { $0.bundle?.bytes += 1 }
    var empty = place.manifest
    empty.bundle = nil
    #expect(try PartialBundle(place.archive, empty).map { _ in 1 } == nil)
  }
}
