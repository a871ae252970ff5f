// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore

struct HoldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold", abstract: "Legal hold of manifests and bundles, which outlasts their retention.",
    subcommands: [On.self, Off.self])
}

extension HoldCommand {
  struct On: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put manifests and bundles under legal hold.",
      discussion: "Exit status: 66 no manifest is in the range.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var choice: ManifestChoiceOptions

    func run() throws { try setHold(true, common, archive, choice) }
  }

  struct Off: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take manifests and bundles off their legal hold; their retention stays.",
      discussion: "Exit status: 66 no manifest is in the range.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var choice: ManifestChoiceOptions

    func run() throws { try setHold(false, common, archive, choice) }
  }
}

private func setHold(
  _ isHeld: Bool, _ common: CommonOptions, _ options: ArchiveOptions, _ choice: ManifestChoiceOptions
) throws {
  let context = try JobContext(common).followingWithWarnings(options)
  let archive = try context.archive(options)
  let outcome = try LockJob(archive, cancellation: context.cancellation).setLegalHold(
    try choice.range.sequences(archive, context), isHeld)
  try context.console.finish(
    outcome.json([JSONValue.Member("legalHold", .bool(isHeld))]),
    "\(isHeld ? "under legal hold" : "off legal hold"): \(outcome.text)")
}
