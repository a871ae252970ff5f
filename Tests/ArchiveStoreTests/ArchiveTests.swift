// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Crypto
import Foundation
import Signing
import TestSupport
import Testing

/// A copy of the golden archive that may be damaged.
private final class Copy {
  let directory: TemporaryDirectory
  let archive: Archive

  init() throws {
    directory = try TemporaryDirectory("golden")
    try FileManager.default.copyItem(atPath: Fixtures.path("golden-archive"), toPath: directory("a"))
    archive = try Archive(FileStore(path: directory("a")), stream: "memory-layer")
  }

  func path(_ key: String) -> String { directory("a/memory-layer/" + key) }

  func write(_ key: String, _ bytes: [UInt8]) throws {
    try? FileManager.default.removeItem(atPath: path(key))
    try Data(bytes).write(to: URL(fileURLWithPath: path(key)))
  }
}

private let keys = Result {
  KeyRing(try KeyRegistry(parsing: Fixtures.bytes("registry.json"), name: "registry.json").keys)
}

/// Reads the whole archive as a verifier does.
private func verify(_ archive: Archive, from first: Int = 0, through last: Int? = nil) throws -> [StoredManifest] {
  var manifests: [StoredManifest] = []
  var previous = first > 0 ? try archive.manifest(first - 1) : nil
  for sequence in try archive.sequences() where sequence >= first && sequence <= last ?? .max {
    let stored = try archive.manifest(sequence)
    let name = Archive.manifestKey(sequence)
    if let fault = stored.seam(after: previous) { throw ArchiveFinding(name, fault) }
    let verdict = try keys.get().verify(
      stored.proof, over: stored.digest, at: stored.manifest.createdAt, for: .manifests)
    guard case .valid = verdict else { throw ArchiveFinding(name, "\(verdict)") }
    if let bundle = stored.manifest.bundle {
      let reader = try #require(try archive.bundle(stored.manifest))
      let chunk = LineChunk()
      while try reader.next(chunk) {}
      #expect(reader.carried?.frames.count == bundle.frames)
    }
    manifests.append(stored)
    previous = stored
  }
  return manifests
}

private func isRefused(_ body: () throws -> Void) -> Bool {
  do {
    try body()
    return false
  } catch { return error is ArchiveFinding || error is Failure }
}

@Suite("Archive")
struct ArchiveTests {
  @Test("the golden archive verifies")
  func golden() throws {
    let copy = try Copy()
    let manifests = try verify(copy.archive)
    #expect(manifests.count == 4)
    #expect(manifests.last?.manifest.rowTotal == 200)
    let named = Set(manifests.compactMap(\.manifest.bundle?.key))
    #expect(try copy.archive.debris(named).isEmpty)
    let lines = try readBundle(FileReader(path: copy.path(manifests[0].manifest.bundle!.key)), nil)
    #expect(lines.lines.count == manifests[0].manifest.rowCount)
    #expect(lines.roots == lines.carried?.frames.map(\.merkleRoot))
  }

