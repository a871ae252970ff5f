// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Signing

/// The signer registry of an archive, to be looked at and changed.
struct RegistryDesk {
  let context: JobContext
  let archive: ArchiveStore.Archive
  let atHand: RegistryAtHand?

  /// The newest version that is trusted; nil before the first.
  var current: RegistryVersion? { context.trusted?.walk.newest }
  var file: SignersFile { atHand?.file ?? SignersFile() }

  /// - Parameter founding: the first version that is being made: its file is trust enough in the same one in the archive, so
  ///   that a run which was cut off is completed.
  init(_ common: CommonOptions, _ options: ArchiveOptions, founding payload: String? = nil) throws {
    let base = try JobContext(common, checksSignatures: false)
    atHand = try RegistryAtHand(base.environment)
    context = try base.following(options)
    archive = try context.archive(options)
    try context.requireSoundRegistry()
    if try current != nil || archive.storedRegistries().isEmpty { return }
    // What comes from a pipe can be read only once.
    guard let payload, payload != "-", try published(DocumentFiles.proposal(payload).digest) != nil else {
      throw Failure(
        .configuration, "the archive holds a signer registry, and nothing says which version of it to trust",
        on: "AUDIT_SIGNERS_PIN",
        remedy: "set it to the digest that its operators published, or let AUDIT_SIGNERS_FILE "
          + "name a signed version")
    }
  }

  /// A version as the archive holds it, where it is trusted: on the way to the newest one, or behind the pinned one, whose
  /// predecessors are known by their digests. Before anything is pinned, the first version, by its own signers.
  func published(_ digest: Digest) throws -> RegistryVersion? {
    let trusted = context.trusted?.walk.trusted ?? []
    if let found = trusted.first(where: { $0.digest == digest }) { return found }
    let stored = try archive.storedRegistries()
    func version(_ number: Int, _ digest: Digest?) -> RegistryVersion? {
      for case .version(let version) in stored[number] ?? []
      where version.digest == digest && version.signatureFault(after: nil) == nil { return version }
      return nil
    }
    guard var link = trusted.first?.registry else { return version(1, digest) }
    while let previous = version(link.version - 1, link.previous) {
      if previous.digest == digest { return previous }
      link = previous.registry
    }
    return nil
  }

  /// Path of the file that candidates are kept in.
  func path() throws(Failure) -> String {
    guard let path = try context.environment.value("AUDIT_SIGNERS_FILE") else {
      throw Failure(
        .configuration, "no file is named", on: "AUDIT_SIGNERS_FILE", remedy: "name the file of the signer registry")
    }
    return path
  }

  /// Candidates by their ids.
  func candidates(_ kids: [String]) throws(Failure) -> [SignerEntry] {
    var found: [SignerEntry] = []
    for kid in kids {
      let listed = file.candidates + (current?.registry.signers.filter { $0.status == .candidate } ?? [])
      guard let candidate = listed.first(where: { $0.kid == kid }) else {
        throw Failure(
          .refused, "\"\(kid)\" is no candidate", on: "AUDIT_SIGNERS_FILE", remedy: "memoryctl keys add takes one in")
      }
      found.append(candidate)
    }
    return found
  }
}
