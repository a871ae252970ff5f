// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore

/// Which manifests, by their days.
struct ManifestRangeOptions: ParsableArguments {
  @Option(help: "First day, as 2026-11-23.") var from: String?
  @Option(help: "Last day.") var to: String?

  func validate() throws {
    if let first = try Self.day(from), let last = try Self.day(to), first > last {
      throw ValidationError("--from lies behind --to")
    }
  }

  var isGiven: Bool { from != nil || to != nil }

  /// Warns of what the choice does not rest on.
  ///
  /// - Parameter checksSignatures: false for a command that takes manifests which no key at hand has signed.
  /// - Throws: status `nothingToCheck` where no manifest is of these days; an ``ArchiveFinding`` where one may be that
  ///   cannot be trusted, and the command would take it.
  func sequences(
    _ archive: ArchiveStore.Archive, _ context: JobContext, checksSignatures: Bool = true
  ) throws -> Range<Int> {
    let (from, to) = try days
    var finder = ManifestFinder(archive, cancellation: context.cancellation)
    finder.readsAll = !checksSignatures
    let found = try finder.find(.days(from: from, to: to))
    for note in found.notes { context.console.warn(note) }
    if !checksSignatures, let doubt = found.doubts.first { throw doubt }
    return found.range
  }

  var days: (from: UTCDay?, to: UTCDay?) {
    get throws { (try Self.day(from), try Self.day(to)) }
  }

  private static func day(_ text: String?) throws -> UTCDay? {
    guard let text else { return nil }
    guard let day = UTCDay(text) else { throw ValidationError("\"\(text)\" is no day like 2026-11-23") }
    return day
  }
}

/// Which manifests a command changes something of: never all of them by mistake.
struct ManifestChoiceOptions: ParsableArguments {
  @OptionGroup var range: ManifestRangeOptions
  @Flag(help: "All manifests, in the place of --from and --to.") var all = false

  func validate() throws {
    guard all != range.isGiven else {
      throw ValidationError("give --from and --to, one of them, or --all")
    }
  }
}
