// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import Archiver
import AuditCore
import Cryptography
import DrillRunner
import Foundation
import Postgres
import Signing
import TestSupport
import Testing

@Suite("The drill", .enabled(if: TemporaryPostgres.isUsable))
struct DrillTests {
  @Test("a sound archive passes, with every step, and its report is signed and stored", arguments: StoreKind.usable)
  func passes(kind: StoreKind) throws {
    let drill = try Drill(in: kind)
    let report = try drill.job().run(.all)
    #expect(report.isPassed, "\(report.steps)")
    #expect(report.rows == 400)
    #expect(
      report.steps.map(\.name) == [
        "check the manifests", "restore, check and replay", "build indexes", "verify chain and signatures in staging",
        "negative control",
      ])
    let key = try #require(report.key)
    let bytes = try #require(try drill.archive.store.read("memory-layer/\(key)", limit: 1 << 20))
    let document = try SignedDocument(parsing: bytes, .report)
    #expect(document.content["verdict"] == "passed")
    #expect(
      drill.keys.verify(document.proof, over: document.digest, at: .now(), for: .manifests)
        == .valid([drill.signer.description.kid]))
    let left = try PostgresSession(drill.staging).execute("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'memoryctl%'")
    #expect(left.isEmpty)
  }

  @Test("a damaged archive fails and is named", arguments: StoreKind.usable)
  func fails(kind: StoreKind) throws {
    let drill = try Drill("chain/broken-hash.tsv", in: kind)
    let report = try drill.job().run(.all)
    #expect(!report.isPassed)
    #expect(report.anomalies.listed.map(\.kind) == [.hashMismatch])
  }

  @Test("it refuses the archive's own source", arguments: StoreKind.usable)
  func refusesSource(kind: StoreKind) throws {
    let drill = try Drill(in: kind)
    #expect(#expect(throws: Failure.self) { try drill.job(staging: drill.source).run(.all) }?.status == .refused)
  }

  @Test("a selection restores its days alone, from the middle of the chain too", arguments: StoreKind.usable)
  func selection(kind: StoreKind) throws {
    let drill = try Drill(in: kind)
    let day = try #require(UTCDay("2026-11-21"))
    let report = try drill.job().run(.day(day))
    #expect(report.isPassed, "\(report.steps)")
    #expect(report.rows > 0 && report.rows < 400)
    #expect(try drill.job().run(.latest).isPassed)
    #expect(
      #expect(throws: Failure.self) { try drill.job().run(.day(day.advanced(by: 90))) }?.status == .nothingToCheck)
  }
}

