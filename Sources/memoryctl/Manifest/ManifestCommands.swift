// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import Signing

struct ManifestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manifest", abstract: "What compliance uses: list, show, pull, verify and countersign manifests.",
    subcommands: [List.self, Show.self, Pull.self, Verify.self, Countersign.self])
}

extension ManifestCommand {
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print one manifest with its proof.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @Argument(help: "The manifest's sequence.") var sequence: Int

    func run() throws {
      let context = try JobContext(common, checksSignatures: false).followingWithWarnings(archive)
      let stored = try context.archive(archive).existingManifest(sequence)
      let json = JSONValue.object(["manifest": stored.manifest.json, "proof": stored.proof.json])
      try Console(common).finish(json, String(decoding: json.prettyBytes.dropLast(), as: UTF8.self))
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check one manifest's digest, signature and place; audit verify checks its rows too.",
      discussion: "Exit status: 65 it does not verify, 66 there is no such manifest.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @Argument(help: "The manifest's sequence.") var sequence: Int

    func run() throws {
      let context = try JobContext(common).followingSoundly(archive)
      let archive = try context.archive(archive)
      let stored = try archive.existingManifest(sequence)
      let seam = stored.seam(after: sequence == 0 ? nil : try archive.manifest(sequence - 1))
      let standing = try archive.standing(of: stored, context.keys)
      var problems = seam.map { [$0] } ?? []
      var signers: [String] = []
      switch standing {
      case .valid(let kids), .countersigned(_, by: let kids): signers = kids
      case .untrusted, .unverifiable, .invalid: problems += [standing.fault ?? ""]
      }
      let json = JSONValue.object([
        "verdict": .string(problems.isEmpty ? "valid" : "invalid"), "sequence": .count(sequence),
        "digestHex": .digest(stored.digest), "signers": .array(signers.map { .string($0) }),
        "problems": .array(problems.map { .string($0) }),
      ])
      let text =
        problems.isEmpty
        ? "valid: signed by \(signers.map(\.visible).joined(separator: ", "))"
        : problems.map(\.visible).joined(separator: "\n")
      try context.console.finish(json, text, status: problems.isEmpty ? .success : .integrity)
    }
  }
}

extension ArchiveStore.Archive {
  /// A manifest that the user asks for by number.
  fileprivate func existingManifest(_ sequence: Int) throws -> StoredManifest {
    try requireRange(sequence, 0...9_999_999_999, "SEQUENCE")
    guard try sequences().contains(sequence) else {
      throw Failure(
        .nothingToCheck, "there is no manifest \(sequence)", on: url, remedy: "memoryctl manifest list shows them")
    }
    return try manifest(sequence)
  }
}
