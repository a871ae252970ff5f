// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// What one version of the signer registry says.
public struct SignerRegistry: Sendable {
  public static var format: String { "audit-signers/v1" }

  /// What a version did to the one before.
  public struct Change: Equatable, Sendable {
    /// `signer.promoted`, `signer.retired` or `signer.revoked`: also the type of the event that records it.
    public let event: String
    public let signers: [String]
    public let reason: String

    public init(event: String, signers: [String], reason: String) {
      self.event = event
      self.signers = signers
      self.reason = reason
    }
  }

  public let stream: String
  /// 1, 2, 3 and so on.
  public let version: Int
  /// Digest of the version before; nil for the first.
  public let previous: Digest?
  public let createdAt: Timestamp
  public let change: Change
  public let policy: MultisigPolicy
  /// Emergency revocations that the signers looked into and did not uphold.
  public let dismissed: [Digest]
  public let signers: [SignerEntry]
  /// What is signed.
  public let json: JSONValue

  public var digest: Digest { SignedDocument.digest(of: json) }
  public var keys: KeyRegistry { KeyRegistry(signers) }
  public var quorum: Quorum { Quorum(policy, keys) }

  public func signer(_ kid: String) -> SignerEntry? { signers.first { $0.kid == kid } }

  /// Makes a version.
  ///
  /// - Throws: why it could not be one.
  public init(
    stream: String, version: Int, previous: Digest?, createdAt: Timestamp, change: Change, policy: MultisigPolicy,
    dismissed: [Digest] = [], signers: [SignerEntry]
  ) throws(DocumentError) {
    try self.init(
      json: .object([
        "format": .string(Self.format), "stream": .string(stream), "version": .count(version),
        "previousRegistry": .digest(previous), "createdAt": .string(createdAt.isoSeconds),
        "tool": .string(Tool.name),
        "change": .object([
          "event": .string(change.event), "signers": .array(change.signers.map { .string($0) }),
          "reason": .string(change.reason),
        ]),
        "multisig": .object([
          "threshold": .count(policy.threshold), "signers": .array(policy.signers.map { .string($0) }),
        ]), "dismissed": .array(dismissed.map { .digest($0) }), "signers": .array(signers.map(\.json)),
      ]))
  }

  /// Reads a version, and checks that it holds together.
  public init(json: JSONValue) throws(DocumentError) {
    let reader = try DocumentReader(json, "registry")
    guard try reader.string("format") == Self.format else { throw reader.error("format", "is not \(Self.format)") }
    // Lists of other tools have members of their own in their signers: the first version may have taken them over.
    let own = JSONValue.object((json.members ?? []).filter { $0.name != "signers" })
    if let name = SignedDocument.unknownMember(of: own, .registry) {
      throw DocumentError("it has a member that the format does not name: \"\(name)\"")
    }
    stream = try reader.string("stream")
    version = try reader.count("version")
    previous = try reader.digestOrNull("previousRegistry")
    createdAt = try reader.time("createdAt")
    let change = try reader.object("change")
    self.change = Change(
      event: try change.string("event"), signers: try change.strings("signers"), reason: try change.string("reason"))
    let multisig = try reader.object("multisig")
    policy = MultisigPolicy(threshold: try multisig.count("threshold"), signers: try multisig.strings("signers"))
    dismissed = try reader.digests("dismissed")
    var signers: [SignerEntry] = []
    for entry in try reader.array("signers") { signers.append(try SignerEntry(json: entry)) }
    self.signers = signers
    self.json = SignedDocument.arrangedRegistry(json)
    try check()
  }

  private func check() throws(DocumentError) {
    guard version >= 1 else { throw DocumentError("registry.version is not 1 or more") }
    guard (previous == nil) == (version == 1) else {
      throw DocumentError("registry.previousRegistry is there for all versions but the first")
    }
    for (index, signer) in signers.enumerated() {
      for other in signers[..<index] {
        if other.kid == signer.kid { throw DocumentError("signer_kid \"\(signer.kid)\" occurs twice") }
        guard !other.key.isSameKey(as: signer.key) else {
          throw DocumentError("\"\(other.kid)\" and \"\(signer.kid)\" are one key")
        }
      }
      guard signer.json["status"]?.string == signer.status.rawValue else {
        throw DocumentError("status of \"\(signer.kid)\" is missing")
      }
    }
    try checkPolicy()
  }

  /// The roster must be able to decide: enough of its signers count when the version is made.
  private func checkPolicy() throws(DocumentError) {
    guard policy.threshold >= 1 else { throw DocumentError("registry.multisig.threshold is not 1 or more") }
    var able = 0
    for (index, kid) in policy.signers.enumerated() {
      guard !policy.signers[..<index].contains(kid) else {
        throw DocumentError("registry.multisig.signers names \"\(kid)\" twice")
      }
      guard let signer = signer(kid) else {
        throw DocumentError("registry.multisig.signers names \"\(kid)\", which is no signer of the registry")
      }
      guard signer.key.uses.contains(.multisig) else {
        throw DocumentError("\"\(kid)\" is a signer of the multisig, and its uses do not say so")
      }
      if signer.key.refusal(at: createdAt, for: .multisig) == nil { able += 1 }
    }
    guard able >= policy.threshold else {
      throw DocumentError(
        "the multisig asks for \(policy.threshold) signers, and only \(able) of its \(policy.signers.count) count")
    }
  }
}
