// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import DrillRunner
import Signing
import TestSupport
import Testing

@Suite("The verdict of a report after a theft")
struct CompromiseVerdictTests {
  private func report(
    uses: Set<KeyUse>, before: Set<KeyUse> = [], _ change: (inout CompromiseReport.Look, inout VerifyReport) -> Void
  ) throws -> CompromiseReport {
    let key = VerificationKey(
      kid: "k", algorithm: .ed25519, material: .published(try PrivateKey.generateEd25519().publicKey), uses: uses)
    var look = CompromiseReport.Look()
    (look.archive, look.table, look.tableRows, look.uses) = ("file:///archive", "t", 0, before)
    var verification = VerifyReport()
    change(&look, &verification)
    return CompromiseReport(
      SuspectKey(key: key, since: Operators.start), look, SuspectList(), verification)
  }

  private static let cases: [(Set<KeyUse>, Set<KeyUse>, CompromiseReport.Verdict)] = [
    ([.events], [], .incomplete), ([.manifests], [], .unaffected), ([.multisig], [], .unaffected),
    ([.manifests, .events], [], .incomplete), ([.manifests], [.events], .incomplete), ([], [], .incomplete),
  ]

  @Test(
    "what a key's uses demand to be looked at, those that it had before among them",
    arguments: cases)
  func database(uses: Set<KeyUse>, before: Set<KeyUse>, verdict: CompromiseReport.Verdict) throws {
    for takeAway in [
      { (look: inout CompromiseReport.Look, _: inout VerifyReport) in look.table = nil },
      { (look: inout CompromiseReport.Look, _: inout VerifyReport) in look.tableRows = nil },
    ] {
      let report = try report(uses: uses, before: before, takeAway)
      #expect(report.verdict == verdict && report.status == (verdict == .incomplete ? .configuration : .success))
    }
    #expect(try report(uses: uses, before: before) { _, _ in }.verdict == .unaffected)
    #expect(try report(uses: uses, before: before) { look, _ in look.archive = nil }.verdict == .incomplete)
  }

  @Test("what could not be read, and what is wrong besides")
  func besides() throws {
    #expect(try report(uses: [.manifests]) { $1.unread = 1 }.verdict == .incomplete)
    let broken = try report(uses: [.manifests]) { $1.add(ArchiveFinding("o", "junk")) }
    #expect(broken.verdict == .unaffected && broken.status == .integrity)
  }
}
