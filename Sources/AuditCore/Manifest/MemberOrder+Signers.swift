// SPDX-License-Identifier: Apache-2.0

extension MemberOrder {
  /// Of a version of the signer registry.
  static let registry = members([
    ("format", nil), ("stream", nil), ("version", nil), ("previousRegistry", nil), ("createdAt", nil), ("tool", nil),
    ("change", names("event", "signers", "reason")), ("multisig", names("threshold", "signers")), ("dismissed", nil),
    ("signers", each(.members(SignedDocument.signerMembers.map { ($0, nil) }))),
  ])

  /// Of what a multisig approves.
  static let payload = names(
    "format", "stream", "id", "type", "target", "rationale", "impact", "preconditions", "patchSha256", "createdAt",
    "proposer")

  /// Of a revocation that nobody has ratified yet.
  static let revocation = names(
    "format", "stream", "registry", "createdAt", "signer_kid", "compromisedSince", "reason")

  /// Of a further signature under a manifest.
  static let countersignature = names(
    "format", "stream", "sequence", "manifestDigest", "createdAt", "despite", "reason")

  /// Of the final approver's sign-off.
  static let signoff = names(
    "format", "stream", "approver", "role", "module", "createdAt", "notes", "checklistSha256", "change", "archive")
}

extension MemberOrder {
  /// The same value with its members in this order, those that the order does not name behind them by name.
  func arranged(_ value: JSONValue) -> JSONValue {
    switch self {
    case .each(let order): return value.array.map { .array($0.map(order.arranged)) } ?? value
    case .members(let known):
      guard let members = value.members else { return value }
      let place = { (name: String) in known.firstIndex { $0.name == name } ?? known.count }
      let sorted = members.sorted { (place($0.name), $0.name) < (place($1.name), $1.name) }
      return .object(
        sorted.map { member in
          let order = known.first { $0.name == member.name }?.order
          return JSONValue.Member(member.name, order?.arranged(member.value) ?? member.value)
        })
    }
  }

  /// A member, of whatever is within, that the order does not name.
  func unknown(in value: JSONValue) -> String? {
    switch self {
    case .each(let order): return value.array?.lazy.compactMap(order.unknown).first
    case .members(let known):
      for member in value.members ?? [] {
        guard let place = known.first(where: { $0.name == member.name }) else { return member.name }
        if let name = place.order?.unknown(in: member.value) { return name }
      }
      return nil
    }
  }
}

extension SignedDocument {
  /// A registry's content as an archive holds it, from any other order of its members.
  public static func arrangedRegistry(_ content: JSONValue) -> JSONValue { MemberOrder.registry.arranged(content) }

  /// Members of a registry's signer, in the format's order.
  public static let signerMembers = [
    "signer_kid", "algorithm", "public_key_pem", "deployedAt", "description", "status", "notBefore", "notAfter",
    "retiredAt", "revokedAt", "compromisedSince", "uses", "source",
  ]
}
