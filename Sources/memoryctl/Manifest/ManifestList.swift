// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Compliance

extension ManifestCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the manifests by day.",
      discussion: """
        A table, or --json, or --csv by RFC 4180. Each manifest's signature is checked with the keys at hand: valid, \
        unverifiable (no key at hand), invalid.

        Variables: AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, and the keys as for audit verify.

        Exit status: 65 a manifest is damaged, 66 no manifest is in the range; then the list ends before it should.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var range: ManifestRangeOptions
    @Flag(help: "Comma-separated values instead of a table.") var csv = false

    func validate() throws {
      guard !(csv && common.json) else { throw ValidationError("give --csv or --json, not both") }
    }

    func run() throws {
      let context = try JobContext(common, checksSignatures: false).followingWithWarnings(archive)
      let archive = try context.archive(archive)
      let sequences = try range.sequences(archive, context, checksSignatures: false)
      let list = ListWriter(common.json ? .json : csv ? .csv : .text)
      try list.begin()
      try ManifestEntry.each(
        of: sequences, in: archive, keys: context.keys, cancellation: context.cancellation, list.add)
      try list.end()
    }
  }
}

/// Writes a list entry by entry, so that it needs no memory of its own.
private final class ListWriter {
  enum Form { case text, csv, json }

  private let form: Form
  private var isFirst = true

  init(_ form: Form) { self.form = form }

  func begin() throws {
    switch form {
    case .text: try write(ManifestEntry.textHeader + "\n")
    case .csv: try write(ManifestEntry.csvHeader)
    case .json: try write("{\n  \"manifests\": [")
    }
  }

  func add(_ entry: ManifestEntry) throws {
    defer { isFirst = false }
    switch form {
    case .text: try write(entry.text + "\n")
    case .csv: try write(entry.csv)
    case .json:
      let text = String(decoding: entry.json.prettyBytes.dropLast(), as: UTF8.self)
      try write((isFirst ? "" : ",") + "\n    " + text.replacing("\n", with: "\n    "))
    }
  }

  func end() throws {
    if form == .json { try write("\n  ]\n}\n") }
  }

  private func write(_ text: String) throws { try Results.write(text) }
}
