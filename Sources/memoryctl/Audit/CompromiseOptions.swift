// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Signing

/// After a theft: what one key signed since.
struct CompromiseOptions: ParsableArguments {
  @Option(help: "With --signer: since when its key may have been in other hands, as 2026-01-01T00:00:00Z.")
  var since: String?
  @Option(
    help: "Report what this key of the registry signed since --since, as if it were revoked, in archive and database.")
  var signer: String?
  @Option(help: "With --since: also write all that the key signed into this new file, a line of JSON for each.")
  var list: String?

  func validate() throws {
    guard (since == nil) == (signer == nil) else { throw ValidationError("--since and --signer go together") }
    guard since == nil || time != nil else { throw ValidationError("--since takes a time like 2026-01-01T00:00:00Z") }
    guard time.map({ $0 <= Timestamp.now().advanced(bySeconds: 3600) }) ?? true else {
      throw ValidationError("--since lies in the future: nothing has been signed since")
    }
    guard list == nil || since != nil else { throw ValidationError("--list goes with --since and --signer") }
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
    guard context.keys.key(signer)?.isAtHand == true else {
      throw Failure(
        .configuration, "only a service can tell what \"\(signer)\" signed, and it may be in other hands",
        on: "--signer",
        remedy: "list its public key in AUDIT_SIGNERS_FILE")
    }
    return context.judging(by: keys)
  }
}
