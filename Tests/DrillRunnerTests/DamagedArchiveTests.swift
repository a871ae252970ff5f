// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import DrillRunner
import Foundation
import Signing
import TestSupport
import Testing

/// A copy of the golden archive in a folder, to be damaged. A bucket gets what has become of it, for nothing can be taken
/// out of one.
private final class Damaged {
  let directory: TemporaryDirectory
  let archive: Archive
  private let draft: Archive
  private var bucket: TestStore?
  private let signer = LocalSigner(hmacKey: [1, 2, 3], kid: "forger")

  init(_ kind: StoreKind = .file) throws {
    directory = try TemporaryDirectory("golden")
    try FileManager.default.copyItem(atPath: Fixtures.path("golden-archive"), toPath: directory("archive"))
    draft = try Archive(FileStore(path: directory("archive")), stream: "memory-layer")
    bucket = kind == .s3 ? try TestStore(.s3) : nil
    archive = try bucket.map { try Archive($0.store, stream: "memory-layer") } ?? draft
  }

  private func publish() throws {
    guard let bucket else { return }
    self.bucket = nil
    for key in try FileManager.default.subpathsOfDirectory(atPath: directory("archive")) {
      let bytes = FileManager.default.contents(atPath: directory("archive/\(key)"))
      if let bytes { try bucket.overwrite(key, [UInt8](bytes)) }
    }
  }

  func path(_ key: String) -> String { directory("archive/memory-layer/\(key)") }

  func remove(_ key: String) throws { try FileManager.default.removeItem(atPath: path(key)) }

  func write(_ key: String, _ bytes: [UInt8]) throws {
    try? remove(key)
    try Data(bytes).write(to: URL(fileURLWithPath: path(key)))
  }

  /// Puts a changed manifest in place of one, signed by somebody.
  func forge(_ sequence: Int, _ change: (inout Manifest) -> Void) throws {
    var manifest = try draft.manifest(sequence).manifest
    change(&manifest)
    try write(Archive.manifestKey(sequence), signer.sign(.manifest, manifest.json).bytes)
  }

  func verify(checksSignatures: Bool = true) throws -> VerifyReport {
    let registry = try KeyRegistry(parsing: Fixtures.bytes("registry.json"), name: "registry.json")
    var settings = VerifySettings(
      keys: try KeyRing(Environment(["AUDIT_SIGNING_KEY": "vector-key"]), registry: registry))
    settings.checksManifestSignatures = checksSignatures
    try publish()
    return try ArchiveVerifier(settings, archive).run()
  }

  /// Objects that a verification has something to say of, by key.
  func findings() throws -> [String: String] {
    let found = try verify().findings.map { finding in
      (String(finding.object.dropFirst(archive.url.count + 1)), finding.reason)
    }
    return Dictionary(found, uniquingKeysWith: { "\($0); \($1)" })
  }
}

@Suite("Whatever is wrong with an archive, the rest of it is verified")
struct DamagedArchiveTests {
  @Test("columns that hold no chain", arguments: [true, false], StoreKind.usable)
  func columns(isEmpty: Bool, kind: StoreKind) throws {
    let damaged = try Damaged(kind)
    try damaged.forge(0) { manifest in
      if isEmpty { manifest.source.columns = [] } else { manifest.source.columns.removeAll { $0.name == "prev_hash" } }
    }
    let report = try damaged.verify()
    #expect(report.rows == 64)
    #expect(report.manifests == 4)
    let reasons = try #require(try damaged.findings()["manifests/0000000000.json"])
    #expect(
      reasons.contains("hold no chain: column \"\(isEmpty ? "id" : "prev_hash")\"") && reasons.contains("--column-"))
    #expect(reasons.contains("signature-unverifiable"))
  }

  private static let bundle = "bundles/0000000000-8bfef5d88e517dda.ndjson.zst"

  @Test(
    "what is no plain file",
    arguments: ["link", "pipe", "directory", "large"], ["manifests/0000000000.json", DamagedArchiveTests.bundle])
  func noFile(kind: String, key: String) throws {
    let damaged = try Damaged()
    let path = damaged.path(key)
    try FileManager.default.moveItem(atPath: path, toPath: damaged.directory("there"))
    switch kind {
    case "link":
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: damaged.directory("there"))
    case "pipe": #expect(mkfifo(path, 0o600) == 0)
    case "directory": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    default:
      try damaged.write(key, [])
      #expect(truncate(path, 100 << 20) == 0)
    }
    let report = try damaged.verify()
    #expect(report.manifests == 4 && report.rows >= 64, "\(report.rows)")
    #expect(report.findings.map(\.object) == [damaged.archive.name(key)], "\(report.findings)")
  }

  @Test("folders that are links", arguments: ["manifests", "bundles"])
  func linkedFolder(folder: String) throws {
    let damaged = try Damaged()
    try FileManager.default.moveItem(atPath: damaged.path(folder), toPath: damaged.directory("there"))
    try FileManager.default.createSymbolicLink(
      atPath: damaged.path(folder), withDestinationPath: damaged.directory("there"))
    let report = try damaged.verify()
    #expect(report.findings.contains { $0.object == damaged.archive.name(folder) }, "\(report.findings)")
    #expect(report.manifests == (folder == "manifests" ? 0 : 4))
  }

  @Test("holes, and names that are no manifest's", arguments: StoreKind.usable)
  func holes(kind: StoreKind) throws {
    let damaged = try Damaged(kind)
    try damaged.remove("manifests/0000000001.json")
    for name in ["0000000012.json", "9999999999.json", "junk", "00000000a4.json", "0000000007.json.old"] {
      try damaged.write("manifests/\(name)", [0x7b])
    }
    if kind == .file {
      // A name that is no UTF-8.
      let raw = damaged.path("manifests/").utf8CString.dropLast() + [CChar(bitPattern: 0xff), 0]
      #expect(raw.withUnsafeBufferPointer { open($0.baseAddress!, O_CREAT | O_WRONLY, 0o600) } >= 0)
    }
    let report = try damaged.verify()
    #expect(report.manifests == 5)
    #expect(report.rows == 136)
    let found = try damaged.findings()
    #expect(found["manifests/0000000001.json"] == "the manifest is missing")
    #expect(found["manifests/0000000004.json"]?.contains("up to 0000000011: 8 of them") == true)
    #expect(found["manifests/0000000013.json"]?.contains("up to 9999999998") == true)
    for name in ["junk", "00000000a4.json", "0000000007.json.old"] {
      #expect(found["manifests/\(name)"] == "this is no manifest's name")
    }
    #expect(found["manifests/0000000012.json"]?.contains("JSON") == true)
    // The one behind a hole cannot be compared with the one before.
    #expect(found["manifests/0000000002.json"] == nil && found["manifests/0000000003.json"] == nil)
    switch kind {
    case .file: #expect(throws: ArchiveFinding.self) { try damaged.archive.sequences() }
    case .s3: #expect(try damaged.archive.sequences() == 0..<1)
    }
  }

  @Test("nothing but a hole or foreign names", arguments: StoreKind.usable)
  func onlyHoles(kind: StoreKind) throws {
    let damaged = try Damaged(kind)
    for sequence in 0..<4 { try damaged.remove(Archive.manifestKey(sequence)) }
    try damaged.write("manifests/junk", [1])
    #expect(try damaged.findings().keys.sorted() == ["manifests/junk"])
  }
}
