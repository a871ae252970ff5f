// SPDX-License-Identifier: Apache-2.0
import Postgres
import TestSupport
import Testing

@Suite(.enabled(if: TemporaryPostgres.isUsable, "needs a Postgres server's programs"))
struct SessionTests {
  @Test func startsAServer() throws {
    let url = try TemporaryPostgres.shared().createDatabase()
    let session = try PostgresSession(url)
    #expect(try session.execute("SELECT 1") == [["1"]])
  }

  @Test func standbyFollows() throws {
    let server = try TemporaryPostgres.shared()
    let standby = try server.startStandby()
    #expect(try standby.execute("SELECT pg_is_in_recovery()") == [["t"]])
  }
}
