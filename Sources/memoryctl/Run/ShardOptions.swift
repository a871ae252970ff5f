// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import DrillRunner
import Signing

/// How one verification is shared among several processes.
struct ShardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Verify one share of the archive and store its verdict [JOB_COMPLETION_INDEX, AUDIT_SHARDS].", valueName: "i/n"))
  var shard: String?

  @Option(
    name: .customLong("run"),
    help: ArgumentHelp("Name that a run's shards share, another one for each run [AUDIT_RUN].", valueName: "name"))
  var runName: String?

  @Option(help: ArgumentHelp("Join the verdicts of a run's shards into one.", valueName: "name"))
  var join: String?

  @OptionGroup var retention: RetentionOptions

  /// What of the archive a process has to do with.
  enum Part {
    case whole
    case shard(Shard, ShardedRun)
    /// Shards, where their number is set.
    case join(ShardedRun, shards: Int?)
  }

  func validate() throws {
    guard join == nil || shard == nil && runName == nil else {
      throw ValidationError("--join takes the run's name itself, and neither --shard nor --run")
    }
  }

  /// Whether a flag asks for it, and not the surroundings alone.
  var isGiven: Bool { shard != nil || runName != nil || join != nil }

  func part(_ environment: Environment) throws -> Part {
    if let join { return .join(try run(join), shards: try shards(environment)) }
    guard let shard = try shard(environment) else {
      guard runName == nil else { throw ValidationError("--run is the name of a run of shards: give --shard, too") }
      guard retention.retentionDays == nil else {
        throw ValidationError("--retention-days locks a shard's verdict: give --shard, too")
      }
      return .whole
    }
    guard let name = try runName ?? environment.value("AUDIT_RUN") else {
      throw Failure(
        .configuration, "a shard's run has no name", on: "AUDIT_RUN",
        remedy: "give all its shards the same new one, by AUDIT_RUN or --run")
    }
    return .shard(shard, try run(name))
  }

  private func run(_ name: String) throws -> ShardedRun {
    guard let run = ShardedRun(name) else {
      throw ValidationError("a run's name has 1 to 128 letters, digits, -, _ and ., and no dot at its beginning")
    }
    return run
  }

  private func shard(_ environment: Environment) throws -> Shard? {
    if let shard { return try Self.parse(shard, count: try shards(environment)) }
    guard let text = try environment.value("JOB_COMPLETION_INDEX") else { return nil }
    guard let count = try shards(environment) else {
      throw Failure(
        .configuration, "JOB_COMPLETION_INDEX says which shard this is, and nothing how many there are",
        on: "AUDIT_SHARDS", remedy: "set it to the job's completions, or give --shard I/N")
    }
    guard let index = Int(text), let shard = Shard(index, of: count) else {
      throw Failure(
        .configuration, "there is no shard \(text.prefix(20)) of \(count)", on: "JOB_COMPLETION_INDEX",
        remedy: "shards count from 0; set AUDIT_SHARDS to the job's completions")
    }
    return shard
  }

  private static func parse(_ text: String, count: Int?) throws -> Shard {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map { Int($0) }
    guard let index = parts[0], parts.count == 1 || parts[1] != nil else {
      throw ValidationError("--shard takes I/N, as 0/4 for the first of four")
    }
    guard let count = parts.count == 2 ? parts[1] : count else {
      throw ValidationError("--shard \(index) does not say of how many: give --shard \(index)/N, or set AUDIT_SHARDS")
    }
    guard let shard = Shard(index, of: count) else {
      throw ValidationError(
        "there is no shard \(index) of \(count): shards count from 0, and \(Shard.most) are the most")
    }
    return shard
  }

  private func shards(_ environment: Environment) throws -> Int? {
    guard let text = try environment.value("AUDIT_SHARDS") else { return nil }
    guard let count = Int(text), (1...Shard.most).contains(count) else {
      throw Failure(
        .configuration, "this is no number of shards", on: "AUDIT_SHARDS", remedy: "set it to 1 to \(Shard.most)")
    }
    return count
  }
}
