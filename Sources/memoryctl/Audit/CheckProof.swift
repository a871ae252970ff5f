// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Compliance
import Signing

extension Audit {
  struct CheckProof: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check offline, by pinned keys, that a file of audit prove proves a row to be in the archive.",
      discussion: """
        Nothing but the file and the keys is looked at: the row's hash, its path to its frame's root, the frames' roots \
        to the signed manifest, the manifest's signature by the registry's rules, and the row's own signature where a key \
        for it is at hand. The keys are for the checker to have from elsewhere, not from whoever gave the file.

        Variables: AUDIT_SIGNERS_FILE, AUDIT_SIGNERS_PIN, AUDIT_SIGNING_PUBLIC_KEY, AUDIT_SIGNING_KEY, REQUIRE_KMS, NODE_ENV.

        Exit status: 64 the file cannot be read; 65 it proves nothing by the keys at hand, or the row is one of the log's \
        anomalies; 66 it is empty; 78 the keys are not as they must be.
        """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The proof; - reads standard input.") var file: String
    @Option(
      help: ArgumentHelp(
        "An emergency revocation that counts, a file of revocations/ in the archive; may be given again.",
        valueName: "file"))
    var revocation: [String] = []
    @Flag(help: "A row that is unsigned, or that no key at hand can verify, is an anomaly.")
    var requireSignatures = false
    @OptionGroup var columns: ColumnOptions

    func run() throws {
      try requirePath(file)
      let environment = common.environment()
      let keys = try OfflineKeys(environment, revocations: revocation)
      let proof = try proof()
      let check = ProofCheck(
        keys.keys, columns: columns.names,
        requiresSignatures: try requireSignatures || environment.requiresSigning())
      var report = try check.check(proof)
      if let fault = keys.fault(stream: proof.manifest.stream) { report.refuse(fault) }
      try Console(common).finish(
        report.json, report.text, status: report.verdict == .proved ? .success : .integrity)
    }

    private func proof() throws -> InclusionProof {
      let bytes = try DocumentFiles.read(file, "FILE", limit: InclusionProof.largest)
      guard !bytes.isEmpty else {
        throw Failure(.nothingToCheck, "it is empty", on: file, remedy: "ask for another copy of the proof")
      }
      do throws(DocumentError) { return try InclusionProof(parsing: bytes) } catch {
        throw Failure(
          .integrity, "not proved: \(error.reason)", on: file,
          remedy: "ask for another copy, byte for byte as audit prove wrote it", cause: error)
      }
    }
  }
}
