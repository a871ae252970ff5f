// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import DrillRunner
import Signing

/// The final approver's sign-off.
struct Signoff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Record the final approver's sign-off: a locked document, and the event memory.layer.signoff.",
    discussion: """
      Refuses unless every item of the checklist is ticked, and the archive verifies in this same run with all signatures. \
      What looks like a box and is no ticked item, - [x] words, is an open one. The event goes into the chain that is archived.

      Variables: AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, AUDIT_SIGNERS_FILE, AUDIT_SIGNERS_PIN, DATABASE_URL, AUDIT_TABLE, \
      AUDIT_ARCHIVE_RETENTION_DAYS, those of the signers, and the keys as for audit verify.

      Exit status: 65 the archive does not verify, 66 there is no archive, 73 an item is not ticked, or the table \
      holds another chain than the archive.
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var archive: ArchiveOptions
  @OptionGroup var table: TableOptions
  @OptionGroup var signatures: SignatureOptions
  @OptionGroup var retention: RetentionOptions
  @Option(help: "Markdown file with task items, all of them ticked: - [x] …") var checklist: String
  @Option(help: "Who signs off.") var approver: String
  @Option(help: "In which role.") var role: String
  @Option(help: "What is signed off.") var module: String
  @Option(help: "Commit, pull request or change that it is about.") var change: String
  @Option(help: "Remarks.") var notes = ""
  @Option(help: "The approver's own signer, which the registry lists for multisig; by default that of manifests.")
  var signer: String?

  func validate() throws {
    guard try signatures.policy() == .all else {
      throw ValidationError("a sign-off is of an archive whose signatures were all checked: leave --signatures out")
    }
  }

  func run() throws {
    let list = try Checklist(try DocumentFiles.read(checklist, "--checklist"), name: checklist)
    let context = try JobContext(common).following(archive)
    try context.requireSoundRegistry()
    let archive = try context.archive(archive)
    let (signer, kid) = try approver(context)
    let recorder = try EventRecorder(context, table)
    let report = try verified(archive, context)
    try recorder.require(report.headHash, of: archive.url)
    let now = Timestamp(Timestamp.now().isoSeconds) ?? .now()
    let content = content(list, archive.stream, report, now)
    let document = try signer.sign(.signoff, content, as: kid)
    let key = "signoffs/\(now.compact)-\(document.digest.hex.prefix(8)).json"
    try archive.put(document, at: key, retention: retention.retention(context.environment))
    var event = (content.members ?? []).filter { $0.name != "format" }
    event += [
      JSONValue.Member("signer", .string(kid)), JSONValue.Member("proofDigest", .digest(document.digest)),
      JSONValue.Member("object", .string(key)),
    ]
    try recorder.record("memory.layer.signoff", .object(event), since: now)
    try context.console.finish(
      .object(["signoff": content, "signer": .string(kid), "object": .string(archive.name(key))]),
      "signed off by \(approver) as \(role): \(archive.name(key))")
  }

  /// Who signs, under the id that the registry has for the key.
  private func approver(_ context: JobContext) throws -> (any Signer, String) {
    guard let text = signer else {
      let signer = try context.manifestSigner()
      return (signer, context.registry?.kid(of: signer.description) ?? signer.description.kid)
    }
    guard let spec = SignerSpec(text), spec != .mock else {
      throw ValidationError("--signer takes kms:<key>, proxy:<url> or local:<PEM file>")
    }
    let opened = try SignerChoice.signer(
      spec, context.environment, registry: context.registry, over: context.connections, variable: "--signer")
    guard let registry = context.registry, registry.lists(opened.description) else {
      throw Failure(
        .configuration, "the registry does not list this key", on: "--signer",
        remedy: "take the approver in: memoryctl keys add, then promote")
    }
    try registry.refuse(opened, for: .multisig, at: .now())
    return (opened, registry.kid(of: opened.description))
  }

  /// Verifies the archive.
  private func verified(_ archive: ArchiveStore.Archive, _ context: JobContext) throws -> VerifyReport {
    let report = try ArchiveVerifier(
      try context.settings(table, signatures, checksManifests: true), archive, progress: context.console,
      cancellation: context.cancellation
    ).run()
    guard report.isIntact else {
      let first =
        report.findings.first?.description ?? report.anomalies.listed.first.map { "row \($0.id): \($0.detail)" }
      throw Failure(
        .integrity, "the archive does not verify: \(first ?? "")", on: archive.url,
        remedy: "run memoryctl audit verify; nothing was signed off")
    }
    return report
  }

  private func content(_ list: Checklist, _ stream: String, _ report: VerifyReport, _ now: Timestamp) -> JSONValue {
    .object([
      "format": "audit-signoff/v1", "stream": .string(stream), "approver": .string(approver), "role": .string(role),
      "module": .string(module), "createdAt": .string(now.isoSeconds), "notes": .string(notes),
      "checklistSha256": .digest(list.digest), "change": .string(change),
      "archive": .object([
        "verdict": "intact", "manifests": .count(report.manifests), "rows": .count(report.rows),
        "headHash": report.headHash.map { .string($0) } ?? .null, "signatures": report.signatures.json,
      ]),
    ])
  }
}
