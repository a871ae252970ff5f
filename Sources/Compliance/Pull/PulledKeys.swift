// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Cryptography
public import Signing

/// The keys that the pulled manifests name, as far as they are at hand.
public struct PulledKeys: Sendable {
  public struct Key: Sendable {
    public let key: VerificationKey
    /// SHA-256 of the public key's DER form; nil for a secret, or one that a service keeps.
    public let fingerprint: String?
    /// PEM.
    public let pem: String?
    /// Manifests whose proof names it.
    public internal(set) var manifests = 0

    /// Its file in the folder.
    public var file: String? { fingerprint.map { "keys/\($0.prefix(16)).pem" } }

    init(_ key: VerificationKey) {
      self.key = key
      guard case .published(let published) = key.material else {
        (fingerprint, pem) = (nil, nil)
        return
      }
      (fingerprint, pem) = (published.fingerprint.hex, published.pem)
    }
  }

  private let ring: KeyRing
  public private(set) var keys: [Key] = []
  /// Ids that no key at hand has.
  public private(set) var unknown: [String] = []

  init(_ ring: KeyRing) { self.ring = ring }

  /// Notes who signed a manifest.
  mutating func take(_ proof: Proof) {
    for kid in Set(proof.signatures.map(\.kid)).sorted() {
      if !keys.contains(where: { $0.key.kid == kid }) {
        let named = ring.keys.filter { $0.kid == kid }
        keys += named.map { Key($0) }
        if named.isEmpty, !unknown.contains(kid), unknown.count < 1000 { unknown.append(kid) }
      }
      for index in keys.indices where keys[index].key.kid == kid { keys[index].manifests += 1 }
    }
  }

  /// Whether every manifest can be verified outside, with public keys alone.
  public var arePublic: Bool { unknown.isEmpty && keys.allSatisfy { $0.pem != nil } }

  /// The content of `keys.json`.
  var json: JSONValue { .object(["keys": .array(keys.map(\.json))]) }
}

extension PulledKeys.Key {
  var json: JSONValue {
    func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    var members = [
      JSONValue.Member("kid", .string(key.kid)), JSONValue.Member("alg", .string(key.algorithm.rawValue)),
      JSONValue.Member("fingerprint", text(fingerprint)), JSONValue.Member("file", text(file)),
    ]
    members += key.lifeMembers
    members += [JSONValue.Member("kind", .string(kind)), JSONValue.Member("manifests", .count(manifests))]
    return .object(members)
  }

  /// What it is to who wants to verify with it.
  public var kind: String {
    switch key.material {
    case .published: "public"
    case .shared: "secret"
    case .kept: "kept by a service"
    }
  }
}

extension VerificationKey {
  /// For what, and when, its signatures count.
  fileprivate var lifeMembers: [JSONValue.Member] {
    func time(_ time: Timestamp) -> JSONValue { time.isFinite ? .string(time.isoSeconds) : .null }
    // Manifests are signed at whole seconds, and those compare as texts.
    func next(_ time: Timestamp) -> Timestamp {
      time.isFinite && time.microsecondOfDay % 1_000_000 != 0 ? time.advanced(bySeconds: 1) : time
    }
    var revoked: JSONValue = .null
    if case .revoked(let since) = standing { revoked = time(next(since)) }
    return [
      JSONValue.Member("validFrom", time(next(validity.lowerBound))),
      JSONValue.Member("validUntil", time(validity.upperBound)), JSONValue.Member("revokedSince", revoked),
      JSONValue.Member(
        "status", .string(standing == .candidate ? "candidate" : revoked == .null ? "active" : "revoked")),
      JSONValue.Member("uses", .array(uses.map(\.rawValue).sorted().map { .string($0) })),
    ]
  }
}

extension KeyRegistry {
  /// The registry as `AUDIT_SIGNERS_FILE` takes it, with nothing in it but public keys and what they count for.
  var publicJSON: JSONValue {
    let signers = keys.compactMap { key -> JSONValue? in
      guard case .published(let published) = key.material else { return nil }
      let life = JSONValue.object(key.lifeMembers)
      var members = [
        JSONValue.Member("signer_kid", .string(key.kid)),
        JSONValue.Member("algorithm", .string(key.algorithm.rawValue)),
        JSONValue.Member("public_key_pem", .string(published.pem)), JSONValue.Member("uses", life["uses"] ?? .null),
      ]
      for (name, member) in [("notBefore", "validFrom"), ("notAfter", "validUntil"), ("revokedAt", "revokedSince")] {
        if let value = life[member], value != .null { members.append(JSONValue.Member(name, value)) }
      }
      members.append(JSONValue.Member("status", life["status"] ?? .null))
      return .object(members)
    }
    return .object(["signers": .array(signers)])
  }
}
