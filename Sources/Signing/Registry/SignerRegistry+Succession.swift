// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Cryptography

extension SignerRegistry {
  /// Why it cannot follow another version, whoever signs it; nil where it can.
  public func fault(after before: SignerRegistry) -> String? {
    guard stream == before.stream else { return "it is the registry of another stream" }
    guard version == before.version + 1 else { return "it is not the version behind \(before.version)" }
    guard previous == before.digest else { return "previousRegistry is not the digest of version \(before.version)" }
    guard createdAt >= before.createdAt else { return "it is older than version \(before.version)" }
    return before.signers.lazy.compactMap { historyFault(of: $0) }.first
  }

  /// What earlier signatures are judged by stays: nobody's key is swapped, taken away, brought back, or cleared of a theft.
  private func historyFault(of old: SignerEntry) -> String? {
    guard let new = signer(old.kid) else { return "\"\(old.kid)\" is missing: its signatures would be nobody's" }
    guard new.key.isSameKey(as: old.key) else { return "\"\(old.kid)\" is another key than before" }
    if let since = old.untrustedSince {
      guard let stays = new.untrustedSince, stays <= since else { return "\"\(old.kid)\" was revoked, and stays so" }
    }
    guard old.status != .candidate else { return nil }
    if old.status == .retired || old.status == .revoked {
      guard new.status == old.status || new.status == .revoked else {
        return "\"\(old.kid)\" was \(old.status.rawValue), and does not come back"
      }
    }
    let (was, now) = (old.key.validity, new.key.validity)
    let hasEnded = old.status != .active || was.upperBound <= createdAt
    guard !hasEnded || now.upperBound <= was.upperBound else {
      return "\"\(old.kid)\" counted until \(was.upperBound.isoSeconds), and does not come back"
    }
    guard now.lowerBound >= was.lowerBound else {
      return "\"\(old.kid)\" counts since \(was.lowerBound.isoSeconds), and is not dated back"
    }
    return new.status == .candidate ? "\"\(old.kid)\" was active, and is no candidate again" : nil
  }
}
