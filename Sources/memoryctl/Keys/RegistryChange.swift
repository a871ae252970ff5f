// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import Signing

/// How a change of the registry is proposed, and then made with its combined proof.
struct RegistryChangeOptions: ParsableArguments {
  @Option(help: "Write the next version to this file, for the signers to approve; nothing changes yet.")
  var propose: String?
  @Option(help: "The proposed version, as it was approved.") var payload: String?
  @Option(help: "Its combined proof: memoryctl multisig combine makes it.") var proof: String?
  @Option(help: "Why, for the record.") var reason = ""
  @Option(help: "Signatures that the multisig asks for from then on; by default as before.") var threshold: Int?
  @Option(help: "Days after which approvals are stale.") var lifetime = 14
  @OptionGroup var retention: RetentionOptions

  func validate() throws {
    try requireRange(lifetime, 1...365, "--lifetime")
    if let threshold { try requireRange(threshold, 1...1000, "--threshold") }
    guard (payload == nil) == (proof == nil) else { throw ValidationError("--payload and --proof go together") }
    guard propose == nil || payload == nil else {
      throw ValidationError("--propose goes without --payload and --proof")
    }
  }

  var lifetimeSeconds: Int64 { Int64(lifetime) * 86_400 }
}

/// A change of the registry: proposed, or made.
struct RegistryChange {
  let desk: RegistryDesk
  let options: RegistryChangeOptions
  let table: TableOptions
  /// `signer.promoted` and so on.
  let event: String
  let kids: [String]

  /// - Parameter next: makes the version that is proposed.
  func run(_ next: () throws -> SignerRegistry) throws {
    if let path = options.propose { return try propose(try next(), path) }
    guard let payload = options.payload, let proof = options.proof else {
      throw Failure(
        .refused, "this needs a combined proof of the registry's signers", on: kids.joined(separator: ", "),
        remedy: "write the next version by --propose FILE, have it approved by memoryctl multisig sign or collect, and "
          + "give --payload and --proof")
    }
    try apply(try DocumentFiles.proposal(payload), try DocumentFiles.proof(proof), payload)
  }

  private func propose(_ registry: SignerRegistry, _ path: String) throws {
    let proposal = Proposal.registry(registry)
    let check = ApprovalCheck(proposal, desk.current?.registry)
    try refuseUnapprovable(proposal, registry)
    try DocumentFiles.create(path, proposal.bytes)
    let words = desk.current == nil ? "its own signers" : "signers of the old and of the new roster"
    try desk.context.console.finish(
      .object([
        "payload": .string(path), "digestHex": .digest(proposal.digest), "version": .count(registry.version),
        "threshold": .count(check.threshold), "roster": .array(check.roster.map { .string($0) }),
      ]),
      """
      version \(registry.version) is proposed in \(path), digest \(proposal.digest.hex)
      it needs \(check.threshold) approvals of \(words): \(check.roster.joined(separator: ", "))
      next: memoryctl multisig sign --payload \(path) --signer SPEC --out FILE
      """)
  }

  /// Nobody is asked to approve what nobody could.
  private func refuseUnapprovable(_ proposal: Proposal, _ registry: SignerRegistry) throws(Failure) {
    do throws(DocumentError) {
      _ = try Proposal(parsing: proposal.bytes)
      if let fault = ApprovalCheck.fault(of: registry, after: desk.current?.registry) { throw DocumentError(fault) }
    } catch {
      throw Failure(
        .refused, error.reason, on: "version \(registry.version) of the registry",
        remedy: "correct what AUDIT_SIGNERS_FILE lists, then propose it again", cause: error)
    }
  }

