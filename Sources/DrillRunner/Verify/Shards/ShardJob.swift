// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
public import Pipeline
public import Signing

/// Verifies one shard's manifests and bundles, and stores a signed verdict.
///
/// A verdict is written once and never replaced: a shard that is started again finds its own and is done, and one that
/// was killed before it stored anything starts anew. Done it is only while the manifests are those of its verdict.
public struct ShardJob: Sendable {
  let settings: VerifySettings
  let archive: Archive
  let run: ShardedRun
  let shard: Shard
  let signer: any Signer
  let progress: any ProgressListener
  let cancellation: Cancellation
  /// Days that the verdict is locked.
  public var retentionDays = 400

  public init(
    _ settings: VerifySettings, _ archive: Archive, _ run: ShardedRun, _ shard: Shard, signer: any Signer,
    progress: any ProgressListener = NoProgress(), cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.archive = archive
    self.run = run
    self.shard = shard
    self.signer = signer
    self.progress = progress
    self.cancellation = cancellation
  }

  /// - Returns: the verdict that is stored, and whether an earlier process of this shard made it.
  /// - Throws: status `nothingToCheck` without manifests; `refused` where the run's name is used already for another look,
  ///   or the archive is not what it was then.
  public func verify() throws -> (verdict: ShardVerdict, isEarlier: Bool) {
    let verifier = ArchiveVerifier(settings, archive, progress: progress, cancellation: cancellation)
    let listing = try archive.listing()
    _ = try verifier.hasManifests(listing)
    var verdict = ShardVerdict(
      stream: archive.stream, run: run, shard: shard, rules: ShardRules(settings), end: (listing.present.last ?? -1) + 1
    )
    let own = listing.present.filter { shard.has($0) }
    if let earlier = try earlier(verdict, own) { return (earlier, true) }
    try verifier.verifyAll(own) { verdict.outcomes.append($0) }
    verdict.finishedAt = .now()
    return try store(verdict, own)
  }

  private var retention: Manifest.Retention {
    Manifest.Retention(
      until: Timestamp.now().advanced(bySeconds: Int64(retentionDays) * 86_400), hasLegalHold: false)
  }

  /// The verdict that an earlier process of this shard has stored.
  ///
  /// - Parameter sequences: the shard's manifests, as they are there now.
  private func earlier(_ own: ShardVerdict, _ sequences: [Int]) throws -> ShardVerdict? {
    let found: (content: ShardVerdict, version: ObjectVersion)?
    do { found = try archive.verdict(of: run, shard, keys: settings.keys) } catch let finding as ArchiveFinding {
      // What counts for nothing is in nobody's way where a version can go on top.
      if archive.store.keepsVersions { return nil }
      throw Failure(
        .refused, "\(finding.reason); what is there is not replaced", on: finding.object,
        remedy: "look at who wrote it, and verify under another run's name", cause: finding)
    }
    guard let found else { return nil }
    guard found.content.rules == own.rules, found.content.end == own.end else {
      throw Failure(
        .refused,
        "this run has a verdict of \(found.content.finishedAt.isoSeconds) already, by other options or over other"
          + " manifests (below \(found.content.end), and now there are those below \(own.end))",
        on: archive.name(run.key(shard)),
        remedy: "join that run, or give a name to --run (AUDIT_RUN) that no run has had")
    }
    if let sequence = try firstDifference(found.content, sequences) {
      throw Failure(
        .refused,
        "this run has a verdict of \(found.content.finishedAt.isoSeconds) already, and the manifest of sequence"
          + " \(sequence) is not what it was then", on: archive.name(run.key(shard)),
        remedy: "find out what became of it, then verify under a name of --run (AUDIT_RUN) that no run has had")
    }
    // Whoever wrote it may have ended before it looked at the lock.
    try archive.store.extend("\(archive.stream)/\(run.key(shard))", found.version, to: retention)
    return found.content
  }

  /// The first manifest of which a verdict says something else than is there.
  private func firstDifference(_ verdict: ShardVerdict, _ sequences: [Int]) throws -> Int? {
    let looked = verdict.outcomes.map(\.sequence)
    if looked != sequences { return Set(looked).symmetricDifference(sequences).min() }
    var first: Int?
    try mapInOrder(
      verdict.outcomes, name: "manifests", workers: ShardEvidence.lanes, cancellation: cancellation,
      stopped: Failure.stopped, { ($0.sequence, $0.isAbout(try archive.look($0.sequence))) },
      { sequence, isSame in if !isSame { first = first ?? sequence } })
    return first
  }

  private func store(_ verdict: ShardVerdict, _ sequences: [Int]) throws -> (ShardVerdict, Bool) {
    let bytes = try signer.sign(.check, verdict.json(archiveURL: archive.url)).bytes
    let key = run.key(shard)
    guard bytes.count <= ShardVerdict.largest else {
      throw Failure(
        .refused, "its verdict would have \(bytes.count) bytes, more than a reader takes", on: archive.name(key),
        remedy: "take more shards")
    }
    if try archive.put(bytes, at: key, retention: retention) { return (verdict, false) }
    if let earlier = try earlier(verdict, sequences) { return (earlier, true) }
    _ = try archive.store.addVersion("\(archive.stream)/\(key)", .bytes(bytes), retention: retention)
    return (verdict, false)
  }
}
