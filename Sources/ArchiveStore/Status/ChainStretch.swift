// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// Manifests that join each other without a fault.
public struct ChainStretch: Sendable {
  /// Sequences.
  public private(set) var manifests: ClosedRange<Int>
  public private(set) var days: ClosedRange<UTCDay>
  public private(set) var rows: Int
  /// Hash of the row before its first one; nil where it begins with the genesis.
  public let previousHash: Digest?
  /// Hash of its last row.
  public private(set) var headHash: Digest?
  /// Digest of its last manifest.
  public private(set) var manifestDigest: Digest
  /// Why it does not join what is before; nil for the first one, and where it does.
  public let fault: String?

  init(_ stored: StoredManifest, fault: String?) {
    let manifest = stored.manifest
    manifests = manifest.sequence...manifest.sequence
    days = manifest.coverage.day...manifest.coverage.day
    rows = manifest.rowCount
    previousHash = manifest.chain.previousHash
    headHash = manifest.chain.headHash
    manifestDigest = stored.digest
    self.fault = fault
  }

  mutating func append(_ stored: StoredManifest) {
    let manifest = stored.manifest
    manifests = manifests.lowerBound...max(manifests.upperBound, manifest.sequence)
    days = min(days.lowerBound, manifest.coverage.day)...max(days.upperBound, manifest.coverage.day)
    rows = rows.saturated(adding: manifest.rowCount)
    headHash = manifest.chain.headHash
    manifestDigest = stored.digest
  }
}
