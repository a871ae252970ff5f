// SPDX-License-Identifier: Apache-2.0
import Archiver
import AuditCore
import Testing
import TestSupport

@Suite("Chains of the vectors, on a real Postgres", .enabled(if: TemporaryPostgres.isUsable))
struct VectorTests {
  @Test("sound chains are archived and verify", arguments: ["clean-ed25519", "clean-hmac", "clean-rsa", "unsigned"])
  func sound(name: String) throws {
    let scenario = try Scenario()
    try scenario.load("chain/\(name).tsv")
    #expect(try scenario.run().anomalies.isEmpty)
    let report = try scenario.verify()
    #expect(report.isIntact, "\(report.findings)")
    #expect(report.rows == (try scenario.tableIDs().count))
    #expect(report.signatures.valid == (name == "unsigned" ? 0 : report.rows))
    #expect(try scenario.verifyBoth().isIntact)
    #expect(try scenario.unionIsTheTable())
  }

  @Test(
    "broken chains are archived whole, and their fault is named",
    arguments: [
      ("broken-hash", AnomalyKind.hashMismatch, "3421bb9a-2b9f-4f89-a52d-6ed85f790768"),
      ("broken-delete", .gap, "22680f6a-7f77-485f-ac4c-3b892e6ae1ae"),
      ("broken-fork", .fork, "2497bbdd-2224-494c-a947-566b46117dea"),
      ("broken-orphan", .orphan, "2497bbdd-2224-494c-a947-566b46117dea"),
      ("broken-sig", .signatureInvalid, "3421bb9a-2b9f-4f89-a52d-6ed85f790768"),
    ])
  func broken(name: String, kind: AnomalyKind, id: String) throws {
    let scenario = try Scenario()
    try scenario.load("chain/\(name).tsv")
    let archived = try scenario.run().anomalies
    #expect(archived.listed.map(\.kind) == [kind])
    #expect(archived.listed.map(\.id) == [id])
    let verified = try scenario.verify()
    #expect(verified.anomalies.listed.map(\.kind) == [kind])
    #expect(verified.anomalies.listed.map(\.id) == [id])
    #expect(verified.findings.isEmpty)
    #expect(try scenario.unionIsTheTable())
  }
}
