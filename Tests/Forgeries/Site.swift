// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Signing

/// Whose keys an archive is signed by: three operators, a key of manifests, a key and a secret of events; and the registry
/// that lists them in two versions.
public struct Site: Sendable {
  public let operators: [LocalSigner]
  public let manifests: LocalSigner
  public let events: LocalSigner
  public let secret = LocalSigner(hmacKey: Array("events' secret".utf8), kid: "local-hmac")
  /// Not of the registry.
  public let stranger: LocalSigner
  public let registries: [RegistryVersion]

  public init() throws {
    func key(_ name: String) throws -> LocalSigner { LocalSigner(privateKey: try Self.privateKey(name), kid: name) }
    operators = try ["op1", "op2", "op3"].map(key)
    manifests = try key("archive")
    events = try key("events")
    stranger = try key("stranger")
    var versions: [RegistryVersion] = []
    for number in 1...2 {
      var signers: [SignerEntry] = []
      for one in operators { signers.append(try Self.entry(one, "multisig")) }
      signers.append(try Self.entry(manifests, "manifests"))
      if number == 2 { signers.append(try Self.entry(events, "events")) }
      let registry = try SignerRegistry(
        stream: SampleArchive.stream, version: number, previous: versions.last?.digest,
        createdAt: Timestamp("2026-01-0\(number)T00:00:00Z")!,
        change: SignerRegistry.Change(event: "signer.promoted", signers: [], reason: "founded"),
        policy: MultisigPolicy(threshold: 2, signers: operators.map(\.description.kid)), signers: signers)
      versions.append(RegistryVersion(registry, proof: try Self.proof(registry, operators)))
    }
    registries = versions
  }

  private static func entry(_ signer: LocalSigner, _ use: String) throws -> SignerEntry {
    try SignerEntry(
      json: .object([
        "signer_kid": .string(signer.description.kid), "algorithm": "ed25519",
        "public_key_pem": .string(signer.description.publicKey ?? ""), "status": "active",
        "uses": .array([.string(use)]),
      ]))
  }

  private static func proof(_ registry: SignerRegistry, _ signers: [LocalSigner]) throws -> Proof {
    let signatures = try signers.map { signer in
      Proof.Signature(
        signerID: signer.description.kid, kid: signer.description.kid, algorithm: "ed25519",
        signature: try signer.sign(registry.digest))
    }
    return Proof(digest: registry.digest, threshold: 2, signatures: signatures)
  }

  /// A private key that a name decides.
  static func privateKey(_ name: String) throws -> PrivateKey {
    let prefix: [UInt8] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]
    let text = Base64.encode(prefix + SHA256.hash(Array("key of \(name)".utf8)).bytes)
    return try PrivateKey(pem: Array("-----BEGIN PRIVATE KEY-----\n\(text)\n-----END PRIVATE KEY-----\n".utf8))
  }

  /// A report of a drill that passed.
  static let drillKey = "drills/20260131T030000Z-0123abcd.json"

  var drillReport: JSONValue {
    .object([
      "format": "audit-drill/v1", "stream": .string(SampleArchive.stream), "tool": .string(Tool.name),
      "startedAt": "2026-01-31T03:00:00Z", "verdict": "passed", "days": "2026-01-05..2026-01-07",
      "manifests": .object(["first": 0, "last": 3]), "rows": 12, "headHash": .null,
      "steps": .array([.object(["name": "verify", "milliseconds": 12, "ok": true, "detail": "intact"])]),
      "recoveryMilliseconds": 34, "recoveryPoint": "2026-01-07T23:00:00.000000Z", "anomalies": .array([]),
      "anomaliesTotal": 0, "findings": .array([]),
      "signatures": .object(["valid": 1, "unsigned": 0, "invalid": 0, "unverifiable": 0]),
    ])
  }
}
