// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Signing

/// What a walk over all manifests keeps of one.
struct WalkedManifest: Sendable {
  let sequence: Int
  /// Nil where it cannot be read.
  private(set) var place: ManifestPlace?
  private(set) var isSigned = false
  /// No key at hand can tell whether it is signed as it says.
  private(set) var isUnverifiable = false
  /// Why its signature does not vouch for it.
  private(set) var fault = ""

  /// - Throws: what keeps it from being looked at; that it is damaged is no error.
  init(_ sequence: Int, in archive: Archive) throws {
    self.sequence = sequence
    let stored: StoredManifest
    do { stored = try archive.manifest(sequence) } catch let finding as ArchiveFinding {
      fault = finding.reason
      return
    }
    place = stored.place
    let keys = archive.keys ?? KeyRing([])
    switch keys.verify(stored.proof, over: stored.digest, at: stored.manifest.createdAt, for: .manifests) {
    case .valid: isSigned = true
    case .unverifiable(let reason): (isUnverifiable, fault) = (true, "signature-unverifiable: \(reason)")
    case .invalid(let reason): fault = "its signature is invalid: \(reason)"
    }
  }

  var day: UTCDay? { place?.coverage.day }

  /// Nobody vouches for it, and yet it goes on where the one before ends, as what a newer key has signed would.
  func goesOn(after previous: WalkedManifest) -> Bool {
    guard isUnverifiable, let place, let before = previous.place else { return false }
    return place.seam(after: before) == nil
  }

  /// Whether it names another as the one before it.
  func names(_ previous: WalkedManifest) -> Bool {
    guard let place, let before = previous.place else { return false }
    return place.previousManifest == before.digest
  }
}