@Suite("Replay", .enabled(if: TemporaryPostgres.isUsable))
struct ReplayTests {
  private static let everyType = """
    SET search_path = public;
    CREATE TYPE public.mood AS ENUM ('calm', 'it''s "odd"');
    CREATE TYPE public.pair AS (a integer, b text);
    ALTER TABLE public.audit_events
      ADD "Odd ""name"" é" text DEFAULT E'tab\\t quote" back\\\\slash newline\\n \\x01 é😀',
      ADD c_bool boolean DEFAULT true, ADD c_int2 smallint DEFAULT -32768, ADD c_int4 integer DEFAULT 2147483647,
      ADD c_int8 bigint DEFAULT -9223372036854775808, ADD c_numeric numeric DEFAULT 1.10, ADD c_nan numeric DEFAULT 'NaN',
      ADD c_float4 real DEFAULT 1e-7, ADD c_float8 double precision DEFAULT 0.1, ADD c_inf double precision DEFAULT '-Infinity',
      ADD c_char char(5) DEFAULT 'ab', ADD c_varchar varchar(20) DEFAULT '', ADD c_name name DEFAULT 'n',
      ADD c_bytea bytea DEFAULT '\\x00ff5c', ADD c_json json DEFAULT E'{"a":\\n [1,  2]}', ADD c_jsonb jsonb DEFAULT '[1, {"b": null}]',
      ADD c_date date DEFAULT '0044-03-15 BC', ADD c_time time DEFAULT '23:59:59.5', ADD c_timetz timetz DEFAULT '12:00+05:30',
      ADD c_timestamp timestamp DEFAULT '2026-01-01 00:00:00.000001', ADD c_far timestamptz DEFAULT '294276-12-31 23:59:59+00',
      ADD c_infinite timestamptz DEFAULT 'infinity', ADD c_bc timestamptz DEFAULT '0001-01-01 00:00:00+00 BC',
      ADD c_interval interval DEFAULT '1 year -2 days 03:04:05.6', ADD c_uuid uuid DEFAULT '00000000-0000-0000-0000-0000000000ff',
      ADD c_inet inet DEFAULT '192.168.1.1', ADD c_cidr cidr DEFAULT '10.0.0.0/8', ADD c_macaddr macaddr DEFAULT '08:00:2b:01:02:03',
      ADD c_bit bit(3) DEFAULT B'101', ADD c_varbit varbit DEFAULT B'', ADD c_money money DEFAULT 12.34,
      ADD c_point point DEFAULT '(1,2)', ADD c_box box DEFAULT '(1,1),(0,0)', ADD c_path path DEFAULT '[(0,0),(1,1)]',
      ADD c_tsvector tsvector DEFAULT 'a:1 b', ADD c_tsquery tsquery DEFAULT 'a & b', ADD c_xml xml DEFAULT '<a>&lt;</a>',
      ADD c_range int4range DEFAULT '[1,5)', ADD c_multirange int4multirange DEFAULT '{[1,3),[5,7)}',
      ADD c_ints integer[] DEFAULT '{1,NULL,3}', ADD c_texts text[] DEFAULT ARRAY['a"b', 'c\\d', ''],
      ADD c_macaddr8 macaddr8 DEFAULT '08:00:2b:ff:fe:01:02:03', ADD c_line line DEFAULT '{1,2,3}', ADD c_lseg lseg DEFAULT '[(0,0),(1,1)]',
      ADD c_polygon polygon DEFAULT '((0,0),(1,0),(1,1))', ADD c_circle circle DEFAULT '<(1,2),3>', ADD c_onechar "char" DEFAULT 'x',
      ADD c_jsonpath jsonpath DEFAULT '$.a[*] ? (@ > 1)', ADD c_int2vector int2vector DEFAULT '1 2', ADD c_oidvector oidvector DEFAULT '1 2',
      ADD c_tid tid DEFAULT '(1,2)', ADD c_xid xid DEFAULT '7', ADD c_cid cid DEFAULT '8', ADD c_xid8 xid8 DEFAULT '9',
      ADD c_refcursor refcursor DEFAULT 'c', ADD c_snapshot pg_snapshot DEFAULT '10:20:10,14', ADD c_txid txid_snapshot DEFAULT '10:20:',
      ADD c_regclass regclass DEFAULT 'pg_class', ADD c_regproc regproc DEFAULT 'now', ADD c_regprocedure regprocedure DEFAULT 'abs(integer)',
      ADD c_regoper regoper DEFAULT 'pg_catalog.||/', ADD c_regoperator regoperator DEFAULT '+(integer,integer)', ADD c_regtype regtype DEFAULT 'integer',
      ADD c_regrole regrole, ADD c_regnamespace regnamespace DEFAULT 'pg_catalog', ADD c_regconfig regconfig DEFAULT 'english',
      ADD c_regdictionary regdictionary DEFAULT 'simple', ADD c_regcollation regcollation DEFAULT '"C"', ADD c_acl aclitem DEFAULT 'postgres=r/postgres',
      ADD c_int8range int8range DEFAULT 'empty', ADD c_numrange numrange DEFAULT '(,1.5]', ADD c_tsrange tsrange DEFAULT '[2026-01-01,)',
      ADD c_tstzrange tstzrange DEFAULT '[2026-01-01 00:00+00,infinity]', ADD c_daterange daterange DEFAULT '[2026-01-01,2026-02-01)',
      ADD c_int8multirange int8multirange DEFAULT '{}', ADD c_nummultirange nummultirange DEFAULT '{[1,2]}', ADD c_tsmultirange tsmultirange DEFAULT '{[2026-01-01,2026-01-02)}',
      ADD c_tstzmultirange tstzmultirange DEFAULT '{[2026-01-01 00:00+00,2026-01-02 00:00+00)}', ADD c_datemultirange datemultirange DEFAULT '{[2026-01-01,2026-02-01)}',
      ADD c_matrix integer[][] DEFAULT '[0:1][1:2]={{1,2},{3,NULL}}', ADD c_jsons jsonb[] DEFAULT ARRAY['{"a": "b\\"c"}'::jsonb],
      ADD c_oid oid DEFAULT 42, ADD c_lsn pg_lsn DEFAULT '0/16B3748', ADD c_null text,
      ADD c_twice integer GENERATED ALWAYS AS (c_int2 * 2) STORED;
    UPDATE public.audit_events SET c_regrole = 'postgres';
    """

