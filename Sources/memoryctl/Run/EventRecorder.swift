// SPDX-License-Identifier: Apache-2.0
import AuditCore
import ChainWriter
import Signing

/// Records what a command did as signed events of the chain.
struct EventRecorder {
  private let appender: EventAppender
  private let keys: KeyRing
  private let console: Console

  /// Before anything is done: what could not be recorded is not begun.
  init(_ context: JobContext, _ table: TableOptions) throws {
    var appender = EventAppender(
      conninfo: try table.conninfo(context.environment), table: try table.tableName(context.environment),
      signer: try context.eventSigner(isFounding: true))
    appender.columns = table.names
    self.appender = appender
    keys = context.keys
    console = context.console
  }

  /// Refuses to record in a table what is about another chain.
  ///
  /// - Parameter head: hash of a row that has to be there; nil where there is none.
  func require(_ head: String?, of archive: String) throws {
    guard let head, try !appender.holds(head) else { return }
    throw Failure(
      .refused, "the archive's last row, \(head), is not in the table, which holds another chain", on: archive,
      remedy: "check DATABASE_URL, AUDIT_TABLE and AUDIT_ARCHIVE_URL; nothing was recorded")
  }

  /// Appends an event, unless an earlier run that was cut off has.
  ///
  /// - Parameters:
  ///   - payload: the same for each run of one command.
  ///   - since: when what it tells of began.
  func record(_ type: String, _ payload: JSONValue, since: Timestamp) throws {
    if let event = try appender.appendOnce(type: type, payload: payload, since: since, keys: keys) {
      console.event("appended", ["type": .string(type), "id": .string(event.id)])
    } else {
      console.event("the event is there already", ["type": .string(type)])
    }
  }
}
