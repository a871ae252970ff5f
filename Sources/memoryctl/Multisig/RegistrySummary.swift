// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Signing

/// A version of the registry as its signers see it before they approve it: all of it, and what it changes.
struct RegistrySummary {
  private let registry: SignerRegistry
  private let before: SignerRegistry?

  init(_ registry: SignerRegistry, after before: SignerRegistry?) { (self.registry, self.before) = (registry, before) }

  var text: String {
    let change = registry.change
    var lines = ["version \(registry.version) of the signer registry, stream \(registry.stream.visible)"]
    lines.append("follows: \(registry.previous?.hex ?? "nothing, it is the first")")
    lines.append("\(change.event.visible): \(change.signers.map(named).joined(separator: ", "))")
    lines.append("reason: \(change.reason.visible)")
    lines.append(
      "multisig: \(registry.policy.threshold) of \(registry.policy.signers.map(named).joined(separator: ", "))")
    lines += registry.dismissed.map { "dismissed emergency revocation: \($0.hex)" }
    lines += registry.signers.flatMap(entry)
    lines += differences
    lines.append(
      "proposed at \(registry.createdAt.isoSeconds) by \(word(registry.json["tool"])), digest \(registry.digest.hex)")
    return lines.joined(separator: "\n")
  }

  /// An id with the beginning of its key's fingerprint: two ids may look alike.
  private func named(_ kid: String) -> String {
    "\(kid.visible) [\(registry.signer(kid)?.key.publicKey?.fingerprint.hex.prefix(16) ?? "no signer")]"
  }

  private func entry(_ signer: SignerEntry) -> [String] {
    let uses = signer.key.uses.map(\.rawValue).sorted().joined(separator: ",")
    let isShown = ["signer_kid", "status", "uses", "public_key_pem"]
    var lines = ["  \(signer.status.rawValue.padded(to: 9))  \(signer.kid.visible)  \(uses)"]
    lines.append("             key \(signer.key.publicKey?.fingerprint.hex ?? "")")
    lines += (signer.json.members ?? []).filter { !isShown.contains($0.name) }.map {
      "             \($0.name.visible) \(word($0.value))"
    }
    return lines
  }

  private var differences: [String] {
    guard registry.version > 1 else { return [] }
    guard let before else {
      return [
        "what it changes: not shown, since AUDIT_SIGNERS_FILE is not the version before it; compare all of the above"
      ]
    }
    return ["what it changes:"] + registry.differences(from: before).flatMap(line)
  }

  private func line(_ difference: RegistryDifference) -> [String] {
    guard difference.member != "signer", let kid = difference.kid else {
      if difference.member == "signer" {
        return ["  \(difference.new == nil ? "gone" : "new"): \(named(difference.kid ?? ""))"]
      }
      return ["  \(difference.member): \(word(difference.old)) -> \(word(difference.new))"]
    }
    return ["  \(named(kid)) \(difference.member.visible): \(word(difference.old)) -> \(word(difference.new))"]
  }

  private func word(_ value: JSONValue?) -> String {
    guard let value else { return "none" }
    return (value.string ?? String(decoding: value.canonicalBytes, as: UTF8.self)).visible
  }
}