  @Test(
    "the replayed table equals the source, ids and microseconds included, with its indexes",
    arguments: StoreKind.usable)
  func equal(kind: StoreKind) throws {
    let drill = try Drill(in: kind, change: "CREATE INDEX ON public.audit_events (created_at DESC, event_type)")
    let job = ReplayJob(VerifySettings(keys: drill.keys), drill.archive, staging: drill.staging)
    let result = try job.run(try drill.archive.sequences(.all), schema: "replayed", isLogged: true)
    #expect(result.report.isIntact)
    #expect(try Drill.rows(drill.staging, "replayed.audit_events") == Drill.rows(drill.source, "public.audit_events"))
    func indexes(_ url: String, _ schema: String) throws -> [String] {
      try PostgresSession(url).execute(
        """
        SELECT regexp_replace(indexdef, '^.*(UNIQUE)? INDEX .* USING', coalesce(substring(indexdef, 'UNIQUE'), '')) FROM pg_indexes
        WHERE schemaname = '\(schema)' ORDER BY 1
        """
      ).map { $0[0] ?? "" }
    }
    #expect(try indexes(drill.staging, "replayed").count == 3)
    #expect(
      #expect(throws: Failure.self) {
        try job.run(try drill.archive.sequences(.all), schema: "replayed", isLogged: true)
      }?.status == .refused)
  }

  @Test("every built-in type survives")
  func everyBuiltInType() throws {
    let drill = try Drill(change: Self.everyType)
    let job = ReplayJob(VerifySettings(keys: drill.keys), drill.archive, staging: drill.staging)
    let result = try job.run(try drill.archive.sequences(.all), schema: "replayed", isLogged: false)
    #expect(result.report.isIntact)
    #expect(try Drill.rows(drill.staging, "replayed.audit_events") == Drill.rows(drill.source, "public.audit_events"))
    #expect(try untestedTypes(drill.source) == [])
    #expect(try exceptBothWays(drill) == 0)
    #expect(try drill.job().run(.all).isPassed)
  }

  /// Built-in types that the table has no column of, but for those that nobody can put a value into.
  private func untestedTypes(_ url: String) throws -> [String] {
    try PostgresSession(url).execute(
      """
      SELECT typname FROM pg_type AS t
      WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typcategory NOT IN ('A', 'X')
        AND typname NOT LIKE 'pg\\_%list' AND typname NOT IN ('gtsvector', 'pg_node_tree', 'pg_ndistinct', 'pg_dependencies',
          'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary', 'unknown')
        AND NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'public.audit_events'::regclass AND atttypid = t.oid)
      """
    ).compactMap { $0[0] }
  }

  /// Rows that one of source and replayed table has and the other has not, compared column by column in one database.
  private func exceptBothWays(_ drill: Drill) throws -> Int {
    let staging = try PostgresSession(drill.staging)
    try staging.executeScript("CREATE TABLE public.original (LIKE replayed.audit_events)")
    let copied = try Command.run(
      "bash",
      [
        "-euo", "pipefail", "-c",
        """
        psql -qX "$1" -c 'COPY (SELECT * FROM public.audit_events) TO STDOUT' | psql -qX "$2" -c 'COPY public.original FROM STDIN'
        """, "bash", drill.source, drill.staging,
      ])
    #expect(copied.status == 0, "\(copied.errorText)")
    // Types without an order of their own are compared by their text.
    let columns =
      try staging.execute(
        """
        SELECT string_agg(quote_ident(attname) || CASE WHEN EXISTS (
          SELECT 1 FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod WHERE amname = 'btree' AND opcdefault
            AND opcintype IN (atttypid, CASE WHEN typcategory IN ('R', 'A', 'E', 'S') THEN atttypid ELSE 0 END))
          THEN '' ELSE '::text' END, ', ')
        FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
        WHERE attrelid = 'replayed.audit_events'::regclass AND attnum > 0 AND NOT attisdropped
        """)[0][0] ?? ""
    let sides = ("(SELECT \(columns) FROM public.original)", "(SELECT \(columns) FROM replayed.audit_events)")
    let counts = try staging.execute(
      """
      SELECT (SELECT count(*) FROM (\(sides.0) EXCEPT \(sides.1)) AS a), (SELECT count(*) FROM (\(sides.1) EXCEPT \(sides.0)) AS b),
        (SELECT count(*) FROM public.original)
      """)[0].map { $0.flatMap { Int($0) } ?? -1 }
    #expect(counts[2] == 400)
    return counts[0] + counts[1]
  }

  @Test("archives of the older tools are replayed, their rows' ids and times included", arguments: ["array", "object"])
  func legacy(name: String) throws {
    let staging = try TemporaryPostgres.shared().createDatabase("staging")
    let keys = try KeyRing(Environment(["AUDIT_SIGNING_KEY": "vector-key"]), registry: nil)
    let file = SingleObject(path: Fixtures.path("legacy/\(name).json"))
    let replay = FileReplay(FileVerifier(VerifySettings(keys: keys), file), staging: staging)
    let result = try replay.run(schema: "older")
    let (table, report) = (result.table, result.report)
    #expect(report.isIntact && result.staged == nil)
    let verifier = DatabaseVerifier(VerifySettings(keys: keys), conninfo: staging, table: table.name)
    let staged = try verifier.run()
    #expect(staged.isIntact)
    #expect(staged.rows == 120)
    #expect(staged.headHash == report.headHash)
    let ids = try Fixtures.text("legacy/\(name).json").matches(of: #/"id": ?"([0-9a-f-]{36})"/#).map { String($0.1) }
    let restored = try PostgresSession(staging).execute("SELECT id::text FROM older.audit_events").compactMap { $0[0] }
    #expect(Set(ids) == Set(restored))
  }
}
