// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore

struct RetentionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retention", abstract: "How long manifests and bundles are locked: look, and make it longer.",
    subcommands: [Show.self, Extend.self])
}

extension RetentionCommand {
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the locks that the store has on manifests and bundles.",
      discussion: "Exit status: 65 a lock is weaker than its manifest says, 66 no manifest is in the range.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var range: ManifestRangeOptions

    func run() throws {
      let context = try JobContext(common, checksSignatures: false)
      let archive = try context.archive(archive)
      let sequences = try range.sequences(archive, context, checksSignatures: false)
      let locks = try LockJob(archive, cancellation: context.cancellation).show(sequences)
      let findings = locks.flatMap { archive.weakLocks($0) }
      let json = JSONValue.object([
        "manifests": .array(locks.map(\.json)), "findings": .array(findings.map { .string($0.description) }),
        "unsigned": .count(locks.filter { !$0.isSigned }.count),
      ])
      let unsigned = locks.filter { !$0.isSigned }.count
      let notes = unsigned == 0 ? [] : ["\(unsigned) manifests are signed by no key at hand: they may be forgeries"]
      let text = (locks.map(\.line) + findings.map { "  \($0)" } + notes.map { "note: \($0.visible)" }).joined(
        separator: "\n")
      try context.console.finish(json, text, status: findings.isEmpty ? .success : .integrity)
    }
  }

  struct Extend: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lock manifests and bundles for longer; nothing makes it shorter again.",
      discussion: """
        All locks are looked at before the first one is changed. Run it again after an interruption: what is done is left.

        Exit status: 66 no manifest is in the range, 73 an object is locked for longer than asked.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var choice: ManifestChoiceOptions

    @Option(help: "A day or a time in UTC, as 2030-01-01 or 2030-01-01T00:00:00Z.") var until: String?
    @Option(help: "Days from now, in the place of --until.") var days: Int?
    @Flag(help: "Leave objects as they are that are locked for longer.") var keepLonger = false

    func run() throws {
      let end = try end(.now())
      let context = try JobContext(common).followingWithWarnings(archive)
      let archive = try context.archive(archive)
      let outcome = try LockJob(archive, cancellation: context.cancellation).extend(
        try choice.range.sequences(archive, context), to: end, keepsLonger: keepLonger)
      let text = "locked until \(end.isoSeconds) at least: \(outcome.text)"
      try context.console.finish(outcome.json([JSONValue.Member("until", .string(end.isoSeconds))]), text)
    }

    /// In whole seconds, as stores keep it.
    private func end(_ now: Timestamp) throws -> Timestamp {
      guard (until == nil) != (days == nil) else { throw ValidationError("give --until or --days") }
      if let days {
        try requireRange(days, 1...36_500, "--days")
        return now.advanced(bySeconds: Int64(days) * 86_400).wholeSecond
      }
      guard let end = until.flatMap({ UTCDay($0)?.start ?? Timestamp($0) })?.wholeSecond, end.isFinite else {
        throw ValidationError("--until takes a day like 2030-01-01 or a time like 2030-01-01T00:00:00Z")
      }
      guard end > now, end < now.advanced(bySeconds: 36_500 * 86_400) else {
        throw ValidationError("--until must lie in the next 36500 days")
      }
      return end
    }
  }
}

extension Timestamp {
  /// Rounded up.
  fileprivate var wholeSecond: Timestamp {
    let rest = microsecondOfDay % 1_000_000
    return rest == 0 || !isFinite ? self : Timestamp(microseconds: microseconds + 1_000_000 - rest)
  }
}

extension LockJob.Outcome {
  var text: String {
    let what = "\(changed) objects of \(manifests) \(manifests == 1 ? "manifest" : "manifests")"
    return unchanged == 0 ? what : "\(what); \(unchanged) were before"
  }

  func json(_ members: [JSONValue.Member]) -> JSONValue {
    .object(
      members + [
        JSONValue.Member("manifests", .count(manifests)), JSONValue.Member("changed", .count(changed)),
        JSONValue.Member("unchanged", .count(unchanged)),
      ])
  }
}

extension ManifestLocks {
  fileprivate var line: String {
    let head = "\(Manifest.sequenceText(sequence))  \(day)  "
    let isSame = objects.dropFirst().allSatisfy { $0.lock == objects[0].lock }
    if isSame { return head + objects[0].lock.text }
    return head + objects.map { "\($0.key.prefix { $0 != "/" }): \($0.lock.text)" }.joined(separator: "; ")
  }

  fileprivate var json: JSONValue {
    .object([
      "sequence": .count(sequence), "day": .string(day.description),
      "promisedUntil": .string(promised.until.isoSeconds),
      "objects": .array(
        objects.map { object in
          .object([
            "key": .string(object.key), "mode": object.lock.mode.map { .string($0) } ?? .null,
            "until": object.lock.until.map { .string($0.isoSeconds) } ?? .null,
            "legalHold": .bool(object.lock.hasLegalHold),
          ])
        }),
    ])
  }
}

extension StoredLock {
  fileprivate var mode: String? { until == nil ? nil : isCompliance ? "COMPLIANCE" : "GOVERNANCE" }

  fileprivate var text: String {
    let retention = until.map { "\(mode ?? "") until \($0.isoSeconds)" } ?? "not locked"
    return hasLegalHold ? "\(retention), legal hold" : retention
  }
}
