// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Compliance
import Cryptography
import Foundation
import Signing
import TestSupport

/// The golden archive's four days, signed anew, in a store of the test's own.
struct SignedArchive {
  let place: TestStore
  let archive: Archive
  let keys: KeyRing

  enum Key: String, CaseIterable { case ed25519, rsa, hmac }

  static func signer(_ key: Key) throws -> any Signer {
    if key == .hmac { return LocalSigner(hmacKey: Array("vector-key".utf8), kid: "local-hmac") }
    let pem = try Fixtures.bytes("chain/\(key.rawValue).pem")
    return LocalSigner(privateKey: try PrivateKey(pem: pem), kid: "vector-\(key.rawValue)")
  }

  static func registry() throws -> KeyRegistry {
    try KeyRegistry(parsing: Fixtures.bytes("registry.json"), name: "registry.json")
  }

  /// - Parameter change: alters a manifest before it is signed.
  init(
    _ key: Key = .ed25519, _ kind: StoreKind = .file, change: (inout Manifest) -> Void = { _ in }
  ) throws {
    place = try TestStore(kind)
    keys = try KeyRing(Environment(["AUDIT_SIGNING_KEY": "vector-key"]), registry: Self.registry())
    archive = try Archive(place.store, stream: "memory-layer", keys: keys)
    let golden = try Archive(FileStore(path: Fixtures.path("golden-archive")), stream: "memory-layer")
    var previous: StoredManifest?
    for sequence in 0..<4 {
      var manifest = try golden.manifest(sequence).manifest
      manifest.previousManifest = previous?.digest
      // Locks of a test's objects must be ones that a store takes today.
      manifest.retention.until = Timestamp.now().advanced(bySeconds: 400 * 86_400).day.start
      if let bundle = manifest.bundle {
        let bytes = try Fixtures.bytes("golden-archive/memory-layer/\(bundle.key)")
        _ = try place.store.create("memory-layer/\(bundle.key)", .bytes(bytes), retention: manifest.retention)
      }
      change(&manifest)
      previous = try archive.commit(manifest, Self.signer(key))
    }
  }

  func pull(
    into folder: String, keys: KeyRing? = nil, change: (inout PullJob.Settings) -> Void = { _ in }
  ) throws -> PullReport {
    var settings = PullJob.Settings()
    change(&settings)
    return try PullJob(settings, archive, keys: keys ?? self.keys, registry: Self.registry()).run(into: folder).report
  }
}

/// A pulled folder that was carried elsewhere, and the commands of its guide.
struct CarriedFolder {
  let directory: TemporaryDirectory
  let guide: GuideRunner

  var path: String { directory("elsewhere") }

  init(_ archive: SignedArchive, bundles: Bool = true) throws {
    directory = try TemporaryDirectory("pulled")
    _ = try archive.pull(into: directory("out")) { $0.takesBundles = bundles }
    try FileManager.default.moveItem(atPath: directory("out"), toPath: directory("elsewhere"))
    let text = try String(contentsOfFile: directory("elsewhere/VERIFY.md"), encoding: .utf8)
    guide = try GuideRunner(text, in: directory("elsewhere"))
  }

  func read(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }

  func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }

  /// Puts something else in the place of a file.
  func replace(_ name: String, _ bytes: [UInt8]) throws {
    try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }

  func edit(_ name: String, _ change: (inout String) -> Void) throws {
    var text = try text(name)
    change(&text)
    try replace(name, Array(text.utf8))
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

  /// Makes `SHA256SUMS` anew, as who tampers with the folder does.
  func sumAgain() throws {
    try remove("SHA256SUMS")
    let output = try guide.run("find . -type f | cut -c3- | sort | xargs sha256sum > ../sums && mv ../sums SHA256SUMS")
    guard output.status == 0 else { throw TestSupportError(output.errorText) }
  }
}
