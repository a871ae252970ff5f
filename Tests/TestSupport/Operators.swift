// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography
public import Signing

/// Operators with keys of their own, and the registries that they found.
public struct Operators {
  public let keys: [String: PrivateKey]
  public static let start = Timestamp("2026-01-01T00:00:00Z")!

  public init(_ kids: [String] = ["op1", "op2", "op3", "op4", "op5", "archive", "stranger", "new"]) throws {
    keys = try Dictionary(uniqueKeysWithValues: kids.map { ($0, try PrivateKey.generateEd25519()) })
  }

  public func entry(_ kid: String, key: String? = nil, _ more: [String: JSONValue?] = [:]) throws -> SignerEntry {
    let uses: [JSONValue] = kid == "archive" ? ["manifests"] : ["multisig"]
    let entry = try SignerEntry(
      json: .object([
        "signer_kid": .string(kid), "algorithm": "ed25519",
        "public_key_pem": .string(keys[key ?? kid]!.publicKey.pem), "deployedAt": "2026-01-01T00:00:00Z",
        "status": "candidate", "uses": .array(uses),
      ]))
    return try entry.changing(more)
  }

  public func founded(threshold: Int = 3, _ kids: [String] = ["op1", "op2", "op3", "op4", "op5"]) throws
    -> SignerRegistry
  {
    try SignerRegistry.first(
      stream: "memory-layer", candidates: (kids + ["archive"]).map { try entry($0) },
      policy: MultisigPolicy(threshold: threshold, signers: kids), reason: "founded", at: Self.start)
  }

  public func signature(_ kid: String, over digest: Digest, as name: String? = nil) throws -> Proof.Signature {
    Proof.Signature(
      signerID: name ?? kid, kid: name ?? kid, algorithm: "ed25519", signature: try keys[kid]!.sign(digest))
  }

  public func proof(_ kids: [String], over digest: Digest, threshold: Int = 3) throws -> Proof {
    Proof(digest: digest, threshold: threshold, signatures: try kids.map { try signature($0, over: digest) })
  }

  public func signed(_ registry: SignerRegistry, by kids: [String] = ["op1", "op2", "op3"], threshold: Int = 3) throws
    -> RegistryVersion
  {
    RegistryVersion(registry, proof: try proof(kids, over: registry.digest, threshold: threshold))
  }
}
