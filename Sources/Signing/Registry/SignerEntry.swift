// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography

/// One signer of a registry, as its JSON says.
public struct SignerEntry: Sendable {
  /// Where a signer is in its life, by the word that a registry uses.
  public enum Status: String, Sendable {
    case candidate, active, retired, revoked
  }

  public let json: JSONValue
  public let key: VerificationKey
  /// How the signer is reached, where the registry says so.
  public let source: SignerSpec?

  public var kid: String { key.kid }

  /// - Throws: which member is not as it must be, and of which signer.
  public init(json: JSONValue) throws(DocumentError) {
    guard let kid = json["signer_kid"]?.string, !kid.isEmpty else { throw DocumentError("signer_kid is missing") }
    let reader = EntryReader(json: json, kid: kid)
    let (algorithm, key) = try reader.key()
    self.key = VerificationKey(
      kid: kid, algorithm: algorithm, material: .published(key), validity: try reader.validity(),
      uses: try reader.uses(), standing: try reader.standing())
    source = try reader.source()
    self.json = json
  }

  public var status: Status {
    if let text = json["status"]?.string, let status = Status(rawValue: text) { return status }
    if case .revoked = key.standing { return .revoked }
    return json["retiredAt"] == nil ? .active : .retired
  }

  /// What its signatures from then on are worth nothing for; nil where it was not revoked.
  public var untrustedSince: Timestamp? { if case .revoked(let since) = key.standing { since } else { nil } }

  /// The same with members changed, in the order that the format gives to them; nil takes one away.
  public func changing(_ changes: [String: JSONValue?]) throws(DocumentError) -> SignerEntry {
    var members = (json.members ?? []).filter { changes[$0.name] == nil }
    members += changes.compactMap { name, value in value.map { JSONValue.Member(name, $0) } }
    return try SignerEntry(json: Self.ordered(members))
  }

  /// An entry's members in the order that the format gives to them.
  public static func ordered(_ members: [JSONValue.Member]) -> JSONValue {
    let known = SignedDocument.signerMembers
    let place = { (member: JSONValue.Member) in known.firstIndex(of: member.name) ?? known.count }
    return .object(members.sorted { (place($0), $0.name) < (place($1), $1.name) })
  }
}

/// Reads an entry's members; every error names the signer.
private struct EntryReader {
  let json: JSONValue
  let kid: String

  func key() throws(DocumentError) -> (SignatureAlgorithm, PublicKey) {
    guard let name = json["algorithm"]?.string, let algorithm = SignatureAlgorithm(name: name) else {
      throw DocumentError("algorithm of \"\(kid)\" is missing or unknown")
    }
    guard let pem = json["public_key_pem"]?.string else {
      throw DocumentError("public_key_pem of \"\(kid)\" is missing")
    }
    let key: PublicKey
    do throws(KeyError) { key = try PublicKey(pem: Array(pem.utf8)) } catch {
      throw DocumentError("public_key_pem of \"\(kid)\": \(error)")
    }
    guard algorithm == (key.kind == .ed25519 ? .ed25519 : .rsaSHA256) else {
      throw DocumentError("the key of \"\(kid)\" is not of its algorithm")
    }
    return (algorithm, key)
  }

  func time(_ name: String) throws(DocumentError) -> Timestamp? {
    guard let value = json[name], value != .null else { return nil }
    guard let text = value.string, let time = Timestamp(text) else {
      throw DocumentError("\(name) of \"\(kid)\" is no time like 2026-01-01T00:00:00Z")
    }
    return time
  }

  /// What the entry says of the key's life; a status whose time is missing leaves open which signatures count.
  func standing() throws(DocumentError) -> KeyStanding {
    let times = [try time("revokedAt"), try time("compromisedSince")].compactMap { $0 }
    let retired = [try time("retiredAt"), try time("notAfter")].compactMap { $0 }
    let status = json["status"] ?? .null
    guard status == .null || status.string.flatMap({ SignerEntry.Status(rawValue: $0) }) != nil else {
      throw DocumentError("status of \"\(kid)\" is not active, candidate, retired or revoked")
    }
    if status.string == "candidate" { return .candidate }
    if let since = times.min() { return .revoked(since: since) }
    guard status.string != "revoked" else {
      throw DocumentError("\"\(kid)\" is revoked, and neither revokedAt nor compromisedSince says since when")
    }
    guard status.string != "retired" || !retired.isEmpty else {
      throw DocumentError("\"\(kid)\" is retired, and neither retiredAt nor notAfter says since when")
    }
    return .active
  }

  func validity() throws(DocumentError) -> ClosedRange<Timestamp> {
    let deployed = try time("deployedAt")
    let start = try time("notBefore") ?? deployed ?? .distantPast
    let end = [try time("notAfter"), try time("retiredAt")].compactMap { $0 }.min() ?? .distantFuture
    guard start <= end else { throw DocumentError("\"\(kid)\" ends before it begins") }
    return start...end
  }

  func uses() throws(DocumentError) -> Set<KeyUse> {
    guard let list = json["uses"] else { return [.events, .manifests, .multisig] }
    guard let names = list.array?.map({ $0.string ?? "" }) else {
      throw DocumentError("uses of \"\(kid)\" is no list")
    }
    let uses = names.compactMap { KeyUse(rawValue: $0) }
    guard uses.count == names.count else { throw DocumentError("uses of \"\(kid)\" names something unknown") }
    return Set(uses)
  }

  func source() throws(DocumentError) -> SignerSpec? {
    guard let value = json["source"], value != .null else { return nil }
    guard let text = value.string, let spec = SignerSpec(text) else {
      throw DocumentError("source of \"\(kid)\" is no signer spec")
    }
    return spec
  }
}
