// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Compliance
import Cryptography
import Signing

extension ManifestCommand {
  struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Pull a range of days into a folder that can be checked without this software.",
      discussion: """
        The folder gets the manifests as stored, the keys that verify them, report.html and report.json, SHA256SUMS, and \
        VERIFY.md with the commands that check all of it by jq, sha256sum, openssl and zstd. It appears under its name \
        only when it is whole.

        Variables: AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, AUDIT_SIGNERS_FILE, AUDIT_SIGNING_PUBLIC_KEY, and the other \
        keys as for audit verify.

        Exit status: 65 something does not verify, and nothing was pulled unless --allow-unverified is given; 66 no \
        manifest is in the range; 73 the folder is there already, or lies in the archive; 75 a bundle lies in cold storage.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var range: ManifestRangeOptions
    @OptionGroup var columns: ColumnOptions
    @OptionGroup var signatures: SignatureOptions

    @Option(help: "The folder to make; it must not be there yet.") var out: String
    @Flag(help: "Pull the bundles too, and verify their rows.") var bundles = false
    @Flag(help: "Pull what does not verify all the same; every file that people read says so.")
    var allowUnverified = false

    func run() throws {
      try requirePath(out)
      let context = try JobContext(common).followingSoundly(archive)
      var settings = PullJob.Settings()
      (settings.from, settings.to) = try range.days
      settings.takesBundles = bundles
      settings.allowsUnverified = allowUnverified
      settings.columns = columns.names
      settings.signatures = try signatures.policy()
      settings.requiresSignatures = signatures.requireSignatures
      let (report, sums) = try PullJob(
        settings, context.archive(archive), keys: context.keys, registry: context.registry, progress: context.console,
        cancellation: context.cancellation
      ).run(
        into: out, announcing: { context.console.event("sums", ["out": .string(out), "sha256sums": .digest($0)]) })
      let result = [JSONValue.Member("out", .string(out)), JSONValue.Member("sha256sums", .digest(sums))]
      try context.console.finish(
        .object((report.summary.members ?? []) + result), text(report, sums),
        status: report.isVerified ? .success : .integrity)
    }

    private func text(_ report: PullReport, _ sums: Digest) -> String {
      let (first, last) = (report.days.first?.description ?? "-", report.days.last?.description ?? "-")
      var lines = [
        "\(report.verdict): \(report.manifests.count) manifests, days \(first) to \(last), in \(out)",
        "\(report.rows) rows, \(report.days.empty) days without rows, \(report.days.missingTotal) missing, "
          + "\(report.anomaliesTotal) anomalies",
      ]
      if report.bundles.arePulled {
        lines.append("\(report.bundles.named) bundles pulled, \(report.bundles.rowsVerified) rows verified")
      }
      lines += report.problems(20).map { "  \($0.visible)" }
      for day in report.days.missing.prefix(10) { lines.append("  missing: \(day)") }
      for key in report.keys.keys {
        lines.append("key \(key.key.kid): \(key.fingerprint ?? key.kind)")
      }
      lines += report.notes.prefix(20).map { "note: \($0.visible)" }
      lines.append("SHA-256 of SHA256SUMS, to be kept elsewhere: \(sums)")
      return lines.joined(separator: "\n")
    }
  }
}
