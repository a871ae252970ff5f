// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// One signer's word that a key must not be trusted any more, in force until the registry's signers have decided.
///
/// It can only take trust away; what decides of thresholds is the ratified registry alone.
public struct EmergencyRevocation: Equatable, Sendable {
  public static var format: String { "audit-revocation/v1" }

  public let stream: String
  /// Digest of the registry's version that it was made on top of.
  public let registry: Digest
  public let createdAt: Timestamp
  public let kid: String
  public let compromisedSince: Timestamp
  public let reason: String
  /// What is signed.
  public let json: JSONValue

  public init(
    stream: String, registry: Digest, createdAt: Timestamp, kid: String, compromisedSince: Timestamp, reason: String
  ) {
    self.stream = stream
    self.registry = registry
    self.createdAt = createdAt
    self.kid = kid
    self.compromisedSince = compromisedSince
    self.reason = reason
    json = .object([
      "format": .string(Self.format), "stream": .string(stream), "registry": .digest(registry),
      "createdAt": .string(createdAt.isoSeconds), "signer_kid": .string(kid),
      "compromisedSince": .string(compromisedSince.iso), "reason": .string(reason),
    ])
  }

  public init(json: JSONValue) throws(DocumentError) {
    let reader = try DocumentReader(json, "revocation")
    guard try reader.string("format") == Self.format else { throw reader.error("format", "is not \(Self.format)") }
    stream = try reader.string("stream")
    registry = try reader.digest("registry")
    createdAt = try reader.time("createdAt")
    kid = try reader.string("signer_kid")
    compromisedSince = try reader.time("compromisedSince")
    reason = try reader.string("reason")
    if let name = SignedDocument.unknownMember(of: json, .revocation) { throw reader.error(name, "is unknown") }
    // As it was written: the digest is over a time's own form.
    self.json = json
  }

  public var digest: Digest { SignedDocument.digest(of: json) }

  /// Why it is not in force beside a registry; nil where it is.
  ///
  /// - Parameter proof: of one signer of the multisig.
  public func fault(_ proof: Proof, beside registry: SignerRegistry, now: Timestamp) -> String? {
    guard stream == registry.stream else { return "it is for another stream" }
    guard createdAt <= now.advanced(bySeconds: 3600) else { return "it is from the future" }
    guard registry.signer(kid) != nil else { return "\"\(kid)\" is unknown to the registry" }
    guard proof.digest == digest else { return "the proof is over another digest" }
    let count = registry.quorum.count(proof.signatures, over: digest, at: [createdAt])
    if let refusal = count.refused.first { return refusal.description }
    return count.approved.isEmpty ? "no signer of the multisig signed it" : nil
  }
}

extension SignerRegistry {
  /// Whether the registry has settled a revocation: by dismissing it, or by revoking the key for as long or longer.
  public func settles(_ revocation: EmergencyRevocation) -> Bool {
    if dismissed.contains(revocation.digest) { return true }
    guard let since = signer(revocation.kid)?.untrustedSince else { return false }
    return since <= revocation.compromisedSince
  }
}
