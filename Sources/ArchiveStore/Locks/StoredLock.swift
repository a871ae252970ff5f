// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// What keeps a version of an object from being deleted, as the store has it.
public struct StoredLock: Equatable, Sendable {
  /// Until when; nil where it has no retention.
  public var until: Timestamp?
  /// Nobody can shorten the retention: S3's COMPLIANCE, against GOVERNANCE.
  public var isCompliance: Bool
  /// It cannot be deleted before the hold is taken off, however the retention stands.
  public var hasLegalHold: Bool

  public init(until: Timestamp?, isCompliance: Bool = true, hasLegalHold: Bool = false) {
    self.until = until
    self.isCompliance = isCompliance
    self.hasLegalHold = hasLegalHold
  }

  /// The lock that a retention asks for.
  public init(_ retention: Manifest.Retention) {
    self.init(until: retention.until, hasLegalHold: retention.hasLegalHold)
  }

  /// Why the retention is less than COMPLIANCE until `wanted`; nil where it is not.
  func weakness(against wanted: Timestamp) -> String? {
    guard let until else { return "it is not locked" }
    guard isCompliance else { return "it is locked in GOVERNANCE mode, which can be lifted" }
    return until < wanted ? "it is locked until \(until.isoSeconds), and not until \(wanted.isoSeconds)" : nil
  }
}
