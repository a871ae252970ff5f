// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import DrillRunner

/// How archives in cold storage are asked back.
struct ColdOptions: ParsableArguments {
  @Option(help: "How fast objects come back from cold storage: expedited, standard, bulk.")
  var restoreTier = "standard"

  @Option(help: "Days for which they can be read then.")
  var restoreDays = 7

  func validate() throws {
    _ = try tier
    try requireRange(restoreDays, 1...365, "--restore-days")
  }

  private var tier: ColdRestore.Tier {
    get throws {
      guard let tier = ColdRestore.Tier(rawValue: restoreTier) else {
        throw ValidationError("--restore-tier takes expedited, standard or bulk")
      }
      return tier
    }
  }

  /// Asks back what lies in cold storage, and ends the run where something has to be waited for.
  ///
  /// What is wrong with the archive is for the run itself to find.
  ///
  /// - Parameter command: to run again.
  /// - Returns: the selection with its days fixed.
  func prepare(
    _ selection: Selection, _ archive: ArchiveStore.Archive, _ context: JobContext, command: String
  ) throws -> Selection {
    var selection = selection
    let request = ColdRestore(tier: try tier, days: restoreDays)
    let count: ColdCount
    do {
      count = try archive.restore(&selection, request, context.cancellation)
    } catch is ArchiveFinding { return selection }
    guard count.missing > 0 else { return selection }
    let json = JSONValue.object([
      "verdict": "waiting", "select": .string("\(selection)"), "waiting": .count(count.missing),
      "asked": .count(count.asked), "readable": .count(count.readable), "tier": .string(restoreTier),
    ])
    let text = """
      \(count.missing) of \(count.total) objects wait for their restore from cold storage: \(count.asked) were asked for \
      now (\(restoreTier), readable for \(restoreDays) days), \(count.waiting) before
      run it again once they are there: \(command) --select \(selection)
      """
    try context.console.finish(json, text, status: .tryLater)
    return selection
  }
}
