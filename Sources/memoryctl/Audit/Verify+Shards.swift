// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import DrillRunner

extension Audit.Verify {
  /// Verifies one shard's share and stores its verdict. That is what it is for: whatever it found, it is done then, and
  /// the run's verdict is the join's to give.
  func verify(_ shard: Shard, of run: ShardedRun, _ settings: VerifySettings, _ context: JobContext) throws {
    context.warnOfRegistry()
    let archive = try context.archive(archive)
    var job = ShardJob(
      settings, archive, run, shard, signer: try context.manifestSigner(), progress: context.console,
      cancellation: context.cancellation)
    job.retentionDays = try shards.retention.days(context.environment)
    let (verdict, isEarlier) = try job.verify()
    let bytes = context.console.bytesSeen
    context.console.measure { measures in
      (measures.rows, measures.bytes) = (verdict.rows, bytes)
      measures.anomalies = verdict.anomaliesTotal + verdict.findingsTotal
    }
    let key = run.key(shard)
    let json = JSONValue.object([
      "verdict": .string(verdict.isIntact ? "intact" : "broken"), "run": .string(run.name),
      "shard": .count(shard.index), "of": .count(shard.count), "rows": .count(verdict.rows),
      "manifests": .count(verdict.manifests), "end": .count(verdict.end),
      "anomaliesTotal": .count(verdict.anomaliesTotal), "findingsTotal": .count(verdict.findingsTotal),
      "finishedAt": .string(verdict.finishedAt.isoSeconds), "isEarlier": .bool(isEarlier), "object": .string(key),
    ])
    var text = isEarlier ? "done before, at \(verdict.finishedAt.isoSeconds): " : ""
    text += "shard \(shard.index) of \(shard.count) \(verdict.isIntact ? "intact" : "broken"): \(verdict.rows) rows in"
    text += " \(verdict.manifests) manifests, \(verdict.findingsTotal) findings, \(verdict.anomaliesTotal) anomalies"
    text += "\nverdict \(archive.name(key))\nthe run's own: memoryctl audit verify --join \(run.name)"
    try context.console.finish(json, text)
  }
}
