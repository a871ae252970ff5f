// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
public import AuditCore
internal import Signing

/// What one shard of a run found; signed, it is stored under `checks/`.
///
/// - SeeAlso: `docs/archive-format.md`, "Verdict of a shard".
public struct ShardVerdict: Sendable {
  static let format = "audit-check/v1"
  /// Bytes that a stored verdict may have.
  static let largest = 64 << 20

  let stream: String
  public let run: ShardedRun
  public let shard: Shard
  var tool = Tool.name
  var startedAt = Timestamp.now()
  public internal(set) var finishedAt = Timestamp.now()
  let rules: ShardRules
  /// The shard saw manifests below this sequence, and none from here on.
  public let end: Int
  /// Of its manifests, ascending.
  var outcomes: [BundleOutcome] = []

  init(stream: String, run: ShardedRun, shard: Shard, rules: ShardRules, end: Int) {
    self.stream = stream
    self.run = run
    self.shard = shard
    self.rules = rules
    self.end = end
  }

  public var manifests: Int { outcomes.count }
  public var rows: Int { outcomes.reduce(0) { $0 + $1.rows } }
  public var findingsTotal: Int { outcomes.reduce(0) { $0 + $1.findingsTotal } }
  public var anomaliesTotal: Int { outcomes.reduce(0) { $0 + $1.anomalies.total } }
  /// Of the shard's own manifests; seams are the join's to check.
  public var isIntact: Bool { findingsTotal == 0 && anomaliesTotal == 0 }
}

extension Archive {
  /// Reads the verdict of a shard that a key at hand vouches for.
  ///
  /// - Returns: nil where there is none.
  /// - Throws: an ``ArchiveFinding`` where what is there counts for nothing.
  func verdict(
    of run: ShardedRun, _ shard: Shard, keys: KeyRing
  ) throws -> (content: ShardVerdict, version: ObjectVersion)? {
    try document(run.key(shard), .check, limit: ShardVerdict.largest) { document throws(DocumentError) in
      let verdict = try ShardVerdict(json: document.content, archiveURL: url)
      try keys.require(document, at: verdict.finishedAt)
      guard verdict.stream == stream, verdict.run == run, verdict.shard == shard else {
        throw DocumentError(
          "it is the verdict of another place: shard \(verdict.shard.index) of \(verdict.shard.count), run"
            + " \(verdict.run.name), stream \(verdict.stream)")
      }
      return verdict
    }
  }
}
