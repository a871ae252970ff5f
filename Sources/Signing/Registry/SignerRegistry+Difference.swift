// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography

/// One difference between a version of the registry and the one before.
public struct RegistryDifference: Equatable, Sendable {
  /// Id of the signer; nil for what is no signer's.
  public let kid: String?
  public let member: String
  /// nil where it was not there.
  public let old: JSONValue?
  /// nil where it is gone.
  public let new: JSONValue?
}

extension SignerRegistry {
  /// All that a version changes of the one before; a signer that is new is one difference.
  public func differences(from before: SignerRegistry) -> [RegistryDifference] {
    var found: [RegistryDifference] = []
    for name in ["multisig", "dismissed"] where json[name] != before.json[name] {
      found.append(RegistryDifference(kid: nil, member: name, old: before.json[name], new: json[name]))
    }
    for kid in before.signers.map(\.kid) where signer(kid) == nil {
      found.append(RegistryDifference(kid: kid, member: "signer", old: before.signer(kid)?.json, new: nil))
    }
    for signer in signers {
      guard let old = before.signer(signer.kid) else {
        found.append(RegistryDifference(kid: signer.kid, member: "signer", old: nil, new: signer.json))
        continue
      }
      found += signer.differences(from: old)
    }
    return found
  }

  /// Why a version does something else than its `change` says; nil where it does just that.
  ///
  /// Approvals are given for what is said, and events record that alone.
  func changeFault(after before: SignerRegistry) -> String? {
    guard ["signer.promoted", "signer.retired", "signer.revoked"].contains(change.event) else {
      return "its change is none that is known: \(change.event)"
    }
    if let kid = change.signers.first(where: { signer($0) == nil }) {
      return "its change names \"\(kid)\", no signer of it"
    }
    for signer in signers {
      if let fault = changeFault(of: signer, from: before.signer(signer.kid)) { return fault }
    }
    let isRevocation = change.event == "signer.revoked"
    guard dismissed == before.dismissed || isRevocation && dismissed.starts(with: before.dismissed) else {
      return "it settles emergency revocations, and its change does not say so"
    }
    return rosterFault(after: before)
  }

  private func changeFault(of signer: SignerEntry, from old: SignerEntry?) -> String? {
    let isNamed = change.signers.contains(signer.kid)
    let changed = Set(old.map { signer.differences(from: $0).map(\.member) } ?? ["signer"])
    guard isNamed || changed.isEmpty else {
      return
        "it changes \(changed.sorted().joined(separator: ", ")) of \"\(signer.kid)\", and its change does not say so"
    }
    guard isNamed else { return nil }
    let (isRight, allowed): (Bool, Set<String>)
    switch change.event {
    case "signer.promoted":
      // With an earlier beginning it would vouch for what was signed before anybody trusted it.
      isRight =
        signer.status == .active && (old?.status ?? .candidate) == .candidate
        && signer.key.validity.lowerBound >= createdAt
      allowed = changed
    case "signer.retired":
      isRight = signer.status == .retired && old?.status == .active
      allowed = ["status", "retiredAt"]
    default:
      isRight = signer.status == .revoked && old != nil
      allowed = ["status", "revokedAt", "compromisedSince"]
    }
    guard isRight, changed.isSubset(of: allowed) else {
      return "it does something else to \"\(signer.kid)\" than \(change.event)"
    }
    return nil
  }

  /// Those who are promoted for it join the roster, those who are retired or revoked leave it, and nobody else does.
  private func rosterFault(after before: SignerRegistry) -> String? {
    var expected = Set(before.policy.signers)
    if change.event == "signer.promoted" {
      expected.formUnion(change.signers.filter { signer($0)?.key.uses.contains(.multisig) == true })
    } else {
      expected.subtract(change.signers)
    }
    guard expected != Set(policy.signers) else { return nil }
    let odd = expected.symmetricDifference(policy.signers).sorted().map { "\"\($0)\"" }.joined(separator: ", ")
    return "it takes \(odd) into the multisig or out of it, and its change does not say so"
  }
}

extension SignerEntry {
  /// Members that are not as they were.
  func differences(from old: SignerEntry) -> [RegistryDifference] {
    let names = (old.json.members ?? []).map(\.name)
    let added = (json.members ?? []).map(\.name).filter { !names.contains($0) }
    return (names + added).filter { json[$0] != old.json[$0] }.map {
      RegistryDifference(kid: kid, member: $0, old: old.json[$0], new: json[$0])
    }
  }
}
