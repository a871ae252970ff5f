// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Cryptography
import Signing

extension KeysCommand {
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a signer in as a candidate, which counts for nothing until it is promoted.",
      discussion: """
        Fetches the public key from KMS, the proxy or the PEM file, has a training payload signed, and verifies it. The \
        candidate is kept in AUDIT_SIGNERS_FILE, which holds {"signers":[]} at first.

        \(KeysCommand.variables)

        Exit status: 65 the signature does not verify by the public key, 73 the id or the key is taken.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var table: TableOptions
    @Option(help: "The signer's id in the registry.") var kid: String
    @Option(help: "kms:<key id or ARN>, proxy:<url>, local:<PEM file>.") var signer: String
    @Option(name: .customLong("use"), help: "events, manifests or multisig; may be given several times.") var uses:
      [String]
    @Option(help: "PEM file of the public key, for a proxy that does not give it out.") var publicKey: String?
    @Option(help: "Who holds it.") var description = ""
    @Option(help: "Since when its signatures count, as 2026-01-01T00:00:00Z; for the first version alone.")
    var notBefore: String?

    func run() throws {
      let desk = try RegistryDesk(common, archive)
      let path = try desk.path()
      let record = PendingRecord(desk.context, table, "\"\(kid)\" is a candidate in \(path)")
      try record.requirePlace()
      let entry = try entry(desk)
      let known = (desk.file.signers + (desk.current?.registry.signers ?? [])).first {
        $0.kid == kid || $0.key.isSameKey(as: entry.key)
      }
      if let known {
        // A run that was cut off before its event goes on, though the key was promoted since; anything else is taken.
        guard known.kid == kid, known.key.isSameKey(as: entry.key),
          known.status == .candidate || known.status == .active && desk.current?.registry.signer(kid) != nil
        else {
          throw Failure(
            .refused, "\"\(known.kid)\" has this id or this key, and is \(known.status.rawValue)", on: path,
            remedy: "give the new key an id of its own")
        }
      } else {
        var file = desk.file
        file.signers.append(entry)
        try DocumentFiles.replace(path, file.bytes)
      }
      let added = known ?? entry
      let deployed = added.json["deployedAt"]?.string.flatMap { Timestamp($0) }
      try record.run(
        on: kid, since: deployed ?? added.key.validity.lowerBound, [("signer.added", added.eventPayload)]
      ) { desk.context }
      try desk.context.console.finish(
        .object(["signer": added.json, "file": .string(path)]),
        added.status == .candidate
          ? "\"\(kid)\" is a candidate in \(path)\nnext: memoryctl keys test \(kid)" : "\"\(kid)\" is active already")
    }

    private func entry(_ desk: RegistryDesk) throws -> SignerEntry {
      guard let spec = SignerSpec(signer), spec != .mock else {
        throw ValidationError("--signer takes kms:<key>, proxy:<url> or local:<PEM file>")
      }
      if let fault = SignerEntry.fault(ofID: kid) { throw ValidationError("--kid: \(fault)") }
      let opened = try SignerChoice.signer(
        spec, desk.context.environment, registry: nil, over: desk.context.connections, variable: "--signer")
      let pem = try pem(of: opened)
      var members = [
        JSONValue.Member("signer_kid", .string(kid)),
        JSONValue.Member("algorithm", .string(opened.description.algorithm.rawValue)),
        JSONValue.Member("public_key_pem", .string(pem)),
        JSONValue.Member("deployedAt", .string(Timestamp.now().isoSeconds)),
        JSONValue.Member("description", .string(description)), JSONValue.Member("status", "candidate"),
        JSONValue.Member("uses", .array(uses.map { .string($0) })),
        JSONValue.Member("source", .string(spec.description)),
      ]
      if let notBefore { members.append(JSONValue.Member("notBefore", .string(notBefore))) }
      let entry: SignerEntry
      do throws(DocumentError) { entry = try SignerEntry(json: SignerEntry.ordered(members)) } catch {
        throw ValidationError(error.reason)
      }
      try KeyRegistry([entry]).requireKey(of: opened, kid)
      return entry
    }

    private func pem(of signer: any Signer) throws -> String {
      if let publicKey { return String(decoding: try DocumentFiles.read(publicKey, "--public-key"), as: UTF8.self) }
      if let pem = try signer.description.publicKey ?? (signer as? SigningProxySigner)?.publicKeyOfProxy() {
        return pem
      }
      throw Failure(
        .configuration, "it has no public key to give, so that nobody else could verify what it signs", on: "--signer",
        remedy: "take an RSA or Ed25519 key; for a proxy's, give its PEM file by --public-key")
    }
  }
}

extension SignerEntry {
  /// What the event of its taking in says.
  var eventPayload: JSONValue {
    .object([
      "signer_kid": .string(kid), "algorithm": .string(key.algorithm.rawValue),
      "publicKeySha256": key.publicKey.map { .string($0.fingerprint.hex) } ?? .null,
      "uses": json["uses"] ?? .null, "source": json["source"] ?? .null, "deployedAt": json["deployedAt"] ?? .null,
      "status": "candidate", "proof": .null,
    ])
  }
}
