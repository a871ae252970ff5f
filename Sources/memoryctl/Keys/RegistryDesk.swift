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

  init(_ common: CommonOptions, _ options: ArchiveOptions) throws {
    let base = try JobContext(common, checksSignatures: false)
    atHand = try RegistryAtHand(base.environment)
    context = try base.following(options)
    archive = try context.archive(options)
    try context.requireSoundRegistry()
    guard try current != nil || archive.storedRegistries().isEmpty else {
      throw Failure(
        .configuration, "the archive holds a signer registry, and nothing says which version of it to trust",
        on: "AUDIT_SIGNERS_PIN",
        remedy: "set it to the digest that its operators published, or let AUDIT_SIGNERS_FILE "
          + "name a signed version")
    }
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
