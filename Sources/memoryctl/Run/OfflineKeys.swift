// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Signing

/// The keys that files and variables hold: no service and no archive is asked.
struct OfflineKeys {
  let keys: KeyRing
  /// The stream of the registry's signed version; nil for a plain list.
  private let stream: String?

  /// - Parameter revocations: files of emergency revocations.
  /// - Throws: status `integrity` where the registry's version or a revocation does not verify, `configuration` where there
  ///   is none that it could be judged by.
  init(_ environment: Environment, revocations: [String]) throws(Failure) {
    let atHand = try RegistryAtHand(environment)
    var registry = try KeyRegistry.load(environment)
    if let pinned = atHand?.file?.pinned {
      let trusted = try Self.trusted(pinned, atHand, revocations)
      (registry, stream) = (trusted.keys, pinned.registry.stream)
    } else {
      guard atHand?.pin == nil, revocations.isEmpty else {
        throw Failure(
          .configuration, "offline, pins and revocations are judged by a signed version of the registry",
          on: "AUDIT_SIGNERS_FILE", remedy: "name a file of signers/ in the archive")
      }
      stream = nil
    }
    keys = try SignerChoice.offlineKeyRing(environment, registry: registry)
  }

  /// Why the keys say nothing of a stream; nil where they do.
  func fault(stream: String) -> String? {
    guard let own = self.stream, own != stream else { return nil }
    return "it is of the stream \"\(stream)\", and the registry at hand of \"\(own)\""
  }

  private static func trusted(
    _ pinned: RegistryVersion, _ atHand: RegistryAtHand?, _ revocations: [String]
  ) throws(Failure) -> TrustedRegistry {
    let walk = RegistryWalk(from: pinned, [pinned.registry.version: [.version(pinned)]], pin: atHand?.pin)
    if let finding = walk.findings.first {
      throw Failure(
        .integrity, "version \(finding.version): \(finding.reason)", on: atHand?.path,
        remedy: "do not trust this registry; look for another copy of it")
    }
    var emergencies: [EmergencyRevocation] = []
    for path in revocations { emergencies.append(try revocation(path, beside: pinned.registry)) }
    do throws(DocumentError) {
      return try TrustedRegistry(walk, emergencies: emergencies, candidates: atHand?.file?.candidates ?? [])
    } catch { throw Failure(.integrity, error.reason, on: atHand?.path, remedy: "look at the revocations") }
  }

  private static func revocation(
    _ path: String, beside registry: SignerRegistry
  ) throws(Failure) -> EmergencyRevocation {
    try DocumentFiles.read(path, "--revocation") { (bytes) throws(DocumentError) in
      let document = try SignedDocument(parsing: bytes, .revocation)
      let revocation = try EmergencyRevocation(json: document.content)
      if let fault = revocation.fault(document.proof, beside: registry, now: .now()) { throw DocumentError(fault) }
      return revocation
    }
  }
}
