// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography
internal import Signing

/// A manifest as it stands in the archive.
public struct StoredManifest: Sendable {
  public let manifest: Manifest
  public let digest: Digest
  public let proof: Proof
}

extension StoredManifest {
  public init(parsing bytes: [UInt8]) throws(DocumentError) {
    let document = try SignedDocument(parsing: bytes, .manifest)
    self.init(manifest: try Manifest(json: document.content), digest: document.digest, proof: document.proof)
  }

  /// What is wrong with how this manifest joins the one before; nil where nothing is.
  public func seam(after previous: StoredManifest?) -> String? {
    guard manifest.previousManifest == previous?.digest else {
      return "previousManifest is not the digest of the one before"
    }
    guard manifest.chain.previousHash == previous?.manifest.chain.headHash else {
      return "its chain does not begin where the one before ends"
    }
    guard manifest.rowTotal == (previous?.manifest.rowTotal ?? 0) + manifest.rowCount else {
      return "rows.total is not the sum of what is archived"
    }
    return coverageFault(after: previous?.manifest.coverage)
  }

  private func coverageFault(after previous: Manifest.Coverage?) -> String? {
    let coverage = manifest.coverage
    guard let previous else { return coverage.part == 0 ? nil : "the first bundle's part is not 0" }
    if previous.isLast {
      return coverage.day == previous.day.next && coverage.part == 0
        ? nil : "it does not cover the day behind the one before"
    }
    return coverage.day == previous.day && coverage.part == previous.part + 1
      ? nil : "it does not go on with the day that the one before left open"
  }
}
