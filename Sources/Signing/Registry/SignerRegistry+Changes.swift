// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

extension SignerRegistry {
  /// The first version, which its own signers approve and verifiers take on trust.
  ///
  /// - Parameters:
  ///   - candidates: become active, with the times that they have.
  ///   - listed: signers of a list that had no versions; they stay as they are.
  public static func first(
    stream: String, candidates: [SignerEntry], listed: [SignerEntry] = [], policy: MultisigPolicy, reason: String,
    at time: Timestamp
  ) throws(DocumentError) -> SignerRegistry {
    var signers: [SignerEntry] = []
    for signer in listed + candidates {
      let status = signer.status == .candidate ? SignerEntry.Status.active : signer.status
      signers.append(try signer.changing(["status": .string(status.rawValue)]))
    }
    let change = Change(event: "signer.promoted", signers: candidates.map(\.kid), reason: reason)
    return try SignerRegistry(
      stream: stream, version: 1, previous: nil, createdAt: time, change: change, policy: policy, signers: signers)
  }

  /// Takes candidates in: they count from then on, and those that may sign for the multisig join its roster.
  ///
  /// - Parameter threshold: nil leaves it as it is.
  public func promoting(
    _ candidates: [SignerEntry], threshold: Int?, reason: String, at time: Timestamp
  ) throws(DocumentError) -> SignerRegistry {
    var signers = signers
    var roster = policy.signers
    for candidate in candidates {
      if let known = signer(candidate.kid) {
        guard known.status == .candidate, known.key.isSameKey(as: candidate.key) else {
          throw DocumentError("\"\(candidate.kid)\" is \(known.status.rawValue) in version \(version)")
        }
        signers.removeAll { $0.kid == candidate.kid }
      }
      let start = max(candidate.key.validity.lowerBound, time)
      signers.append(
        try candidate.changing(["status": "active", "notBefore": .string(start == time ? time.isoSeconds : start.iso)]))
      if candidate.key.uses.contains(.multisig) { roster.append(candidate.kid) }
    }
    return try next(
      Change(event: "signer.promoted", signers: candidates.map(\.kid), reason: reason), at: time, signers: signers,
      MultisigPolicy(threshold: threshold ?? policy.threshold, signers: roster))
  }

  /// Lets keys end: what they signed until `end` stays valid.
  public func retiring(
    _ kids: [String], at end: Timestamp, threshold: Int?, reason: String, now: Timestamp
  ) throws(DocumentError) -> SignerRegistry {
    try replacing(kids, Change(event: "signer.retired", signers: kids, reason: reason), now, threshold, dismissed) {
      (signer) throws(DocumentError) in
      guard signer.status == .active else {
        throw DocumentError("\"\(signer.kid)\" is \(signer.status.rawValue), not active")
      }
      return try signer.changing(["status": "retired", "retiredAt": .string(end.isoSeconds)])
    }
  }

  /// Takes the trust from keys: for good, and from `compromisedSince` on where that is known.
  ///
  /// - Parameter dismissed: emergency revocations that are hereby settled without being upheld.
  public func revoking(
    _ kids: [String], compromisedSince: Timestamp?, threshold: Int?, reason: String, dismissing: [Digest] = [],
    now: Timestamp
  ) throws(DocumentError) -> SignerRegistry {
    let change = Change(event: "signer.revoked", signers: kids, reason: reason)
    return try replacing(kids, change, now, threshold, dismissed + dismissing) { (signer) throws(DocumentError) in
      try signer.revoked(at: now, compromisedSince: compromisedSince)
    }
  }

  private func replacing(
    _ kids: [String], _ change: Change, _ now: Timestamp, _ threshold: Int?, _ dismissed: [Digest],
    _ body: (SignerEntry) throws(DocumentError) -> SignerEntry
  ) throws(DocumentError) -> SignerRegistry {
    for kid in kids where signer(kid) == nil { throw DocumentError("\"\(kid)\" is no signer of version \(version)") }
    var replaced: [SignerEntry] = []
    for signer in signers { replaced.append(kids.contains(signer.kid) ? try body(signer) : signer) }
    let roster = policy.signers.filter { !kids.contains($0) }
    return try next(
      change, at: now, signers: replaced, MultisigPolicy(threshold: threshold ?? policy.threshold, signers: roster),
      dismissed: dismissed)
  }

  private func next(
    _ change: Change, at time: Timestamp, signers: [SignerEntry], _ policy: MultisigPolicy, dismissed: [Digest]? = nil
  ) throws(DocumentError) -> SignerRegistry {
    guard !change.signers.isEmpty || dismissed != nil else { throw DocumentError("no signer is named") }
    guard time >= createdAt else {
      throw DocumentError("version \(version) is from the future: \(createdAt.isoSeconds)")
    }
    return try SignerRegistry(
      stream: stream, version: version + 1, previous: digest, createdAt: time, change: change, policy: policy,
      dismissed: dismissed ?? self.dismissed, signers: signers)
  }
}

extension SignerEntry {
  /// The same without trust; an earlier theft that is known of stays.
  func revoked(at time: Timestamp, compromisedSince: Timestamp?) throws(DocumentError) -> SignerEntry {
    var changes: [String: JSONValue?] = ["status": "revoked"]
    if json["revokedAt"]?.string == nil { changes["revokedAt"] = .string(time.isoSeconds) }
    let known = json["compromisedSince"]?.string.flatMap { Timestamp($0) }
    if let since = [compromisedSince, known].compactMap({ $0 }).min() {
      changes["compromisedSince"] = .string(since.iso)
    }
    return try changing(changes)
  }
}
