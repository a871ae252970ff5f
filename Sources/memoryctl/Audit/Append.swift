// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import ChainWriter
import Cryptography
import Signing

extension Audit {
  struct Append: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Append one signed event to the chain, safely beside the service's own writer.",
      discussion: """
        Variables: DATABASE_URL, AUDIT_TABLE, AUDIT_SIGNING_KMS_KEY_ID, SIGNING_PROXY_URL, AUDIT_SIGNING_KEY, \
        AUDIT_SIGNING_PRIVATE_KEY, REQUIRE_KMS, NODE_ENV. The role needs INSERT, and \
        UPDATE or DELETE for the lock on the table; without pg_read_all_stats it cannot see when other roles' transactions \
        began, and stamps its row half a minute earlier, so that theirs come behind it.

        Exit status: 75 the table stayed locked, or others were always quicker, 78 no signer is configured.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var table: TableOptions
    @Option(help: "The event's type, as memory.layer.signoff.") var type: String
    @Option(help: "File with the payload, one JSON value; - reads standard input.") var payload: String

    func run() throws {
      guard !type.isEmpty else { throw ValidationError("--type is empty") }
      let context = try JobContext(common, checksSignatures: false).followingWithWarnings(ArchiveOptions.parse([]))
      let (environment, console) = (context.environment, context.console)
      let signer = try context.eventSigner()
      let path = payload == "-" ? "/dev/stdin" : payload
      guard let bytes = readSmallFile(path, limit: 64 << 20) else {
        throw Failure(
          .usage, "the payload cannot be read, or has more than 64 MiB", on: "--payload", remedy: "give a file's path")
      }
      var appender = EventAppender(
        conninfo: try table.conninfo(environment), table: try table.tableName(environment), signer: signer)
      appender.columns = table.names
      let event = try appender.append(type: type, payload: bytes)
      try console.finish(
        .object([
          "id": .string(event.id), "hash": .digest(event.hash), "prevHash": .digest(event.previous),
          "createdAt": .string(event.createdAt), "signer": .string(signer.description.kid),
        ]), "appended \(event.id) at \(event.createdAt)\nhash \(event.hash)")
    }
  }
}
