// SPDX-License-Identifier: Apache-2.0
import AuditCore
import DrillRunner
import Signing

/// Events of a change that stands whether or not they can be recorded just now.
///
/// A stolen events key, or one that a stolen operator's key casts doubt on, must not keep anybody from changing the
/// registry: what was approved is done first, and recorded by a key that counts then.
struct PendingRecord {
  private let context: JobContext
  private let table: TableOptions
  /// What stands.
  private let words: String

  init(_ context: JobContext, _ table: TableOptions, _ words: String) {
    (self.context, self.table, self.words) = (context, table, words)
  }

  /// Before anything is done: where its events go has to be said.
  func requirePlace() throws {
    _ = try (table.conninfo(context.environment), table.tableName(context.environment))
  }

  /// Appends the events that are not there yet.
  ///
  /// - Parameters:
  ///   - object: what was changed.
  ///   - since: when the change began.
  ///   - current: by whose keys the events are signed.
  /// - Throws: with the cause's status, and with what to do: the change itself is done.
  func run(
    on object: String, since: Timestamp, _ events: [(type: String, payload: JSONValue)],
    by current: () throws -> JobContext
  ) throws {
    do {
      let recorder = try EventRecorder(current(), table)
      for (type, payload) in events { try recorder.record(type, payload, since: since) }
    } catch {
      let failure = Failure(from: error)
      throw Failure(
        failure.status, "\(words), and could not be recorded in the chain now: \(failure)", on: object,
        remedy: "run the same command again, with an events key that the registry lets sign: that records it",
        cause: error)
    }
  }
}
