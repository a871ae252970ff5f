// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Signing

/// What approvals are judged by: a proposal, and the registry that this run trusts.
struct MultisigOptions: ParsableArguments {
  @Option(help: "What is approved.") var payload: String
  @Option(help: "Days after which approvals are stale.") var lifetime = 14

  func validate() throws { try requireRange(lifetime, 1...365, "--lifetime") }

  /// - Throws: where no registry is trusted, or something is wrong with the archive's.
  func desk(_ common: CommonOptions, _ archive: ArchiveOptions) throws -> MultisigDesk {
    try MultisigDesk(common, archive, try DocumentFiles.proposal(payload), Int64(lifetime) * 86_400)
  }
}

struct MultisigDesk {
  let context: JobContext
  let proposal: Proposal
  /// The newest version; nil only where the first one itself is proposed.
  let registry: SignerRegistry?
  let check: ApprovalCheck
  /// Of `AUDIT_SIGNERS_FILE`.
  private let candidates: [SignerEntry]

  init(
    _ common: CommonOptions, _ archive: ArchiveOptions, _ proposal: Proposal, _ lifetime: Int64
  ) throws {
    let base = try JobContext(common, checksSignatures: false)
    context = try base.following(archive)
    try context.requireSoundRegistry()
    let hand = try RegistryAtHand(base.environment)
    registry = context.trusted?.newest ?? hand?.file?.pinned?.registry
    candidates = hand?.file?.candidates ?? []
    self.proposal = proposal
    if case .registry(let next) = proposal, next.version == 1, registry == nil {
      check = ApprovalCheck(proposal, nil, lifetime: lifetime)
      return
    }
    guard let registry else {
      throw Failure(
        .configuration, "no registry says who may approve, and how many have to", on: "AUDIT_SIGNERS_FILE",
        remedy: "name a signed version of the registry, or pin the archive's by AUDIT_SIGNERS_PIN")
    }
    check = ApprovalCheck(proposal, registry, standing: context.trusted?.keys, lifetime: lifetime)
  }

  /// The keys of all who may approve.
  var keys: KeyRegistry {
    if case .registry(let next) = proposal { return next.keys }
    return registry?.keys ?? KeyRegistry([])
  }

  /// How a signer of the roster is reached: as the registry that is trusted says, or for a candidate this machine's own
  /// file; never as a proposal says, which nobody has approved yet.
  func source(_ kid: String) -> SignerSpec? {
    if let entry = registry?.signer(kid) { return entry.source }
    return candidates.first { $0.kid == kid }?.source
  }
}

extension ApprovalCheck.Verdict {
  func json(_ digest: JSONValue, _ more: [JSONValue.Member] = []) -> JSONValue {
    .object(
      [
        JSONValue.Member("verdict", .string(isReached ? "approved" : "not approved")),
        JSONValue.Member("digestHex", digest), JSONValue.Member("threshold", .count(threshold)),
        JSONValue.Member("approved", .array(approved.map { .string($0) })),
        JSONValue.Member(
          "refused",
          .array(refused.map { .object(["kid": .string($0.kid), "reason": .string($0.reason)]) })),
        JSONValue.Member("problems", .array(problems.map { .string($0) })),
      ] + more)
  }
}
