// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Compliance

extension Audit {
  struct Prove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prove to anybody that one row is in the archive: a small file that audit check-proof checks offline.",
      discussion: """
        Of a bundle its end and the frames that may hold the row are read, and no more. Ids and hashes are in no order: \
        only --at with the row's time, or --manifest with --row, lead to one frame; by --day, or --from and --to, the \
        bundles of these days are searched, by none of them all. A row that came late lies in a later day than its time: \
        --at finds it there.

        Without --out the proof is printed.

        Variables: AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM, AUDIT_SIGNERS_FILE, AUDIT_SIGNERS_PIN, \
        AUDIT_SIGNING_PUBLIC_KEY, and the other keys as for audit verify.

        Exit status: 65 the row is one of the log's anomalies, or something that was looked into does not verify; 66 no \
        such row, or no archive; 73 several rows are meant, the file is there already, or the row is too large.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var selection: ProofSelection
    @OptionGroup var columns: ColumnOptions
    @Option(help: "The file to write; it must not be there yet.") var out: String?

    func run() throws {
      if let out { try requirePath(out) }
      let context = try JobContext(common).followingWithWarnings(archive)
      let archive = try context.archive(archive)
      let found = try search(archive, context)
      for note in found.notes { context.console.warn(note) }
      let proof = try proof(found, archive)
      let report = try ProofCheck(context.keys, columns: columns.names).check(proof)
      guard report.verdict != .notProved else {
        throw Failure(
          .integrity, "the row is there and cannot be proved: \(report.problems.joined(separator: "; "))",
          on: archive.url, remedy: "memoryctl audit verify names all that is wrong")
      }
      try finish(proof, report, found, context)
    }

    private func search(_ archive: ArchiveStore.Archive, _ context: JobContext) throws -> FoundRows {
      let job = ProofJob(
        try selection.settings(columns), archive, keys: context.keys, progress: context.console,
        cancellation: context.cancellation)
      do { return try job.run() } catch let failure as Failure where failure.status == .nothingToCheck {
        throw try explained(failure, archive)
      }
    }

    private func proof(_ found: FoundRows, _ archive: ArchiveStore.Archive) throws -> InclusionProof {
      if found.total > 1 { throw ambiguous(found, archive) }
      if let proof = found.proof { return proof }
      if let finding = found.findings.first {
        throw Failure(
          .integrity, "no such row was found, and it may be where nobody could look: \(finding)", on: archive.url,
          remedy: "memoryctl audit verify names all that is wrong", cause: finding)
      }
      throw try explained(
        Failure(
          .nothingToCheck, "there is no such row in the \(found.manifests) bundles that were looked into",
          on: archive.url, remedy: "check the id, or look into more days"), archive)
    }

    /// Says when a row can be proved that may not have been archived yet.
    private func explained(_ failure: Failure, _ archive: ArchiveStore.Archive) throws -> Failure {
      selection.manifest == nil ? try OpenDay(archive).explain(failure, selection.firstDay) : failure
    }

    private func ambiguous(_ found: FoundRows, _ archive: ArchiveStore.Archive) -> Failure {
      let rows = found.matches.prefix(10).map {
        "--manifest \($0.sequence) --row \($0.row) (day \($0.day), id \($0.id), hash \($0.hash))"
      }
      return Failure(
        .refused,
        "\(found.total) rows are meant: \(rows.joined(separator: ", "))\(found.total > 10 ? " and more" : "")",
        on: archive.url, remedy: "say which of them")
    }

    private func finish(
      _ proof: InclusionProof, _ report: ProofReport, _ found: FoundRows, _ context: JobContext
    ) throws {
      let bytes = proof.bytes
      guard bytes.count <= InclusionProof.largest else {
        throw Failure(
          .refused,
          "a proof of this row would have \(bytes.count) bytes, more than \(InclusionProof.largest >> 20) MiB",
          remedy: "give the whole bundle: memoryctl manifest pull --bundles")
      }
      for finding in found.findings { context.console.warn("\(finding)") }
      let status: ExitStatus = found.findings.isEmpty && report.verdict == .proved ? .success : .integrity
      guard let out else {
        try Results.write(String(decoding: bytes, as: UTF8.self))
        if status != .success { throw ExitCode(status.rawValue) }
        return
      }
      try DocumentFiles.create(out, bytes)
      let result = [
        JSONValue.Member("out", .string(out)), JSONValue.Member("bytes", .count(bytes.count)),
        JSONValue.Member("searched", .object(["manifests": .count(found.manifests), "frames": .count(found.frames)])),
        JSONValue.Member(
          "findings",
          .array(found.findings.map { .object(["object": .string($0.object), "reason": .string($0.reason)]) })),
      ]
      try context.console.finish(
        .object((report.json.members ?? []) + result), "\(report.text)\nthe proof: \(out), \(bytes.count) bytes",
        status: status)
    }
  }
}

/// Up to where an archive's days are closed: what a row's absence means.
private struct OpenDay {
  private let last: Manifest.Coverage?

  init(_ archive: ArchiveStore.Archive) throws {
    let newest = try archive.readableSequences().last
    last = try newest.map { try archive.manifest($0).manifest.coverage }
  }

  /// The failure with when the row can be proved, where it may not have been archived yet.
  ///
  /// - Parameter day: the row's; nil where nobody said it.
  func explain(_ failure: Failure, _ day: UTCDay?) -> Failure {
    guard let last else { return failure }
    let open = last.isLast ? last.day.next : last.day
    guard let day, day >= open else {
      return Failure(
        failure.status, failure.problem, on: failure.object,
        remedy:
          "\(failure.remedy ?? ""); days up to \(open.advanced(by: -1)) are closed, and rows of later days can be "
          + "proved once theirs is: by the first audit archive after its end", cause: failure.cause)
    }
    return Failure(
      failure.status, "\(failure.problem): the day \(day) is not closed", on: failure.object,
      remedy: "its rows can be proved once it is: by the first audit archive after \(day.next)T00:00:00Z",
      cause: failure.cause)
  }
}
