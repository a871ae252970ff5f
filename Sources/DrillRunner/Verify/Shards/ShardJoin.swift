// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import Signing

/// Joins the verdicts of a run's shards into the report that one process would have given.
///
/// Bundles are not read again: what the shards' signed verdicts say of them is taken. Seams, holes, debris and versions
/// are looked at here. Shards may have seen different ends, as the nightly job may have run meanwhile: what all of them
/// saw is reported, and a note says so.
public struct ShardJoin: Sendable {
  let settings: VerifySettings
  let archive: Archive
  let run: ShardedRun
  let shards: Int?
  let progress: any ProgressListener

  /// - Parameter shards: how many the run has; nil takes that from the verdicts' names.
  public init(
    _ settings: VerifySettings, _ archive: Archive, _ run: ShardedRun, shards: Int? = nil,
    progress: any ProgressListener = NoProgress()
  ) {
    self.settings = settings
    self.archive = archive
    self.run = run
    self.shards = shards
    self.progress = progress
  }

  /// - Throws: status `nothingToCheck` for a run without verdicts, `tryLater` where some are missing, `integrity` where one
  ///   counts for nothing or contradicts the archive, `configuration` where the shards looked by different rules.
  public func verify() throws -> VerifyReport {
    let (verdicts, notes) = try verdicts()
    let rules = try commonRules(verdicts)
    let end = verdicts.map(\.end).min() ?? 0
    let live = try archive.listing()
    let listing = live.before(end)
    var summary = ArchiveSummary(archive, listing, checksManifestSignatures: rules.checksManifestSignatures)
    let outcomes = verdicts.flatMap(\.outcomes).filter { $0.sequence < end }.sorted { $0.sequence < $1.sequence }
    try requireAll(listing, outcomes)
    let present = Set(listing.present)
    for outcome in outcomes {
      if present.contains(outcome.sequence) {
        summary.add(outcome)
      } else if !listing.missing.contains(where: { $0.contains(outcome.sequence) }) {
        summary.add(
          ArchiveFinding(
            archive.name(Archive.manifestKey(outcome.sequence)),
            "the manifest is missing, and shard \(outcome.sequence % verdicts.count) of the run has checked it"))
      }
    }
    let beyond = live.present.filter { $0 >= end }
    var report = try summary.finish(beyond: Set(beyond))
    if let first = beyond.first ?? verdicts.map(\.end).max().flatMap({ $0 > end ? end : nil }) {
      report.notes.append(
        "manifests from \(first) on came after the first look of the run's shards, and are not part of its verdict")
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

  /// Every shard's verdict, and notes on what lies beside them.
  private func verdicts() throws -> (verdicts: [ShardVerdict], notes: [String]) {
    let prefix = "\(archive.stream)/\(run.folder)"
    let names = try archive.store.list(prefix).filter { $0.versions.contains { !$0.isDeleteMarker } }.map {
      String($0.key.dropFirst(prefix.count))
    }
    let count = try shards ?? count(names)
    var missing: [String] = []
    var found: [ShardVerdict] = []
    for shard in (0..<count).compactMap({ Shard($0, of: count) }) {
      do {
        if let verdict = try archive.verdict(of: run, shard, keys: settings.keys) {
          found.append(verdict.content)
        } else {
          missing.append("\(shard.index)")
        }
      } catch let finding as ArchiveFinding {
        throw Failure(
          .integrity, "this verdict counts for nothing: \(finding.reason)", on: finding.object,
          remedy: "find out who wrote it; verify again under another run's name", cause: finding)
      }
    }
    if let first = missing.first {
      let list = missing.prefix(10).joined(separator: ", ") + (missing.count > 10 ? " and more" : "")
      throw Failure(
        .tryLater, "of \(count) shards \(missing.count) have no verdict: \(list)", on: archive.name(run.folder),
        remedy: "join them once all are done: memoryctl audit verify --shard \(first)/\(count) --run \(run.name)")
    }
    let foreign = names.filter { ShardedRun.shard($0)?.count != count }
    return (found, foreign.prefix(20).map { "\(archive.name(run.folder + $0)): it is no verdict of this run's" })
  }

  private func count(_ names: [String]) throws(Failure) -> Int {
    let counts = Set(names.compactMap { ShardedRun.shard($0)?.count })
    guard let count = counts.first else {
      throw Failure(
        .nothingToCheck, "there is no verdict of this run", on: archive.name(run.folder),
        remedy: "verify its shards first: memoryctl audit verify --shard I/N --run \(run.name)")
    }
    guard counts.count == 1 else {
      let list = counts.sorted().map { "\($0)" }.joined(separator: ", ")
      throw Failure(
        .configuration, "it has verdicts of \(list) shards", on: archive.name(run.folder),
        remedy: "set AUDIT_SHARDS to how many the run has")
    }
    return count
  }

  private func commonRules(_ verdicts: [ShardVerdict]) throws(Failure) -> ShardRules {
    let rules = verdicts[0].rules
    if let other = verdicts.first(where: { $0.rules != rules }) {
      throw Failure(
        .configuration,
        "its shards did not look in the same way as shard 0: not the same --signatures,"
          + " --require-signatures, --no-signatures or --column-… options", on: archive.name(run.key(other.shard)),
        remedy: "verify again under another run's name, all shards by the same options")
    }
    guard rules.requiresSignatures || !settings.requiresSignatures else {
      throw Failure(
        .configuration, "its shards did not require signatures, and this run does", on: archive.name(run.folder),
        remedy: "verify again under another run's name, by the same options as this join")
    }
    return rules
  }

  /// Each manifest that is there was looked at: a shard that saw what came behind it cannot have missed it.
  private func requireAll(_ listing: ManifestListing, _ outcomes: [BundleOutcome]) throws(Failure) {
    let checked = Set(outcomes.map(\.sequence))
    guard let left = listing.present.first(where: { !checked.contains($0) }) else { return }
    throw Failure(
      .integrity, "no shard of the run has checked it, though manifests behind it were seen",
      on: archive.name(Archive.manifestKey(left)),
      remedy: "find out whether it came there later; verify again under another run's name")
  }
}
