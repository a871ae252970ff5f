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
    self.init(try Manifest(json: document.content), signed: document)
  }

  /// - Parameter document: holds just this manifest.
  public init(_ manifest: Manifest, signed document: SignedDocument) {
    self.init(manifest: manifest, digest: document.digest, proof: document.proof)
  }
}
