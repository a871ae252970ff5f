// SPDX-License-Identifier: Apache-2.0
import AuditCore
import TestSupport
import Testing

/// The jobs, run from their manifests.
@Suite(
  "k8s/ pods run",
  .enabled(if: KubernetesTools.areUsable && TemporaryPostgres.isUsable, "scripts/dependencies test is needed"))
struct LocalNodeTests {
  private let node: LocalNode

  init() throws {
    node = try LocalNode()
    try node.makeChain(rows: 600, days: 6)
  }

  private func document(_ output: CommandOutput) throws -> JSONValue {
    #expect(output.status == 0, "\(output.errorText)")
    return try JSONValue(parsing: output.standardOutput)
  }

  @Test("a night, the drill, and the probe behind them")
  func jobs() throws {
    let night = try document(try node.run(try Overlay.awsIRSA.workload("audit-archive")))
    #expect(night["anomalies"] == .count(0))
    #expect(night["rows"] != .count(0))
    // The drill's overlay has neither the production table nor its address.
    let drill = try document(try node.run(try Overlay.drillStaging.workload("audit-drill")))
    #expect(drill["verdict"]?.string == "passed")
    let status = try document(try node.run(try Overlay.awsIRSA.workload("audit-status")))
    #expect(status["verdict"]?.string == "well")
    // Nothing is left to do.
    let backlog = try document(try node.run(try Overlay.awsIRSA.workload("audit-backfill")))
    #expect(backlog["rows"] == .count(0))
  }

  @Test("the Indexed Job's pods in any order, and the join once all are done")
  func indexedJob() throws {
    _ = try document(try node.run(try Overlay.awsIRSA.workload("audit-archive")))
    let verify = try Overlay.awsIRSA.workload("audit-verify")
    let join = try Overlay.awsIRSA.workload("audit-verify-join")
    let pods = try #require(verify.job?["completions"].int)
    let run = ["AUDIT_RUN": "verify-2026-q4"]
    for index in (0..<pods).reversed() {
      #expect(try node.run(join, set: run).status != 0, "not all shards are done")
      _ = try document(try node.run(verify, set: run.merging(["JOB_COMPLETION_INDEX": "\(index)"]) { $1 }))
    }
    let joined = try document(try node.run(join, set: run))
    #expect(joined["verdict"]?.string == "intact")
    #expect(joined["manifests"] != .count(0))
  }
}
