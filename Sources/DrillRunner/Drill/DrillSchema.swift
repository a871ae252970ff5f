// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Postgres

/// The schema that a drill works in. One that is to stay says so in its comment.
final class DrillSchema {
  static let prefix = "memoryctl_drill_"
  private static let keptComment = "kept by memoryctl audit drill --keep"

  private let schema: WorkSchema
  private let session: PostgresSession
  private let progress: any ProgressListener

  /// Drops what killed drills left, and creates the schema.
  ///
  /// - Throws: status `refused` for a database that the archive came from, or where the schema exists.
  init(_ name: String, for plan: RestorePlan, staging conninfo: String, progress: any ProgressListener) throws {
    self.progress = progress
    session = try PostgresSession(conninfo)
    try plan.refuseSource(session)
    schema = try WorkSchema(name, prefix: Self.prefix, session, progress: progress)
  }

  /// Drops the schema, or marks it as one that is to stay.
  func end(keeps: Bool) {
    guard keeps else { return schema.drop(session) }
    do throws(PostgresError) {
      try session.executeScript(
        "COMMENT ON SCHEMA \(quoteIdentifier(schema.name)) IS \(quoteLiteral(Self.keptComment))")
    } catch {
      progress.event(
        "the schema could not be marked as kept",
        ["schema": .string(schema.name), "reason": .string(error.message)])
    }
  }
}
