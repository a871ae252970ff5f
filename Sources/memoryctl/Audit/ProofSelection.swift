// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Compliance
import Cryptography

/// Which row is to be proved, and where to look for it.
struct ProofSelection: ParsableArguments {
  @Option(help: "The row's id.") var id: String?
  @Option(help: "The row's hash, 64 lower-case hex digits.") var hash: String?
  @Option(help: "Look into this manifest alone, by its sequence.") var manifest: Int?
  @Option(help: "The row by its place in the bundle of --manifest, from 0, as anomalies name it.") var row: Int?
  @Option(help: "Look into this day's manifests alone, as 2026-11-23.") var day: String?
  @OptionGroup var range: ManifestRangeOptions
  @Option(
    help: "Look into frames alone that have rows of this time, as 2026-11-23T02:00:00.123456Z; fewer digits, more time."
  )
  var at: String?

  func validate() throws {
    guard [id != nil, hash != nil, row != nil].count(where: \.self) == 1 else {
      throw ValidationError("give one of --id, --hash and --row")
    }
    guard id != "" else { throw ValidationError("--id is empty") }
    guard row == nil || manifest != nil else { throw ValidationError("--row is for the bundle of a --manifest") }
    guard [manifest != nil, day != nil, range.isGiven].count(where: \.self) <= 1 else {
      throw ValidationError("give one of --manifest, --day and --from with --to")
    }
    if let manifest { try requireRange(manifest, 0...9_999_999_999, "--manifest") }
    if let row { try requireRange(row, 0...(1 << 53), "--row") }
    _ = try (wanted, days, times)
  }

  private var wanted: WantedRow {
    get throws {
      if let id { return .id(id) }
      if let row { return .index(row) }
      guard let digest = hash.flatMap({ Digest(hex: $0) }) else {
        throw ValidationError("--hash takes 64 lower-case hex digits")
      }
      return .hash(digest)
    }
  }

  var days: (from: UTCDay?, to: UTCDay?) {
    get throws {
      guard let day else { return try range.days }
      guard let day = UTCDay(day) else { throw ValidationError("\"\(day)\" is no day like 2026-11-23") }
      return (day, day)
    }
  }

  /// From the time that is given up to the next one that can be written with as many digits.
  private var times: Range<Timestamp>? {
    get throws {
      guard let at else { return nil }
      guard let start = Timestamp(at) else {
        throw ValidationError("\"\(at)\" is no UTC time like 2026-11-23T02:00:00.123456Z")
      }
      let digits = max(0, at.utf8.count - 21)
      let width = (digits..<6).reduce(Int64(1)) { width, _ in width * 10 }
      return start..<Timestamp(microseconds: start.microseconds + width)
    }
  }

  /// The first day of which the row can be, as far as the options say it.
  var firstDay: UTCDay? { get throws { try days.from ?? times?.lowerBound.day } }

  func settings(_ columns: ColumnOptions) throws -> ProofJob.Settings {
    var settings = ProofJob.Settings(try wanted)
    settings.sequence = manifest
    (settings.from, settings.to) = try days
    settings.times = try times
    settings.columns = columns.names
    return settings
  }
}