  private func apply(_ proposal: Proposal, _ proof: Proof, _ path: String) throws {
    guard case .registry(let next) = proposal, next.change.event == event, Set(next.change.signers) == Set(kids) else {
      throw Failure(
        .refused, "this is not the proposal of that change", on: path,
        remedy: "give the file that the same command wrote by --propose")
    }
    let archive = desk.archive
    let (place, retention) = (archive.name(key(next)), try options.retention.retention(desk.context.environment))
    let record = PendingRecord(desk.context, table, "version \(next.version) of the registry is in force")
    try record.requirePlace()
    var version = RegistryVersion(next, proof: proof)
    if let published = try desk.published(version.digest) {
      // The run that wrote it may have ended before it looked at the lock.
      try archive.secure(published.document, at: key(next), retention: retention)
      version = published
    } else {
      try requireUnovertaken(next)
      try require(
        ApprovalCheck(proposal, desk.current?.registry, lifetime: options.lifetimeSeconds).verdict(proof), path)
      version = try archive.publish(version, after: desk.current, retention: retention)
    }
    keep(version)
    // By the keys that count now: the change may be what gives the events a key that does.
    try record.run(on: place, since: next.createdAt, events(version)) { [desk] in
      try desk.context.following(version, archive)
    }
    try desk.context.console.finish(
      .object([
        "version": .count(next.version), "digest": .digest(version.digest), "event": .string(event),
        "signers": .array(kids.map { .string($0) }), "object": .string(place),
      ]), "version \(next.version) is in force: \(place)\ndigest \(version.digest.hex)")
  }

  /// Refuses what was proposed on top of a version that others have been put on since.
  private func requireUnovertaken(_ next: SignerRegistry) throws(Failure) {
    guard let newest = desk.current?.registry, next.version <= newest.version else { return }
    throw Failure(
      .tryLater, "another version \(next.version) has come first, and \(newest.version) is the newest",
      on: desk.archive.name(key(next)), remedy: "propose the change again, on top of that one")
  }

  private func events(_ version: RegistryVersion) -> [(type: String, payload: JSONValue)] {
    guard !kids.isEmpty else { return [("signer.revocation_dismissed", payload(version, nil))] }
    return kids.map { (event, payload(version, $0)) }
  }

  private func key(_ registry: SignerRegistry) -> String { ArchiveStore.Archive.signersKey(registry.version) }

  /// - Parameter kid: nil for a version that settles emergency revocations alone.
  private func payload(_ version: RegistryVersion, _ kid: String?) -> JSONValue {
    let entry = kid.flatMap { version.registry.signer($0) }
    return .object([
      "signer_kid": kid.map { .string($0) } ?? .null, "registryVersion": .count(version.registry.version),
      "registryDigest": .digest(version.digest), "proofSha256": .digest(SHA256.hash(version.proof.json.canonicalBytes)),
      "approvedBy": .array(version.proof.signatures.map { .string($0.kid) }),
      "reason": .string(version.registry.change.reason),
      "status": (entry?.status.rawValue).map { .string($0) } ?? .null,
      "untrustedSince": entry?.untrustedSince.map { .string($0.iso) } ?? .null,
      "dismissed": .array(version.registry.dismissed.map { .digest($0) }),
    ])
  }

  /// Brings the operator's own file up to the new version, unless it is there or further; whoever cannot write it still
  /// walks there.
  private func keep(_ version: RegistryVersion) {
    do {
      guard let path = desk.atHand?.path,
        desk.file.pinned.map({ $0.registry.version < version.registry.version }) ?? true
      else { return }
      let candidates = desk.file.candidates.filter { version.registry.signer($0.kid) == nil }
      try DocumentFiles.replace(path, SignersFile(pinned: version, signers: candidates).bytes)
    } catch {
      desk.context.console.warn("AUDIT_SIGNERS_FILE is left as it was: \(error)")
    }
  }
}

/// Refuses what enough distinct signers have not approved, and names each signature that does not count.
func require(_ verdict: ApprovalCheck.Verdict, _ object: String) throws(Failure) {
  guard !verdict.isReached else { return }
  throw Failure(
    .integrity, "it is not approved: " + verdict.reasons.joined(separator: "; "), on: object,
    remedy: "collect approvals of \(verdict.threshold) distinct signers that the registry lists; nothing was done")
}

extension ApprovalCheck.Verdict {
  /// Everything that stands against it.
  var reasons: [String] { problems + refused.map(\.description) }
}
