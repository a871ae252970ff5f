// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography

/// What `audit verify` and `audit status` say of an archive.
public struct Verdict: Sendable {
  /// What was found; empty where the archive is intact.
  public let faults: [String]
  public let notes: [String]
  /// What the archive says, where it is intact.
  public var content: Content?
  public var anomalies = AnomalyLog()
  public var rows = 0
  public var headHash: String?
  /// A fault of the program's own, which no input may cause.
  public var bug: String?

  init(faults: [String], notes: [String] = []) { (self.faults, self.notes) = (faults, notes) }

  public var isIntact: Bool { faults.isEmpty && bug == nil }
}

/// What an archive says, apart from how that is written down.
public struct Content: Equatable, Sendable {
  /// Digests of the manifests, which their bundles are under.
  public var manifests: [Digest] = []
  public var headHash: String?
  public var rows = 0
  public var registry: Digest?
  /// When the last drill passed, and what its report says.
  public var drill: Timestamp?
  public var drillReport: Digest?

  public init() {}
}
