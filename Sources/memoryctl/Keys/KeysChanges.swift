// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import Signing

private let changeHelp = """
  \(KeysCommand.variables)

  Exit status: 65 the proof does not hold, 73 there is no proof, or the change is none, 75 another version came first.
  """

/// Makes a refusal of what a registry cannot become.
private func registry(_ body: () throws(DocumentError) -> SignerRegistry) throws(Failure) -> SignerRegistry {
  do throws(DocumentError) { return try body() } catch {
    throw Failure(
      .refused, error.reason, on: "the next version of the registry", remedy: "look at memoryctl keys list",
      cause: error)
  }
}

/// Now, as documents have it.
private func thisSecond() -> Timestamp { Timestamp(Timestamp.now().isoSeconds) ?? .now() }

private func time(_ text: String?, _ option: String) throws -> Timestamp? {
  try text.map { text in
    guard let time = Timestamp(text) else { throw ValidationError("\(option) takes a time like 2026-01-01T00:00:00Z") }
    return time
  }
}

extension KeysCommand {
  struct Promote: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let candidates count: needs a combined proof; the first version is approved by its own signers.",
      discussion: changeHelp)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var change: RegistryChangeOptions
    @Argument(help: "Ids of candidates.") var kids: [String]

    func run() throws {
      let desk = try RegistryDesk(common, archive, founding: change.payload)
      try RegistryChange(desk: desk, options: change, table: table, event: "signer.promoted", kids: kids).run {
        guard let current = desk.current else { return try founding(desk) }
        let candidates = try desk.candidates(kids)
        return try registry { () throws(DocumentError) in
          try current.registry.promoting(
            candidates, threshold: change.threshold, reason: change.reason, at: thisSecond())
        }
      }
    }

    /// The first version: the candidates, and whom the list had before.
    private func founding(_ desk: RegistryDesk) throws -> SignerRegistry {
      let candidates = try desk.candidates(kids)
      guard let threshold = change.threshold else {
        throw ValidationError("the first version needs --threshold: how many of its signers have to agree")
      }
      let listed = desk.file.signers.filter { $0.status != .candidate }
      let roster = candidates.filter { $0.key.uses.contains(.multisig) }.map(\.kid)
      return try registry { () throws(DocumentError) in
        try SignerRegistry.first(
          stream: desk.archive.stream, candidates: candidates, listed: listed,
          policy: MultisigPolicy(threshold: threshold, signers: roster), reason: change.reason, at: thisSecond())
      }
    }
  }

  struct Retire: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let keys end: what they signed until then stays valid. Needs a combined proof.",
      discussion: changeHelp)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var change: RegistryChangeOptions
    @Option(help: "Until when their signatures count, as 2026-01-01T00:00:00Z; by default now.") var at: String?
    @Argument(help: "Ids of active signers.") var kids: [String]

    func run() throws {
      let desk = try RegistryDesk(common, archive)
      let now = thisSecond()
      let end = try time(at, "--at") ?? now
      try RegistryChange(desk: desk, options: change, table: table, event: "signer.retired", kids: kids).run {
        let current = try desk.required()
        return try registry { () throws(DocumentError) in
          try current.retiring(kids, at: end, threshold: change.threshold, reason: change.reason, now: now)
        }
      }
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take the trust from keys, from --compromised-since on. Needs a combined proof, or --emergency.",
      discussion: """
        With --emergency one signer of the multisig (--signer) revokes a key at once; verifiers go by it, and say that it \
        is unratified, until a version of the registry revokes the key too, or dismisses it.

        \(changeHelp)
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var change: RegistryChangeOptions
    @Option(help: "Since when the key may have been in other hands, as 2026-01-01T00:00:00Z.")
    var compromisedSince: String?
    @Flag(help: "At once, on one signer's word; to be ratified.") var emergency = false
    @Option(help: "With --emergency: the signer of the multisig whose word it is, as a spec.") var signer: String?
    @Option(help: "Digest of an emergency revocation that this version settles without upholding it.") var dismiss:
      [String] = []
    @Argument(help: "Ids of signers; none where only --dismiss is given.") var kids: [String] = []

    func validate() throws {
      guard emergency == (signer != nil) else { throw ValidationError("--emergency and --signer go together") }
      guard !emergency || (compromisedSince != nil && kids.count == 1 && change.propose == nil && change.payload == nil)
      else { throw ValidationError("--emergency takes one id and --compromised-since, and needs no proof yet") }
      guard !kids.isEmpty || !dismiss.isEmpty else { throw ValidationError("name a signer") }
    }

    func run() throws {
      let desk = try RegistryDesk(common, archive)
      let since = try time(compromisedSince, "--compromised-since")
      if emergency, let since, let signer {
        return try EmergencyJob(desk: desk, table: table, retention: change.retention).run(
          kids[0], since: since, reason: change.reason, signer: signer)
      }
      let dismissed = try dismiss.map { text in
        guard let digest = Digest(hex: text) else { throw ValidationError("--dismiss takes a digest in hex") }
        return digest
      }
      try RegistryChange(desk: desk, options: change, table: table, event: "signer.revoked", kids: kids).run {
        let current = try desk.required()
        return try registry { () throws(DocumentError) in
          try current.revoking(
            kids, compromisedSince: since, threshold: change.threshold, reason: change.reason, dismissing: dismissed,
            now: thisSecond())
        }
      }
    }
  }
}

extension RegistryDesk {
  /// - Throws: where there is no version yet.
  func required() throws(Failure) -> SignerRegistry {
    guard let current else {
      throw Failure(
        .refused, "there is no version of the registry yet", on: "AUDIT_SIGNERS_FILE",
        remedy: "memoryctl keys promote makes the first one; or set AUDIT_SIGNERS_PIN")
    }
    return current.registry
  }
}
