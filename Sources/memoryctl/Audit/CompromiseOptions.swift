// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import DrillRunner
import Signing

/// After a theft: what one key signed since.
struct CompromiseOptions: ParsableArguments {
  @Option(help: "With --signer: since when its key may have been in other hands, as 2026-01-01T00:00:00Z.")
  var since: String?
  @Option(help: "Report what this key of the registry signed since --since, as if it were revoked.") var signer: String?

  func validate() throws {
    guard (since == nil) == (signer == nil) else { throw ValidationError("--since and --signer go together") }
    guard since == nil || time != nil else { throw ValidationError("--since takes a time like 2026-01-01T00:00:00Z") }
  }

  var isGiven: Bool { signer != nil }

  private var time: Timestamp? { since.flatMap { Timestamp($0) } }

  /// The same context, where the key counts for nothing from then on.
  func distrusting(_ context: JobContext) throws -> JobContext {
    guard let signer, let time else { return context }
    guard let keys = context.keys.distrusting(signer, since: time) else {
      throw Failure(
        .configuration, "no key at hand is called \"\(signer)\"", on: "--signer",
        remedy: "memoryctl keys list shows the registry's")
    }
    return context.judging(by: keys)
  }

  /// Prints the report for the security team where one is asked for, and ends the run.
  ///
  /// - Returns: false where none is.
  func finish(_ report: VerifyReport, _ context: JobContext) throws -> Bool {
    guard let signer, let time, let key = context.keys.key(signer) else { return false }
    let bytes = context.console.bytesSeen
    context.console.measure { $0.note(report, nil, bytes: bytes) }
    let compromise = CompromiseReport(key, since: time, report)
    try context.console.finish(
      compromise.json, compromise.text, status: report.isIntact ? .success : .integrity)
    return true
  }
}
