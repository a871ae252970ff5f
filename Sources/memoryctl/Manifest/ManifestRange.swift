// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Compliance

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

  /// - Throws: status `nothingToCheck` where no manifest is of these days.
  func sequences(_ archive: ArchiveStore.Archive) throws -> Range<Int> {
    let (from, to) = try days
    return try archive.sequences(from: from, to: to)
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
