// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import DrillRunner
import Signing

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "The signer registry: who signs, since when, and who decides of it.",
    subcommands: [List.self, Add.self, Test.self, Promote.self, Retire.self, Revoke.self])

  static let variables = """
    Variables: AUDIT_SIGNERS_FILE, AUDIT_SIGNERS_PIN, AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, DATABASE_URL, AUDIT_TABLE, \
    AUDIT_ARCHIVE_RETENTION_DAYS, and those of the signers.
    """
}

extension KeysCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Walk from the pinned version of the registry to the newest, and list its signers.",
      discussion: """
        \(KeysCommand.variables)

        Exit status: 65 a version is missing, forked, rolled back, or not approved by enough signers, 66 there is no registry.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions

    func run() throws {
      let context = try JobContext(common, checksSignatures: false).following(archive)
      guard let trusted = context.trusted else { return try listFile(context) }
      let registry = trusted.newest
      let findings = context.registryFindings
      let json = JSONValue.object([
        "version": .count(registry.version), "digest": .digest(registry.digest),
        "versions": .array(
          trusted.walk.trusted.map { version in
            .object([
              "version": .count(version.registry.version), "digest": .digest(version.digest),
              "createdAt": .string(version.registry.createdAt.isoSeconds),
              "event": .string(version.registry.change.event),
              "signers": .array(version.registry.change.signers.map { .string($0) }),
              "approvedBy": .array(version.proof.signatures.map { .string($0.kid) }),
            ])
          }),
        "multisig": .object([
          "threshold": .count(registry.policy.threshold),
          "signers": .array(registry.policy.signers.map { .string($0) }),
        ]),
        "signers": .array((trusted.signers + trusted.candidates).map(\.json)),
        "unratified": .array(trusted.emergencies.map(\.json)),
        "findings": .array(
          findings.map { .object(["object": .string($0.object), "reason": .string($0.reason)]) }),
      ])
      try context.console.finish(
        json, text(trusted, findings.map(\.description)), status: findings.isEmpty ? .success : .integrity)
    }

    private func text(_ trusted: TrustedRegistry, _ findings: [String]) -> String {
      let registry = trusted.newest
      var lines = ["version \(registry.version) of \(registry.createdAt.isoSeconds), digest \(registry.digest.hex)"]
      lines.append("multisig: \(registry.policy.threshold) of \(registry.policy.signers.joined(separator: ", "))")
      lines += (trusted.signers + trusted.candidates).map(Self.line)
      lines += trusted.emergencies.map {
        "UNRATIFIED: \"\($0.kid)\" revoked since \($0.compromisedSince.isoSeconds), \($0.digest.hex): \($0.reason)"
      }
      return (lines + findings.map { "  \($0)" }).joined(separator: "\n")
    }

    private static func line(_ signer: SignerEntry) -> String {
      let uses = ["events", "manifests", "multisig"].filter { use in signer.key.uses.contains { $0.rawValue == use } }
      var text = "  \(signer.status.rawValue.padded(to: 9))  \(signer.kid)  \(signer.key.algorithm.rawValue)"
      text += "  \(uses.joined(separator: ","))  key \(signer.key.publicKey?.fingerprint.hex.prefix(16) ?? "-")"
      if let since = signer.untrustedSince { text += "  untrusted since \(since.isoSeconds)" }
      return text + (signer.source.map { "  \($0)" } ?? "")
    }

    /// A list that nobody has signed.
    private func listFile(_ context: JobContext) throws {
      guard let file = try RegistryAtHand(context.environment)?.file else {
        throw Failure(
          .nothingToCheck, "there is no registry", on: "AUDIT_SIGNERS_FILE", remedy: "name one, or pin the archive's")
      }
      let signers = file.signers + (file.pinned?.registry.signers ?? [])
      try context.console.finish(
        .object(["version": .null, "signers": .array(signers.map(\.json))]),
        (["a list without versions"] + signers.map(Self.line)).joined(separator: "\n"))
    }
  }

  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have signers of the registry sign a training payload, and verify it by their public keys.",
      discussion: """
        \(KeysCommand.variables)

        Exit status: 65 a signature does not verify, 69 one cannot be reached, 78 one has no source.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @Argument(help: "Ids of signers; by default the candidates.") var kids: [String] = []

    func run() throws {
      let desk = try RegistryDesk(common, archive)
      let listed = desk.file.signers + (desk.current?.registry.signers ?? [])
      let chosen = try kids.isEmpty ? listed.filter { $0.status == .candidate } : kids.map { try find($0, listed) }
      guard !chosen.isEmpty else {
        throw Failure(.nothingToCheck, "there is no candidate", remedy: "name signers: memoryctl keys list shows them")
      }
      let results = chosen.map { KeyTest(KeyRegistry(listed), $0, desk.context) }
      let lines = results.map { "\($0.failure == nil ? "ok    " : "FAILED")  \($0.kid): \($0.detail)" }
      try desk.context.console.finish(
        .object(["signers": .array(results.map(\.json))]), lines.joined(separator: "\n"),
        status: results.lazy.compactMap { $0.failure?.status }.first ?? .success)
    }

    private func find(_ kid: String, _ listed: [SignerEntry]) throws(Failure) -> SignerEntry {
      guard let entry = listed.first(where: { $0.kid == kid }) else {
        throw Failure(.usage, "no signer is called \"\(kid)\"", remedy: "memoryctl keys list shows them")
      }
      return entry
    }
  }
}

/// A trial of one signer of the registry.
struct KeyTest {
  let kid: String
  let detail: String
  let failure: Failure?

  /// - Parameter registry: gives the signer its id and its key.
  init(_ registry: KeyRegistry, _ entry: SignerEntry, _ context: JobContext) {
    kid = entry.kid
    do {
      guard let source = entry.source else {
        throw Failure(.configuration, "it has no source", on: kid, remedy: "add the signer's spec to its entry")
      }
      let signer = try SignerChoice.signer(
        source, context.environment, registry: registry, over: context.connections, variable: "source of \(kid)")
      try registry.requireKey(of: signer, kid)
      let health = try signer.selfTest()
      detail = health.detail
      failure =
        health.isUsable ? nil : Failure(.integrity, health.detail, on: kid, remedy: "do not promote it")
    } catch {
      let caught = Failure(from: error)
      detail = caught.description
      failure = caught
    }
  }

  var json: JSONValue {
    .object(["kid": .string(kid), "ok": .bool(failure == nil), "detail": .string(detail)])
  }
}
