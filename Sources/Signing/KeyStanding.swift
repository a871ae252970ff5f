// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// Where a key is in its life.
public enum KeyStanding: Equatable, Sendable {
  /// It counts within its validity, which ends with its retirement.
  case active
  /// It is being tried out and counts for nothing yet.
  case candidate
  /// From this instant on it counts for nothing: since it was revoked, or since it may have been stolen.
  case revoked(since: Timestamp)
}

extension VerificationKey {
  /// Why a signature of the key made at `time` does not count; nil where it does.
  public func refusal(at time: Timestamp, for use: KeyUse) -> String? {
    switch standing {
    case .candidate: return "\"\(kid)\" is a candidate and counts for nothing yet"
    // Manifests and approvals say the second that they are of: one that holds the theft may be from after it.
    case .revoked(let since) where time >= (use == .events ? since : since.wholeSecond):
      return "\"\(kid)\" is revoked since \(since.isoSeconds)"
    case .active, .revoked: break
    }
    guard uses.contains(use) else { return "\"\(kid)\" may not sign \(use.rawValue)" }
    return validity.contains(time) ? nil : "\"\(kid)\" was not valid at \(time.isoSeconds)"
  }

  /// Whether a row's signature of the key may count at that time; the key is for events.
  @inline(__always)
  func counts(at time: Timestamp) -> Bool {
    guard validity.contains(time) else { return false }
    if case .revoked(let since) = standing { return time < since }
    return standing == .active
  }
}

extension KeyRegistry {
  /// Refuses to sign with a key whose signature would not count.
  public func refuse(_ signer: any Signer, for use: KeyUse, at time: Timestamp) throws(Failure) {
    guard let key = entry(of: signer.description), let reason = key.refusal(at: time, for: use)
    else { return }
    throw Failure(
      .configuration, "the registry does not let this key sign: \(reason)", on: "AUDIT_SIGNERS_FILE",
      remedy: "sign with another key, or promote this one")
  }
}
