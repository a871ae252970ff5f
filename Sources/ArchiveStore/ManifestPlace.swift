// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// A manifest's place in its stream: what joins it to its neighbours.
public struct ManifestPlace: Equatable, Sendable {
  public let sequence: Int
  /// Of the manifest itself.
  public let digest: Digest
  public let previousManifest: Digest?
  public let coverage: Manifest.Coverage
  public let rowCount: Int
  public let rowTotal: Int
  public let previousHash: Digest?
  public let headHash: Digest?

  public init(
    sequence: Int, digest: Digest, previousManifest: Digest?, coverage: Manifest.Coverage, rowCount: Int,
    rowTotal: Int, previousHash: Digest?, headHash: Digest?
  ) {
    self.sequence = sequence
    self.digest = digest
    self.previousManifest = previousManifest
    self.coverage = coverage
    self.rowCount = rowCount
    self.rowTotal = rowTotal
    self.previousHash = previousHash
    self.headHash = headHash
  }

  /// What is wrong with how this manifest joins the one before; nil where nothing is.
  public func seam(after previous: ManifestPlace?) -> String? {
    guard previousManifest == previous?.digest else {
      return "previousManifest is not the digest of the one before"
    }
    guard previousHash == previous?.headHash else { return "its chain does not begin where the one before ends" }
    // Both counts are below 2^53.
    guard rowTotal == (previous?.rowTotal ?? 0) + rowCount else {
      return "rows.total is not the sum of what is archived"
    }
    return coverageFault(after: previous?.coverage)
  }

  private func coverageFault(after previous: Manifest.Coverage?) -> String? {
    guard let previous else { return coverage.part == 0 ? nil : "the first bundle's part is not 0" }
    if previous.isLast {
      return coverage.day == previous.day.next && coverage.part == 0
        ? nil : "it does not cover the day behind the one before"
    }
    return coverage.day == previous.day && coverage.part == previous.part + 1
      ? nil : "it does not go on with the day that the one before left open"
  }
}

extension StoredManifest {
  public var place: ManifestPlace {
    ManifestPlace(
      sequence: manifest.sequence, digest: digest, previousManifest: manifest.previousManifest,
      coverage: manifest.coverage, rowCount: manifest.rowCount, rowTotal: manifest.rowTotal,
      previousHash: manifest.chain.previousHash, headHash: manifest.chain.headHash)
  }

  /// What is wrong with how this manifest joins the one before; nil where nothing is.
  public func seam(after previous: StoredManifest?) -> String? { place.seam(after: previous?.place) }
}
