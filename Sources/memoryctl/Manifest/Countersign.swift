// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import DrillRunner
import Signing

extension ManifestCommand {
  struct Countersign: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Vouch for manifests whose key was revoked: adds a signature beside them, rewrites nothing.",
      discussion: """
        Each manifest's bundle is verified first: hashes, links, leaves, and signatures that are not of a revoked key. What \
        only a comparison with the database shows is for you to have looked at: audit verify --archive … --database ….

        Variables: AUDIT_MANIFEST_SIGNER and the other signers', AUDIT_SIGNERS_FILE, AUDIT_SIGNERS_PIN, AUDIT_ARCHIVE_URL, \
        AUDIT_ARCHIVE_STREAM, AUDIT_ARCHIVE_RETENTION_DAYS.

        Exit status: 65 a manifest or its bundle does not verify, 66 no manifest of these is untrusted, 78 the signer's own \
        key is not trusted.

        A countersignature counts for as long as its key is active. Before that key is retired, have another one \
        countersign with --renew.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var choice: ManifestChoiceOptions
    @OptionGroup var retention: RetentionOptions
    @Option(help: "What was looked into, for the record.") var reason: String
    @Flag(help: "Also where another key has countersigned already: before that one is retired.") var renew = false

    func run() throws {
      let context = try JobContext(common).following(archive)
      try context.requireSoundRegistry()
      let archive = try context.archive(archive)
      let signer = try context.manifestSigner()
      let kid = context.registry?.kid(of: signer.description) ?? signer.description.kid
      // Keys of the environment are trusted by this machine alone, and a countersignature is for others.
      guard let key = context.registry?.keys.first(where: { $0.kid == kid }),
        key.refusal(at: .now(), for: .manifests) == nil, key.standing == .active
      else {
        throw Failure(
          .configuration, "\"\(kid)\" is not trusted itself", on: "AUDIT_MANIFEST_SIGNER",
          remedy: "countersign by another key of the registry")
      }
      try context.registry?.requireKey(of: signer, kid)
      var settings = VerifySettings(keys: context.keys)
      settings.columns = table.names
      let verifier = ArchiveVerifier(settings, archive, progress: context.console, cancellation: context.cancellation)
      var done: [(sequence: Int, key: String)] = []
      for sequence in try choice.range.sequences(archive, context) {
        let stored = try archive.manifest(sequence)
        let (isNeeded, fault) = try verifier.needsCountersignature(stored, by: renew ? kid : nil)
        guard isNeeded else { continue }
        if let fault {
          throw Failure(
            .integrity, fault, on: archive.name(ArchiveStore.Archive.manifestKey(sequence)),
            remedy: "nobody should vouch for it; \(done.count) before it were countersigned")
        }
        done.append((sequence, try countersign(stored, archive, signer, kid, context)))
      }
      try finish(context, done, kid)
    }

    private func countersign(
      _ stored: StoredManifest, _ archive: ArchiveStore.Archive, _ signer: any Signer, _ kid: String,
      _ context: JobContext
    ) throws -> String {
      var retention = try retention.retention(context.environment)
      retention.until = max(retention.until, stored.manifest.retention.until)
      return try archive.countersign(
        stored, signer, as: kid,
        despite: Array(Set(context.keys.revoked(for: .manifests) + context.keys.revoked(for: .events))).sorted(),
        reason: reason, at: .now(), retention: retention)
    }

    private func finish(_ context: JobContext, _ done: [(sequence: Int, key: String)], _ kid: String) throws {
      guard !done.isEmpty else {
        throw Failure(
          .nothingToCheck, "nobody has to vouch for any of these manifests",
          remedy: "audit verify names those that are untrusted")
      }
      let list = done.map { JSONValue.object(["sequence": .count($0.sequence), "object": .string($0.key)]) }
      try context.console.finish(
        .object(["signer": .string(kid), "manifests": .array(list)]),
        done.map { "manifest \($0.sequence): countersigned by \"\(kid)\", \($0.key)" }.joined(separator: "\n"))
    }
  }
}
