// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import Signing

extension MultisigCommand {
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "For deploy pipelines: exits 0 only where enough signers of the registry approved just this.",
      discussion: """
        Threshold and roster are the registry's, never the proof's. A pipeline gives --artifact: the file's SHA-256 must be \
        the one that was approved.

        \(MultisigCommand.variables)

        Exit status: 65 something does not hold; each signature that does not count is named.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var multisig: MultisigOptions
    @Option(help: "The combined proof.") var proof: String
    @Option(help: "The file that is to be deployed.") var artifact: String?
    @Option(help: "Demand an upgrade, or a rollback.") var type: String?

    func run() throws {
      let desk = try multisig.desk(common, archive)
      var verdict = desk.check.verdict(try DocumentFiles.proof(proof))
      verdict.problems += try problems(desk)
      let text =
        verdict.isReached
        ? "approved by \(verdict.approved.joined(separator: ", ")): \(desk.proposal.digest.hex)"
        : (["NOT approved"] + verdict.reasons).joined(separator: "\n")
      try desk.context.console.finish(
        verdict.json(.digest(desk.proposal.digest)), text, status: verdict.isReached ? .success : .integrity)
    }

    private func problems(_ desk: MultisigDesk) throws -> [String] {
      guard case .payload(let payload) = desk.proposal else {
        return artifact == nil && type == nil ? [] : ["a version of the registry is no upgrade and no rollback"]
      }
      var problems: [String] = []
      let stream = try archive.stream ?? desk.context.environment.value("AUDIT_ARCHIVE_STREAM") ?? "memory-layer"
      if payload.stream != stream { problems.append("it is for the stream \"\(payload.stream)\", not \"\(stream)\"") }
      if let type, try payload.kind != MultisigPayload.Kind(option: type) {
        problems.append("it is a \(payload.kind.rawValue), not a \(type)")
      }
      guard let artifact else { return problems }
      let digest = try fileDigest(artifact)
      if payload.patch != digest {
        problems.append("the artifact's SHA-256 is \(digest.hex), and approved is \(payload.patch?.hex ?? "no file")")
      }
      return problems
    }
  }

  struct Publish: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Store an approved proposal with its proof under lock, and record it as events of the chain.",
      discussion: """
        Variables: DATABASE_URL, AUDIT_TABLE, AUDIT_ARCHIVE_RETENTION_DAYS; \(MultisigCommand.variables)

        Exit status: 65 it is not approved. A run that was cut off is completed by the next one.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var table: TableOptions
    @OptionGroup var multisig: MultisigOptions
    @OptionGroup var retention: RetentionOptions
    @Option(help: "The combined proof.") var proof: String

    func run() throws {
      let desk = try multisig.desk(common, archive)
      guard case .payload(let payload) = desk.proposal else {
        throw Failure(
          .refused, "a version of the registry is not published this way", on: multisig.payload,
          remedy: "give it to memoryctl keys promote, retire or revoke")
      }
      let proof = try DocumentFiles.proof(proof)
      try require(desk.check.verdict(proof), multisig.payload)
      let environment = desk.context.environment
      let recorder = try EventRecorder(desk.context, table)
      let store = try desk.context.archive(archive)
      let key = "proofs/\(desk.proposal.digest.hex).json"
      let document = try store.put(
        SignedDocument(.payload, payload.json, proof: proof), at: key, retention: retention.retention(environment),
        unless: { (found) throws(DocumentError) in try Self.refuseUnapproved(found, desk) })
      if document.proof != proof {
        desk.context.console.warn("it was published before, with another proof: that one stays")
      }
      for (type, event) in events(payload, document.proof, desk, key) {
        try recorder.record(type, event, since: payload.createdAt)
      }
      try desk.context.console.finish(
        .object([
          "object": .string(store.name(key)), "digestHex": .digest(document.digest),
          "signers": .array(document.proof.signatures.map { .string($0.kid) }),
        ]), "published \(store.name(key))")
    }

    /// A stored proof counts that was enough when the proposal was made, whatever became of its keys since: nothing goes on
    /// top of it.
    private static func refuseUnapproved(_ found: SignedDocument, _ desk: MultisigDesk) throws(DocumentError) {
      let check = ApprovalCheck(desk.proposal, desk.registry, now: desk.proposal.createdAt)
      guard check.verdict(found.proof).isReached else { throw DocumentError("it is not approved") }
    }

    /// An event for each signature, and one that the quorum is reached.
    private func events(
      _ payload: MultisigPayload, _ proof: Proof, _ desk: MultisigDesk, _ key: String
    ) -> [(String, JSONValue)] {
      let signatures = proof.signatures.map { signature in
        (
          "multisig.signature_collected",
          JSONValue.object([
            "digestHex": .digest(proof.digest), "id": .string(payload.id), "type": .string(payload.kind.rawValue),
            "signerId": .string(signature.signerID), "kid": .string(signature.kid), "alg": .string(signature.algorithm),
            "signatureSha256": .digest(SHA256.hash(signature.signature)),
          ])
        )
      }
      let quorum = JSONValue.object([
        "digestHex": .digest(proof.digest), "id": .string(payload.id), "type": .string(payload.kind.rawValue),
        "target": .string(payload.target), "threshold": .count(desk.check.threshold),
        "signers": .array(proof.signatures.map { .string($0.kid) }), "proof": .string(key),
        "registryVersion": .count(desk.registry?.version ?? 0),
      ])
      return signatures + [("multisig.quorum_reached", quorum)]
    }
  }
}
