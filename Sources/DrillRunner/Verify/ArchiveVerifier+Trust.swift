// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import AuditCore

extension ArchiveVerifier {
  /// What is wrong with a manifest, its seam and its bundle, but for the trust in the keys that signed them.
  ///
  /// - Returns: nil where nothing is.
  public func faultBesideTrust(_ stored: StoredManifest) throws -> String? {
    let sequence = stored.manifest.sequence
    do {
      if let fault = stored.seam(after: sequence == 0 ? nil : try archive.manifest(sequence - 1)) { return fault }
      var outcome = BundleOutcome()
      outcome.isCountersigned = true
      try verifyBundle(stored.manifest, &outcome)
      guard let anomaly = outcome.anomalies.listed.first else { return nil }
      // What the manifest itself tells of was there when it was made, and is no secret.
      guard outcome.anomalies.total == stored.manifest.chain.anomalies.total else {
        return "\(outcome.anomalies.total) anomalies, the first \(anomaly.kind.rawValue) of row \(anomaly.id)"
      }
      return nil
    } catch let finding as ArchiveFinding { return finding.description }
  }
}
