// SPDX-License-Identifier: Apache-2.0
public import Postgres

/// The session that holds a run's snapshot and answers its small questions; one thread's own.
public final class SourceSession {
  public let session: PostgresSession

  public init(_ conninfo: String) throws(PostgresError) { session = try PostgresSession(conninfo) }
}
