// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import Signing

struct MultisigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "multisig",
    abstract: "Approvals of upgrades, rollbacks and the registry's versions by N of M signers.",
    subcommands: [Propose.self, Sign.self, Collect.self, Combine.self, Verify.self, Publish.self])

  static let variables = """
    Variables: AUDIT_SIGNERS_FILE, AUDIT_SIGNERS_PIN, AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, and those of the signers.
    """
}

extension MultisigPayload.Kind {
  /// Reads what --type takes.
  init(option text: String) throws {
    guard let kind = Self(rawValue: text) else { throw ValidationError("--type takes upgrade or rollback") }
    self = kind
  }
}

extension MultisigCommand {
  struct Propose: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write an upgrade or rollback manifest for the signers to approve.",
      discussion: "The file is canonical JSON and a newline. Variables: AUDIT_ARCHIVE_STREAM.")

    @OptionGroup var common: CommonOptions
    @Option(help: "The change's id.") var id: String
    @Option(help: "upgrade or rollback.") var type: String
    @Option(help: "What is changed, and to which version.") var target: String
    @Option(help: "Why.") var rationale: String
    @Option(help: "What it does to the service.") var impact: String
    @Option(help: "What must hold before; may be given several times.") var precondition: [String] = []
    @Option(help: "The file that is deployed: its SHA-256 becomes part of what is approved.") var artifact: String?
    @Option(help: "That SHA-256 in hex, in the place of --artifact.") var patchSha256: String?
    @Option(help: "Who proposes it.") var proposer: String
    @Option(help: "The stream that it is for [AUDIT_ARCHIVE_STREAM, memory-layer].") var stream: String?
    @Option(help: "File to write.") var out: String

    func run() throws {
      guard artifact == nil || patchSha256 == nil else { throw ValidationError("give --artifact or --patch-sha256") }
      let digest = try patchSha256.map { text in
        guard let digest = Digest(hex: text) else { throw ValidationError("--patch-sha256 takes 64 hex digits") }
        return digest
      }
      let environment = common.environment()
      let now = Timestamp.now().isoSeconds
      let proposal = Proposal.payload(
        MultisigPayload(
          stream: try stream ?? environment.value("AUDIT_ARCHIVE_STREAM") ?? "memory-layer", id: id,
          kind: try MultisigPayload.Kind(option: type),
          target: target, rationale: rationale, impact: impact, preconditions: precondition,
          patch: try digest ?? artifact.map(fileDigest), createdAt: Timestamp(now) ?? .now(), proposer: proposer))
      try DocumentFiles.create(out, proposal.bytes)
      try Console(common).finish(
        .object(["payload": .string(out), "digestHex": .digest(proposal.digest)]),
        "\(out), digest \(proposal.digest.hex)\nnext: memoryctl multisig sign --payload \(out) --signer SPEC --out FILE"
      )
    }
  }

  struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Approve a proposal: shows it, signs its digest, and writes a small approval file. Needs no archive.",
      discussion: """
        \(MultisigCommand.variables)

        Exit status: 73 the registry at hand does not list the key as a signer of the multisig, or not by this --kid.
        """)

    @OptionGroup var common: CommonOptions
    @Option(help: "What is approved.") var payload: String
    @Option(help: "kms:<key id or ARN>, proxy:<url>, local:<PEM file>.") var signer: String
    @Option(help: "The signer's id in the registry; by default the one that AUDIT_SIGNERS_FILE has for its key.")
    var kid: String?
    @Option(help: "File to write.") var out: String

    func run() throws {
      let environment = common.environment()
      let proposal = try DocumentFiles.proposal(payload)
      guard let spec = SignerSpec(signer), spec != .mock else {
        throw ValidationError("--signer takes kms:<key>, proxy:<url> or local:<PEM file>")
      }
      let registry = try Self.registry(proposal, environment)
      let before = try Self.before(proposal, environment)
      let opened = try SignerChoice.signer(spec, environment, registry: registry, variable: "--signer")
      let roster = try SigningRoster(proposal, registry, environment)
      let approval = try Approval(proposal, by: opened, as: try roster.kid(of: opened, asked: kid))
      try DocumentFiles.create(out, approval.bytes)
      try Console(common).finish(
        .object([
          "approval": .string(out), "digestHex": .digest(proposal.digest), "kid": .string(approval.signature.kid),
          "approved": proposal.json,
        ]), "\(proposal.summary(after: before))\napproved as \"\(approval.signature.kid)\": \(out)")
    }

    /// The version that a registry's would follow, where `AUDIT_SIGNERS_FILE` has it.
    ///
    /// - Throws: where it shows that the proposal does something else than it says.
    private static func before(_ proposal: Proposal, _ environment: Environment) throws -> SignerRegistry? {
      guard case .registry(let next) = proposal else { return nil }
      let atHand = try RegistryAtHand(environment)?.file?.pinned?.registry
      if let fault = ApprovalCheck.fault(of: next, after: atHand) {
        throw Failure(
          .refused, fault, on: "version \(next.version) of the registry",
          remedy: "ask who proposed it; nothing was signed")
      }
      return next.previous == atHand?.digest ? atHand : nil
    }

    /// Who is called what: by the proposed registry itself, else by the file.
    private static func registry(_ proposal: Proposal, _ environment: Environment) throws -> KeyRegistry? {
      if case .registry(let next) = proposal { return next.keys }
      return try KeyRegistry.load(environment)
    }
  }
}

/// SHA-256 of a file of any size.
func fileDigest(_ path: String) throws -> Digest {
  try FileReader(path: path).digest()
}

extension String {
  /// A text of several lines that cannot pass for what stands around it: its lines behind the first are set in.
  fileprivate var indented: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { String($0).visible }.joined(separator: "\n    | ")
  }
}

extension Proposal {
  /// What a signer approves, in words.
  ///
  /// - Parameter before: the version that a registry's follows, where it is at hand.
  func summary(after before: SignerRegistry?) -> String {
    switch self {
    case .payload(let payload):
      var lines = [
        "\(payload.kind.rawValue) \(payload.id.visible) of \(payload.target.visible), stream \(payload.stream.visible)"
      ]
      lines.append("rationale: \(payload.rationale.indented)\nimpact: \(payload.impact.indented)")
      lines += payload.preconditions.map { "precondition: \($0.indented)" }
      lines.append("patch: \(payload.patch?.hex ?? "none")")
      lines.append("proposed by \(payload.proposer.visible) at \(payload.createdAt.isoSeconds), digest \(digest.hex)")
      return lines.joined(separator: "\n")
    case .registry(let registry): return RegistrySummary(registry, after: before).text
    }
  }
}
