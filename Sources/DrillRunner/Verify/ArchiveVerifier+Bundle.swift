// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore

extension ArchiveVerifier {
  /// Verifies the rows of one manifest's bundle: hashes, links, leaves, signatures, and that they are what it says.
  ///
  /// - Parameter isVouchedFor: the manifest's signature verifies: its rows may be as long as Postgres makes them.
  public func rows(of stored: StoredManifest, isVouchedFor: Bool) throws -> VerifyReport {
    var outcome = BundleOutcome()
    do { try verifyBundle(stored.manifest, &outcome, isVouchedFor: isVouchedFor) } catch let finding as ArchiveFinding {
      outcome.findings.append(finding)
    }
    var report = VerifyReport()
    report.add(outcome)
    return report
  }
}
