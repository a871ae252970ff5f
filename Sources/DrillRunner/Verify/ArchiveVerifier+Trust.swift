// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import AuditCore

extension ArchiveVerifier {
  /// Looks whether somebody has to vouch for a manifest, and whether anybody should.
  ///
  /// - Returns: whether its key or that of a row was revoked from before on and nobody has vouched for it, and what is wrong
  ///   with it but for the trust in keys; nil where nothing is.
  public func needsCountersignature(_ stored: StoredManifest) throws -> (isNeeded: Bool, fault: String?) {
    let sequence = stored.manifest.sequence
    do {
      var isNeeded = false
      if case .untrusted = try archive.standing(of: stored, settings.keys) { isNeeded = true }
      if let fault = stored.seam(after: sequence == 0 ? nil : try archive.manifest(sequence - 1)) {
        return (isNeeded, fault)
      }
      var outcome = BundleOutcome()
      outcome.isCountersigned = true
      try verifyBundle(stored.manifest, &outcome)
      if outcome.signatures.untrusted > 0, try !vouchesForRows(stored) { isNeeded = true }
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
