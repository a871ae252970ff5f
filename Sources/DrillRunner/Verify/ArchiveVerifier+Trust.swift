// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import AuditCore
internal import Signing

extension ArchiveVerifier {
  /// Notes what a manifest's signatures are worth, and whether somebody vouches for its rows.
  func judge(_ stored: StoredManifest, _ outcome: inout BundleOutcome) throws {
    let standing = try standing(of: stored)
    outcome.countersigners = try rowCountersigners(stored)
    outcome.isSuspect = try noteSuspect(stored, standing)
    guard !outcome.isSuspect else { return }
    if let finding = signatureFinding(stored, standing) { outcome.findings.append(finding) }
    if case .untrusted = standing { outcome.isUntrusted = true }
    if case .countersigned(let reason, let kids) = standing {
      let name = archive.name(Archive.manifestKey(stored.manifest.sequence))
      outcome.notes.append("\(name): \(reason); countersigned by \(kids.joined(separator: ", "))")
    }
  }

  /// What a manifest's signatures are worth; nil where they are left out.
  func standing(of stored: StoredManifest) throws -> ManifestStanding? {
    settings.checksManifestSignatures ? try archive.standing(of: stored, settings.keys) : nil
  }

  /// What is wrong with a manifest's signature; nil also where signatures are left out.
  func signatureFinding(_ stored: StoredManifest, _ standing: ManifestStanding?) -> ArchiveFinding? {
    standing?.fault.map { ArchiveFinding(archive.name(Archive.manifestKey(stored.manifest.sequence)), $0) }
  }

  /// Who has countersigned a manifest in spite of every key of events that was revoked.
  func rowCountersigners(_ stored: StoredManifest) throws -> [String] {
    let revoked = settings.keys.revoked(for: .events)
    guard settings.checksManifestSignatures, !revoked.isEmpty else { return [] }
    return try archive.countersigners(of: stored, settings.keys, despite: revoked)
  }

  /// Looks whether somebody has to vouch for a manifest, and whether anybody should.
  ///
  /// - Returns: whether its key or that of a row was revoked from before on and nobody has vouched for it, and what is wrong
  ///   with it but for the trust in keys; nil where nothing is.
  ///
  /// - Parameter kid: whose own word is asked for, though another key has vouched for it already; nil takes anybody's.
  public func needsCountersignature(
    _ stored: StoredManifest, by kid: String? = nil
  ) throws -> (isNeeded: Bool, fault: String?) {
    let sequence = stored.manifest.sequence
    do {
      var isNeeded = false
      switch try archive.standing(of: stored, settings.keys) {
      case .untrusted: isNeeded = true
      case .countersigned(_, let kids): if let kid { isNeeded = !kids.contains(kid) }
      default: break
      }
      if let fault = stored.seam(after: sequence == 0 ? nil : try archive.manifest(sequence - 1)) {
        return (isNeeded, fault)
      }
      var outcome = BundleOutcome()
      outcome.countersigners = [""]
      try verifyBundle(stored.manifest, &outcome)
      if outcome.signatures.untrusted > 0 {
        let kids = try rowCountersigners(stored)
        if kid.map({ !kids.contains($0) }) ?? kids.isEmpty { isNeeded = true }
      }
      // What the manifest itself tells of was there when it was made, and is no secret.
      guard let anomaly = outcome.anomalies.listed.first,
        outcome.anomalies.total != stored.manifest.chain.anomalies.total
      else { return (isNeeded, nil) }
      return (
        isNeeded, "\(outcome.anomalies.total) anomalies, the first \(anomaly.kind.rawValue) of row \(anomaly.id)"
      )
    } catch let finding as ArchiveFinding { return (true, finding.description) }
  }
}
