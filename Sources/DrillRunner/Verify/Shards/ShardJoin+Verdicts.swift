// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore

extension ShardJoin {
  /// Every shard's verdict, and notes on what lies beside them.
  func verdicts() throws -> (verdicts: [ShardVerdict], notes: [String]) {
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

  /// How many shards the run has, by the names of its verdicts.
  private func count(_ names: [String]) throws -> Int {
    let counts = try counts(names)
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

  /// Where names contradict, those count that a verdict bears which a key vouches for: a stranger's junk divides nothing.
  private func counts(_ names: [String]) throws -> Set<Int> {
    let shards = names.compactMap { ShardedRun.shard($0) }
    let all = Set(shards.map(\.count))
    guard all.count > 1 else { return all }
    let vouched = try all.filter { count in try shards.contains { try $0.count == count && hasVerdict($0) } }
    return vouched.isEmpty ? all : vouched
  }

  private func hasVerdict(_ shard: Shard) throws -> Bool {
    do { return try archive.verdict(of: run, shard, keys: settings.keys) != nil } catch is ArchiveFinding {
      return false
    }
  }

  /// - Throws: status `configuration` where shards looked in different ways, or in a weaker one than is asked for.
  func commonRules(_ verdicts: [ShardVerdict]) throws(Failure) -> ShardRules {
    let rules = verdicts[0].rules
    if let other = verdicts.first(where: { $0.rules != rules }) {
      throw Failure(
        .configuration,
        "its shards did not look in the same way as shard 0: not the same --signatures,"
          + " --require-signatures, --no-signatures or --column-… options", on: archive.name(run.key(other.shard)),
        remedy: "verify again under another run's name, all shards by the same options")
    }
    if let shortfall = rules.shortfall(of: ShardRules(settings)) {
      throw Failure(
        .configuration, "its shards looked \(shortfall), which is not what this join's options ask for",
        on: archive.name(run.folder),
        remedy: "verify again under another run's name, by the same options as this join; or give the join the shards'"
          + " options, which its verdict then states")
    }
    return rules
  }
}
