// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// A version of the registry with the signatures under it.
public struct RegistryVersion: Sendable {
  public let registry: SignerRegistry
  public let proof: Proof
  public let digest: Digest

  public init(_ registry: SignerRegistry, proof: Proof) {
    self.registry = registry
    self.proof = proof
    digest = registry.digest
  }

  public init(parsing bytes: [UInt8]) throws(DocumentError) {
    let document = try SignedDocument(parsing: bytes, .registry)
    self.init(try SignerRegistry(json: document.content), proof: document.proof)
  }

  public var document: SignedDocument { SignedDocument(.registry, registry.json, proof: proof) }

  /// Why the signatures under it are not enough; nil where they are.
  ///
  /// They are counted against the roster before it, whose word it is, and against its own, which takes over: a version
  /// that the old signers alone had approved might name keys that nobody holds.
  ///
  /// - Parameter previous: the version before; nil for the first, and for one that is trusted by itself.
  public func signatureFault(after previous: SignerRegistry?) -> String? {
    guard proof.digest == digest else { return "the proof is over another digest" }
    let times = [registry.createdAt]
    let quorums = (previous.map { [$0.quorum] } ?? []) + [registry.quorum]
    let counts = quorums.map { $0.count(proof.signatures, over: digest, at: times) }
    // An entry by nobody known is outside of the digest: none is carried along.
    for signature in proof.signatures where !counts.contains(where: { $0.approved.contains(signature.kid) }) {
      if previous == nil, isByLeaving(signature) { continue }
      let reason = counts.flatMap(\.refused).first { $0.kid == signature.kid }
      return reason?.description ?? "\"\(signature.kid)\" does not count"
    }
    for (count, name) in zip(counts, previous == nil ? ["own"] : ["predecessor's", "own"]) where !count.isReached {
      return "\(count.approved.count) of its \(name) signers signed it, \(count.threshold) are needed"
    }
    // Nor one by a key that has signed already, whatever it is.
    let kids = proof.signatures.map(\.kid)
    for (index, kid) in kids.enumerated() where kids[..<index].contains(kid) { return "\"\(kid)\" is listed twice" }
    let threshold = counts.map(\.threshold).max() ?? 1
    guard proof.threshold >= threshold else {
      return "its proof asks for \(proof.threshold) signatures where the registry asks for \(threshold)"
    }
    return proof.threshold <= Set(counts.flatMap(\.approved)).count
      ? nil : "its proof asks for more signatures than it has"
  }

  /// Whether a signer who left the multisig with this very version approved that: the roster before it counted them, and
  /// is not at hand where the version is trusted by itself.
  private func isByLeaving(_ signature: Proof.Signature) -> Bool {
    guard registry.version > 1, signature.signerID.isSameText(as: signature.kid),
      let signer = registry.signer(signature.kid),
      signer.kid.isSameText(as: signature.kid), signature.algorithm == signer.key.algorithm.rawValue,
      signer.key.uses.contains(.multisig)
    else { return false }
    return signer.key.publicKey?.isValid(signature.signature, over: digest) ?? false
  }

  /// Why it cannot follow another version; nil where it can.
  public func fault(after previous: RegistryVersion) -> String? {
    registry.fault(after: previous.registry) ?? signatureFault(after: previous.registry)
  }
}
