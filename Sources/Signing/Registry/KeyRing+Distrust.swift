// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

extension KeyRing {
  /// Why a proof that verifies is worth nothing: a key of it was revoked from before `time` on.
  ///
  /// - Returns: nil where the proof counts, or fails for another reason.
  public func distrust(_ proof: Proof, over digest: Digest, at time: Timestamp, for use: KeyUse) -> String? {
    guard case .invalid(let reason) = verify(proof, over: digest, at: time, for: use) else { return nil }
    guard case .valid = KeyRing(keys.map(\.unrevoked)).verify(proof, over: digest, at: time, for: use) else {
      return nil
    }
    return reason
  }

  /// Whether a proof counts, and each of its keys still signs today, by the registry where there is one.
  ///
  /// A proof says itself when it was made, and who gets hold of an old key says what they like: only that a key is in use
  /// now shows that it is in its owner's hands.
  public func isBeyondDoubt(
    _ proof: Proof, over digest: Digest, at time: Timestamp, for use: KeyUse, now: Timestamp
  ) -> Bool {
    let listed = registered.map { keys.prefix($0) } ?? keys[...]
    let active = KeyRing(listed.filter { $0.refusal(at: now, for: use) == nil && $0.standing == .active })
    if case .valid = active.verify(proof, over: digest, at: time, for: use) { return true }
    return false
  }

  /// Ids of the keys for a use that were revoked.
  public func revoked(for use: KeyUse) -> [String] {
    keys.filter { key in
      if case .revoked = key.standing { key.uses.contains(use) } else { false }
    }.map(\.kid)
  }

  /// The same keys, one of them revoked from an instant on.
  ///
  /// - Returns: nil where no key at hand has this id.
  public func distrusting(_ kid: String, since: Timestamp) -> KeyRing? {
    guard let named = keys.first(where: { $0.kid == kid }) else { return nil }
    return KeyRing(
      keys.map { $0.isSameKey(as: named) ? $0.revoked(since: since) : $0 },
      suspect: SuspectKey(key: named, since: since), registered: registered)
  }
}

extension VerificationKey {
  /// The same key as if it had never been revoked.
  var unrevoked: VerificationKey {
    guard case .revoked = standing else { return self }
    return with(.active)
  }

  /// The same key, revoked from then on, or from earlier where it was already.
  func revoked(since: Timestamp) -> VerificationKey {
    guard case .revoked(let known) = standing else { return with(.revoked(since: since)) }
    return with(.revoked(since: min(known, since)))
  }

  private func with(_ standing: KeyStanding) -> VerificationKey {
    VerificationKey(
      kid: kid, algorithm: algorithm, material: material, validity: validity, uses: uses, standing: standing)
  }

  /// Whether the key was revoked from before `time` on, and would count else.
  func isUntrusted(at time: Timestamp) -> Bool {
    if case .revoked(let since) = standing { return time >= since && validity.contains(time) }
    return false
  }
}
