// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import DrillRunner
import Foundation
import Signing
import TestSupport
import Testing

private func keys() throws -> KeyRing {
  try KeyRing(
    Environment(["AUDIT_SIGNING_KEY": "vector-key"]),
    registry: try KeyRegistry(parsing: Fixtures.bytes("registry.json"), name: "registry.json"))
}

private func verify(_ path: String) throws -> VerifyReport {
  try ArchiveVerifier(VerifySettings(keys: keys()), Archive(FileStore(path: path), stream: "memory-layer")).run()
}

@Suite("An archive that another program made")
struct GoldenArchiveTests {
  private func copy() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory("golden")
    try FileManager.default.copyItem(atPath: Fixtures.path("golden-archive"), toPath: directory("archive"))
    return directory
  }

  private static let objects = [
    "manifests/0000000000.json", "manifests/0000000001.json", "manifests/0000000002.json", "manifests/0000000003.json",
    "bundles/0000000000-8bfef5d88e517dda.ndjson.zst", "bundles/0000000001-eab97ac8bc9c43ba.ndjson.zst",
  ]

  @Test("it verifies")
  func sound() throws {
    let report = try verify(Fixtures.path("golden-archive"))
    #expect(report.isIntact, "\(report.findings)")
    #expect(report.rows == 200)
    #expect(report.signatures.valid == 200)
  }

  @Test("any changed byte is found", arguments: objects)
  func changedByte(object: String) throws {
    let directory = try copy()
    let path = directory("archive/memory-layer/\(object)")
    let sound = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let step = max(1, sound.count / 60)
    for offset in stride(from: offset(of: object) % step, to: sound.count, by: step) {
      for value in [sound[offset] ^ 1, sound[offset] ^ 0x80, 0x20, 0x0a] where value != sound[offset] {
        var changed = sound
        changed[offset] = value
        try Data(changed).write(to: URL(fileURLWithPath: path))
        #expect(try !verify(directory("archive")).isIntact, "byte \(offset) of \(object) as \(value)")
      }
    }
  }

  private func offset(of object: String) -> Int { Int(object.utf8.reduce(0) { $0 &+ UInt32($1) }) }

  @Test("a shortened, lengthened or missing object is found", arguments: objects)
  func changedSize(object: String) throws {
    for change in [-1, 1, nil] as [Int?] {
      let directory = try copy()
      let path = directory("archive/memory-layer/\(object)")
      var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      guard let change else {
        try FileManager.default.removeItem(atPath: path)
        // The last manifest's loss shows against the database alone: nothing in the archive follows it.
        let isLast = object == Self.objects[3]
        #expect(try verify(directory("archive")).isIntact == isLast)
        continue
      }
      if change < 0 { bytes.removeLast() } else { bytes.append(0x78) }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      #expect(try !verify(directory("archive")).isIntact)
    }
  }

  @Test("without its key it is unverifiable, which is a fault unless signatures are left out")
  func unknownKey() throws {
    let archive = try Archive(FileStore(path: Fixtures.path("golden-archive")), stream: "memory-layer")
    var settings = VerifySettings(keys: KeyRing([]))
    let report = try ArchiveVerifier(settings, archive).run()
    #expect(!report.isIntact)
    #expect(report.findings.allSatisfy { $0.reason.hasPrefix("signature-unverifiable") })
    #expect(report.signatures.unverifiable == 200)
    settings.checksManifestSignatures = false
    #expect(try ArchiveVerifier(settings, archive).run().isIntact)
  }

  @Test("an archive without manifests is nothing to check")
  func nothing() throws {
    let directory = try TemporaryDirectory("empty")
    #expect(#expect(throws: Failure.self) { try verify(directory("none")) }?.status == .nothingToCheck)
  }
}

@Suite("Single files")
struct FileVerifierTests {
  private func verify(_ path: String) throws -> VerifyReport {
    try FileVerifier(VerifySettings(keys: keys()), SingleObject(path: path)).run()
  }

  @Test("archives of the older tools verify", arguments: ["array", "object"])
  func legacy(name: String) throws {
    let report = try verify(Fixtures.path("legacy/\(name).json"))
    #expect(report.isIntact, "\(report.findings) \(report.anomalies.listed)")
    #expect(report.rows == 120)
    #expect(report.signatures.valid == 120)
  }

  @Test("a changed byte of one is found by its manifest or its chain", arguments: ["array", "object"])
  func changedLegacy(name: String) throws {
    let directory = try TemporaryDirectory("legacy")
    let sound = try Fixtures.bytes("legacy/\(name).json")
    try Data(try Fixtures.bytes("legacy/\(name).json.manifest.json"))
      .write(to: URL(fileURLWithPath: directory("\(name).json.manifest.json")))
    for offset in stride(from: 3, to: sound.count, by: sound.count / 40) {
      var changed = sound
      changed[offset] ^= 1
      try Data(changed).write(to: URL(fileURLWithPath: directory("\(name).json")))
      #expect(try !verify(directory("\(name).json")).isIntact, "byte \(offset)")
    }
  }

  @Test("one bundle, one manifest")
  func single() throws {
    let bundle = try verify(Fixtures.path("golden-archive/memory-layer/bundles/0000000001-eab97ac8bc9c43ba.ndjson.zst"))
    #expect(bundle.isIntact)
    #expect(bundle.rows == 64)
    #expect(try verify(Fixtures.path("golden-archive/memory-layer/manifests/0000000001.json")).isIntact)
  }
}
