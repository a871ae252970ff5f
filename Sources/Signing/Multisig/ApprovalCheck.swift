// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography

/// Judges approvals of one proposal by the registry alone.
public struct ApprovalCheck: Sendable {
  /// Seconds after which an approval is stale: 14 days.
  public static var defaultLifetime: Int64 { 14 * 86_400 }

  public let proposal: Proposal
  /// The newest version that is trusted; nil for a registry's first version, which its own signers approve.
  public let registry: SignerRegistry?
  /// The registry's keys as emergency revocations leave them; nil where those are not known.
  private let standing: KeyRegistry?
  public let lifetime: Int64
  public let now: Timestamp

  /// - Parameter standing: the registry's keys as emergency revocations leave them. They count against approvals of upgrades
  ///   and rollbacks; who follows in the registry is decided by what is ratified alone.
  public init(
    _ proposal: Proposal, _ registry: SignerRegistry?, standing: KeyRegistry? = nil,
    lifetime: Int64 = ApprovalCheck.defaultLifetime, now: Timestamp = .now()
  ) {
    self.standing = standing
    self.proposal = proposal
    self.registry = registry
    self.lifetime = lifetime
    self.now = now
  }

  /// What was found of a proof, or of approvals on their way to one.
  public struct Verdict: Sendable {
    /// Ids of the distinct keys that count.
    public var approved: [String] = []
    public var threshold: Int
    public var refused: [QuorumCount.Refusal] = []
    /// Why nothing can be approved, whoever signed it.
    public var problems: [String] = []

    public var isReached: Bool { problems.isEmpty && refused.isEmpty && approved.count >= threshold }
  }

  /// Rosters that have to agree, the older one first.
  private var quorums: [Quorum] {
    guard case .registry(let next) = proposal else {
      return registry.map { [Quorum($0.policy, standing ?? $0.keys)] } ?? []
    }
    return (registry.map { [$0.quorum] } ?? []) + [next.quorum]
  }

  /// Signatures that every roster asks for, at most.
  public var threshold: Int { quorums.map(\.policy.threshold).max() ?? 1 }

  /// Ids of those who may approve.
  public var roster: [String] {
    quorums.flatMap(\.policy.signers).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Checks a combined proof.
  public func verdict(_ proof: Proof) -> Verdict {
    guard proof.digest == proposal.digest else {
      return Verdict(
        threshold: threshold,
        problems: ["the proof is over \(proof.digest.hex), and the proposal's digest is \(proposal.digest.hex)"])
    }
    var verdict = verdict(proof.signatures)
    if proof.threshold < threshold {
      verdict.problems.append("the proof asks for \(proof.threshold) signatures, and the registry for \(threshold)")
    }
    return verdict
  }

  /// Counts signatures over the proposal.
  public func verdict(_ signatures: [Proof.Signature]) -> Verdict {
    let counts = quorums.map { $0.count(signatures, over: proposal.digest, at: [proposal.createdAt, now]) }
    var verdict = Verdict(threshold: threshold)
    verdict.problems = problems
    for signature in signatures where !verdict.approved.contains(signature.kid) {
      if counts.contains(where: { $0.approved.contains(signature.kid) }) {
        verdict.approved.append(signature.kid)
      } else if let refusal = counts.flatMap(\.refused).first(where: { $0.kid == signature.kid }),
        !verdict.refused.contains(refusal)
      {
        verdict.refused.append(refusal)
      }
    }
    for refusal in counts.flatMap(\.refused) where refusal.reason == "is listed twice" {
      if !verdict.refused.contains(refusal) { verdict.refused.append(refusal) }
    }
    // Each roster has to agree by itself.
    if let short = counts.first(where: { !$0.isReached }) {
      verdict.problems.append("\(short.approved.count) distinct signers approved, \(short.threshold) are needed")
    }
    return verdict
  }

  /// Why an approval's file is of no use here; nil where its signature may count.
  public func fault(of approval: Approval) -> String? {
    guard approval.payloadFormat == proposal.format else {
      return "it approves a document of another type, \(approval.payloadFormat)"
    }
    guard approval.stream == proposal.stream else { return "it is for another stream, \"\(approval.stream)\"" }
    guard approval.digest == proposal.digest else { return "it approves another document, \(approval.digest.hex)" }
    guard approval.signedAt.advanced(bySeconds: lifetime) >= now else {
      return "it is stale: signed at \(approval.signedAt.isoSeconds)"
    }
    let verdict = verdict([approval.signature])
    return verdict.refused.first?.description
  }

  /// Why the proposal itself cannot be approved now.
  private var problems: [String] {
    var problems: [String] = []
    if proposal.createdAt.advanced(bySeconds: lifetime) < now {
      problems.append(
        "the approvals are stale: the proposal is from \(proposal.createdAt.isoSeconds), and \(lifetime / 86_400) days "
          + "are the limit")
    }
    if proposal.createdAt > now.advanced(bySeconds: 300) {
      problems.append("the proposal is from the future: \(proposal.createdAt.isoSeconds)")
    }
    if let registry, registry.stream != proposal.stream {
      problems.append("the proposal is for the stream \"\(proposal.stream)\", the registry for \"\(registry.stream)\"")
    }
    if case .registry(let next) = proposal { problems += Self.faults(of: next, after: registry) }
    return problems
  }

  /// Why a version of the registry can be nobody's wish as it stands.
  private static func faults(of next: SignerRegistry, after registry: SignerRegistry?) -> [String] {
    guard next.version == (registry?.version ?? 0) + 1, next.previous == registry?.digest else {
      return ["version \(next.version) does not follow version \(registry?.version ?? 0), which is the newest"]
    }
    let ids = next.change.signers.filter { registry?.signer($0) == nil }.compactMap { SignerEntry.fault(ofID: $0) }
    guard let registry else { return ids }
    return ids + [next.fault(after: registry) ?? next.changeFault(after: registry)].compactMap { $0 }
  }

  /// Why the proposal cannot be what its signers are told, by the version at hand; nil where that is not the one before.
  public static func fault(of next: SignerRegistry, after atHand: SignerRegistry?) -> String? {
    guard next.version == 1 || atHand?.digest == next.previous else { return nil }
    return faults(of: next, after: next.version == 1 ? nil : atHand).first
  }
}
