// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import Postgres
import TestSupport
import Testing

/// Tables whose order is far from the chain's, with more rows than may wait in memory.
@Suite("Scattered rows", .enabled(if: TemporaryPostgres.isUsable))
struct ScatterTests {
  private static let rows = 45_000

  /// Puts the table's rows in another order, under one stamp that says nothing of it.
  private func shuffle(_ url: String, by order: String) throws {
    try PostgresSession(url).executeScript(
      """
      SET search_path = public;
      CREATE TABLE shuffled AS SELECT * FROM audit_events;
      TRUNCATE audit_events;
      INSERT INTO audit_events SELECT * FROM shuffled ORDER BY \(order);
      DROP TABLE shuffled
      """)
  }

  @Test(
    "rows in another order under one stamp make the same bundles as in order",
    arguments: ["md5(id::text)", "(payload->>'sequence')::int % 24, (payload->>'sequence')::int"])
  func shuffled(order: String) throws {
    let site = try Site()
    try site.makeChain(rows: Self.rows, days: 1)
    try PostgresSession(site.source).executeScript(
      "UPDATE public.audit_events SET created_at = date_trunc('day', created_at, 'UTC')")
    #expect(try site.run("audit", "archive").status == 0)
    let ordered = try site.bundles()
    try site.removeArchive()
    try shuffle(site.source, by: order)
    let archived = try site.run("audit", "archive")
    #expect(archived.status == 0, "\(archived.errorText)")
    #expect(try site.bundles() == ordered)
    let verified = try site.run("audit", "verify", "--database", site.source)
    #expect(verified.status == 0, "\(verified.text)")
  }

  @Test("a second chain in the table, as large as the first, is archived and named")
  func secondChain() throws {
    let site = try Site()
    try site.makeChain(rows: Self.rows, days: 2)
    try PostgresSession(site.source).executeScript(
      """
      SET search_path = public;
      CREATE TABLE first AS SELECT * FROM audit_events;
      TRUNCATE audit_events
      """)
    try PostgresSession(site.source).executeScript("DROP TABLE public.audit_events")
    let made = try site.run("dev", "chain", "--rows", "\(Self.rows + 500)", "--days", "2", "--seed", "2")
    #expect(made.status == 0)
    try PostgresSession(site.source).executeScript("INSERT INTO public.audit_events SELECT * FROM public.first")
    let archived = try site.run("audit", "archive", "--json")
    #expect(archived.status == 65)
    let document = try json(archived)
    #expect(document["rows"]?.integer == Int64(2 * Self.rows + 500))
    #expect(document["anomalies"]?.integer == Int64(Self.rows))
    #expect(document["anomalyList"]?.array?.first?["kind"] == "fork")
    let verified = try json(try site.run("audit", "verify", "--json"))
    #expect(verified["findings"]?.array == [])
    #expect(verified["rows"]?.integer == Int64(2 * Self.rows + 500))
  }
}