  @Test("each changed byte of a manifest is found", arguments: 0..<4)
  func everyManifestByte(sequence: Int) throws {
    let copy = try Copy()
    let key = Archive.manifestKey(sequence)
    let bytes = try Fixtures.bytes("golden-archive/memory-layer/" + key)
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= [1, 2, 4, 8, 16, 32, 64, 128][index % 8]
      try copy.write(key, changed)
      #expect(isRefused { _ = try verify(copy.archive, from: sequence, through: sequence) }, "byte \(index)")
    }
  }

  @Test("changed bytes of a bundle are found")
  func bundleBytes() throws {
    let copy = try Copy()
    for sequence in 0...1 {
      let key = try #require(try copy.archive.manifest(sequence).manifest.bundle?.key)
      let bytes = try Fixtures.bytes("golden-archive/memory-layer/" + key)
      for index in stride(from: sequence, to: bytes.count, by: 97) {
        var changed = bytes
        changed[index] ^= UInt8(1 << (index % 8))
        try copy.write(key, changed)
        #expect(isRefused { _ = try verify(copy.archive, from: sequence, through: sequence) }, "byte \(index)")
      }
      try copy.write(key, bytes)
    }
    #expect(try verify(copy.archive).count == 4)
  }

  @Test("manifests dropped, swapped, renamed or out of place are found")
  func places() throws {
    for name in ["junk", "0000000004.jsonx", "000000004.json", "0000000005.json", "00000000a4.json"] {
      let copy = try Copy()
      try copy.write("manifests/" + name, [1])
      #expect(isRefused { _ = try copy.archive.sequences() }, "\(name)")
    }
    for sequence in 0..<3 {
      let copy = try Copy()
      try FileManager.default.removeItem(atPath: copy.path(Archive.manifestKey(sequence)))
      let finding = #expect(throws: ArchiveFinding.self) { try copy.archive.sequences() }
      #expect(finding?.object.hasSuffix(Archive.manifestKey(sequence)) == true)
    }
    let copy = try Copy()
    try copy.write(Archive.manifestKey(2), Fixtures.bytes("golden-archive/memory-layer/manifests/0000000003.json"))
    #expect(throws: ArchiveFinding.self) { try copy.archive.manifest(2) }
    #expect(throws: ArchiveFinding.self) { try copy.archive.manifest(4) }
    try copy.write(Archive.manifestKey(1), [UInt8](repeating: 0x20, count: 9 << 20))
    #expect(isRefused { _ = try copy.archive.manifest(1) })
  }

  @Test("how manifests join is checked")
  func seams() throws {
    let copy = try Copy()
    let manifests = try (0..<4).map { try copy.archive.manifest($0) }
    func fault(_ change: (inout Manifest) -> Void) throws -> String? {
      var manifest = manifests[1].manifest
      change(&manifest)
      let document = try LocalSigner(hmacKey: [1], kid: "k").sign(.manifest, manifest.json)
      return try StoredManifest(parsing: document.bytes).seam(after: manifests[0])
    }
    #expect(try fault { _ in } == nil)
    #expect(try fault { $0.previousManifest = nil } != nil)
    #expect(try fault { $0.previousManifest = SHA256.hash([1]) } != nil)
    #expect(try fault { $0.chain.previousHash = nil } != nil)
    #expect(try fault { $0.rowTotal += 1 } != nil)
    #expect(try fault { $0.coverage.day = $0.coverage.day.next } != nil)
    #expect(try fault { $0.coverage.part = 1 } != nil)
    #expect(manifests[1].seam(after: nil) != nil && manifests[0].seam(after: nil) == nil)
    #expect(manifests[2].seam(after: manifests[0]) != nil)
  }

  @Test("a bundle's key that leads elsewhere is refused")
  func bundleKeys() throws {
    let copy = try Copy()
    var manifest = try copy.archive.manifest(0).manifest
    let good = try #require(manifest.bundle?.key)
    for key in [
      "../" + good, "bundles/../" + good, good + "x", good.replacing("bundles", with: "manifes"), "", "/etc/passwd",
    ] {
      manifest.bundle?.key = key
      #expect(throws: ArchiveFinding.self, "\(key)") { try copy.archive.bundle(manifest) }
    }
    manifest.bundle?.key = good
    try FileManager.default.removeItem(atPath: copy.path(good))
    #expect(throws: ArchiveFinding.self) { try copy.archive.bundle(manifest) }
  }

  @Test("one commit of a sequence wins, the other is told so")
  func commit() throws {
    let copy = try Copy()
    var manifest = try copy.archive.manifest(3).manifest
    manifest.sequence = 4
    let signer = LocalSigner(hmacKey: [1, 2, 3], kid: "k")
    let stored = try copy.archive.commit(manifest, signer)
    #expect(try copy.archive.manifest(4).digest == stored.digest)
    manifest.tool = "another run"
    let failure = #expect(throws: Failure.self) { try copy.archive.commit(manifest, signer) }
    #expect(failure?.status == .tryLater)
    #expect(try copy.archive.manifest(4).digest == stored.digest)
    #expect(try copy.archive.store.lock("memory-layer/manifests/0000000004.json") == StoredLock(manifest.retention))
  }

  @Test("a bundle left by a crash is used when it is the same, and refused when it is not")
  func debris() throws {
    let copy = try Copy()
    let spool = try Spool(directory: copy.directory("spool"))
    let (bundle, bytes) = try makeBundle([Array("{}".utf8)], spool: spool)
    try copy.archive.upload(bundle, retention: untilNextYear)
    try copy.archive.upload(makeBundle([Array("{}".utf8)], spool: spool).bundle, retention: untilNextYear)
    #expect(try copy.archive.debris([]).contains(bundle.manifest.key))
    var other = bytes
    other[20] ^= 1
    try copy.write(bundle.manifest.key, other)
    let failure = #expect(throws: Failure.self) {
      try copy.archive.upload(makeBundle([Array("{}".utf8)], spool: spool).bundle, retention: untilNextYear)
    }
    #expect(failure?.status == .integrity)
  }

  @Test("names of streams", arguments: ["", "a/b", "..", "a b", "é", "a.b"])
  func streamNames(name: String) {
    #expect(throws: Failure.self) { try Archive(FileStore(path: "/tmp"), stream: name) }
  }
}
