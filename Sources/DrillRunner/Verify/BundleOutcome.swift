// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore

/// What verifying one manifest and its bundle found.
struct BundleOutcome: Sendable {
  var sequence = 0
  /// What joins the manifest to its neighbours; nil where it is damaged.
  var place: ManifestPlace?
  var bundleKey: String?
  var rows = 0
  var anomalies = AnomalyLog()
  var signatures = SignatureCounts()
  var notes: [String] = []
  /// Who vouch for the manifest and its rows in spite of a key that was revoked.
  var countersigners: [String] = []
  /// The finding of the manifest is that the key which signed it was revoked from before on.
  var isUntrusted = false
  /// The key of a report after a theft signed the manifest since: the report lists it, and no finding does.
  var isSuspect = false
  /// It could not be read to its end.
  var isUnread = false
  /// What is wrong with the manifest's signature, and why the bundle could not be read to its end or is not what its
  /// manifest says.
  var findings: [ArchiveFinding] = []
  /// Findings that a bounded list left out.
  var findingsLeftOut = 0

  var findingsTotal: Int { findings.count + findingsLeftOut }
  var isIntact: Bool { findingsTotal == 0 && anomalies.isEmpty }
}

extension VerifyReport {
  mutating func add(_ outcome: BundleOutcome) {
    rows += outcome.rows
    signatures += outcome.signatures
    notes += outcome.notes
    addFaults(of: outcome)
  }

  /// What is wrong with a manifest and its bundle, and nothing else of them.
  mutating func addFaults(of outcome: BundleOutcome) {
    anomalies.append(outcome.anomalies)
    if outcome.isUntrusted { untrustedManifests += 1 }
    if outcome.isUnread { unread += 1 }
    for finding in outcome.findings { add(finding) }
    findingsTotal += outcome.findingsLeftOut
  }
}
