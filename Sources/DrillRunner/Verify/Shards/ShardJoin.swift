// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
public import Pipeline

/// Joins the verdicts of a run's shards into the report that one process would have given.
///
/// Bundles are not read again: what the shards' signed verdicts say of them is taken, as long as the manifests are those
/// that the verdicts name, and the bundles are there. Seams, holes, debris and versions are looked at here. Shards may have
/// seen different ends, as the nightly job may have run meanwhile: what all of them saw is reported, with whatever any
/// of them found wrong, and a note says so.
public struct ShardJoin: Sendable {
  let settings: VerifySettings
  let archive: Archive
  let run: ShardedRun
  let shards: Int?
  let progress: any ProgressListener
  let cancellation: Cancellation

  /// - Parameter shards: how many the run has; nil takes that from the verdicts' names.
  public init(
    _ settings: VerifySettings, _ archive: Archive, _ run: ShardedRun, shards: Int? = nil,
    progress: any ProgressListener = NoProgress(), cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.archive = archive
    self.run = run
    self.shards = shards
    self.progress = progress
    self.cancellation = cancellation
  }

  /// - Throws: status `nothingToCheck` for a run without verdicts, `tryLater` where some are missing, `integrity` where one
  ///   counts for nothing, or a manifest is there that no shard has seen, `configuration` where the shards looked by
  ///   different rules, or by weaker ones than the settings'.
  public func verify() throws -> VerifyReport {
    let (verdicts, notes) = try verdicts()
    let rules = try commonRules(verdicts)
    let end = verdicts.map(\.end).min() ?? 0
    let listing = try archive.listing()
    let outcomes = verdicts.flatMap(\.outcomes).sorted { $0.sequence < $1.sequence }
    try requireAll(listing.present.filter { $0 < end }, outcomes)
    var looked = settings
    looked.checksManifestSignatures = rules.checksManifestSignatures
    let evidence = try ShardEvidence(
      ArchiveVerifier(looked, archive, cancellation: cancellation), listing, shards: verdicts.count)
    var summary = ArchiveSummary(archive, listing, checksManifestSignatures: rules.checksManifestSignatures)
    try evidence.hold(outcomes) { outcome, isPresent in
      summary.add(outcome, isCounted: isPresent && outcome.sequence < end)
    }
    let beyond = listing.present.filter { $0 >= end }
    var report = try summary.finish(beyond: Set(beyond))
    if let first = beyond.first ?? verdicts.map(\.end).max().flatMap({ $0 > end ? end : nil }) {
      report.notes.append(
        "manifests from \(first) on came after the first look of the run's shards: of its verdict is only what is wrong"
          + " with those that a shard saw")
    }
    report.notes += notes
    guard report.manifests > 0 || !report.isIntact else {
      throw Failure(.nothingToCheck, "there is no manifest", on: archive.url, remedy: "check --archive and --stream")
    }
    sayWhen(verdicts)
    return report
  }

  /// The report is as of the shards' look, which may be long ago.
  private func sayWhen(_ verdicts: [ShardVerdict]) {
    let first = verdicts.map(\.startedAt).min()?.isoSeconds ?? ""
    let last = verdicts.map(\.finishedAt).max()?.isoSeconds ?? ""
    progress.event(
      "joined",
      [
        "joined": .string(run.name), "shards": .count(verdicts.count), "startedAt": .string(first),
        "finishedAt": .string(last),
      ])
  }

  /// Each manifest that is there was looked at: a shard that saw what came behind it cannot have missed it.
  private func requireAll(_ present: [Int], _ outcomes: [BundleOutcome]) throws(Failure) {
    let checked = Set(outcomes.map(\.sequence))
    guard let left = present.first(where: { !checked.contains($0) }) else { return }
    throw Failure(
      .integrity, "no shard of the run has checked it, though manifests behind it were seen",
      on: archive.name(Archive.manifestKey(left)),
      remedy: "find out whether it came there later; verify again under another run's name")
  }
}
