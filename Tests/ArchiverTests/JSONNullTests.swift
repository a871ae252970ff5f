// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import CanonicalJSON
import Cryptography
import DrillRunner
import Foundation
import Postgres
import RowCodec
import TestSupport
import Testing

@Suite("The value null of jsonb is not SQL's NULL")
struct JSONNullTests {
  private static let columns = [
    Column(name: "a", type: "jsonb", isNotNull: true), Column(name: "b", type: "jsonb"),
    Column(name: "c", type: "text"),
  ]
  private static let null: [UInt8] = [1, 0x6e, 0x75, 0x6c, 0x6c]

  private func tuple(_ fields: [[UInt8]?]) -> [UInt8] {
    var bytes: [UInt8] = [0, UInt8(fields.count)]
    for field in fields {
      withUnsafeBytes(of: Int32(field?.count ?? -1).bigEndian) { bytes += $0 }
      bytes += field ?? []
    }
    return bytes
  }

  private func line(_ fields: [[UInt8]?]) throws -> String {
    var ranges = FieldRanges(count: fields.count)
    var out = ByteBuffer()
    try tuple(fields).withUnsafeBytes {
      try ranges.read(tuple: $0)
      try LineEncoder(Self.columns).append($0, ranges, to: &out)
    }
    return String(decoding: out.array(), as: UTF8.self)
  }

  /// The tuple that a line stands for, or nil for one that is refused.
  private func tuple(of line: String, payload: Int = 0) -> [UInt8]? {
    var ranges = FieldRanges(count: Self.columns.count)
    var canonicalizer = Canonicalizer()
    var canonical = ByteBuffer()
    var out = ByteBuffer()
    return Array(line.utf8).withUnsafeBytes { bytes in
      guard
        (try? LineDecoder(Self.columns, payload: payload).decode(bytes, into: &ranges, &canonicalizer, &canonical))
          != nil, (try? TupleEncoder(Self.columns).append(bytes, ranges, to: &out)) != nil
      else { return nil }
      return out.array()
    }
  }

  @Test(
    "lines and back",
    arguments: [
      ([null, nil, nil], #"{"a":null,"b":null,"c":null}"#), ([null, null, nil], #"{"a":null,"b": null,"c":null}"#),
      ([[1, 0x31], [1, 0x32], [0x6e, 0x75, 0x6c, 0x6c]], #"{"a":1,"b":2,"c":"null"}"#),
    ] as [([[UInt8]?], String)])
  func lines(fields: [[UInt8]?], text: String) throws {
    #expect(try line(fields) == text)
    #expect(tuple(of: text) == tuple(fields))
    #expect(tuple(of: text, payload: 1) == tuple(fields))
  }

  @Test(
    "no other white space is taken",
    arguments: [
      #"{"a":1,"b":  null,"c":null}"#, "{\"a\":1,\"b\":\tnull,\"c\":null}", #"{"a":1,"b": 2,"c":null}"#,
      #"{"a":1,"b":2 ,"c":null}"#, #"{"a":1,"b":null ,"c":null}"#, #"{"a":1,"b": null ,"c":null}"#,
      #"{"a":1,"b":2,"c": null}"#, #"{"a": {},"b":2,"c":null}"#, #"{"a":1,"b": nulls,"c":null}"#, #"{"a":1,"b": "#,
    ])
  func whiteSpace(text: String) {
    #expect(tuple(of: text) == nil)
    #expect(tuple(of: text, payload: 1) == nil)
  }

  @Test("names of a line's members")
  func names() {
    func names(_ text: String) -> [String]? { Array(text.utf8).withUnsafeBytes { memberNames(of: $0) } }
    #expect(names(#"{"a":1,"b\"é":{"x":[1,"}"]},"c": null}"#) == ["a", #"b"é"#, "c"])
    for text in [
      "", "{", "{}", "[]", "{\"a\":}", "{\"a\":1", "{\"a\":1,}", "{\"a\":1}}", "{\"a\" :1}", "{\"a\":1,\"b\"}",
    ] {
      #expect(names(text) == nil, "\(text)")
    }
    let many = (0..<100_000).map { #""c\#($0)":1"# }.joined(separator: ",")
    #expect(names("{\(many)}") == nil)
  }
}

@Suite("Rows with the value null of jsonb", .enabled(if: TemporaryPostgres.isUsable))
struct JSONNullArchiveTests {
  /// A chain with payloads null, in a table with a nullable jsonb column.
  private func scenario(isNullable: Bool) throws -> Scenario {
    let scenario = try Scenario()
    try scenario.execute("ALTER TABLE public.audit_events ADD note jsonb, ADD number numeric")
    if isNullable { try scenario.execute("ALTER TABLE public.audit_events ALTER payload DROP NOT NULL") }
    try scenario.append("2026-11-18 10:00:00")
    for note in ["'null'", "NULL", #"'{"a": [null, "}"]}'"#] {
      var sha = SHA256()
      Array("null".utf8).withUnsafeBytes { sha.update($0) }
      let previous = try #require(scenario.head)
      sha.update(previous)
      let hash = sha.finalize()
      try scenario.execute(
        """
        INSERT INTO public.audit_events (event_type, payload, hash, prev_hash, created_at, note, number)
        VALUES ('test', 'null', '\(hash)', '\(previous)', '2026-11-18 11:00:00+00', \(note), 1.50)
        """)
      scenario.setHead(hash)
    }
    return scenario
  }

  @Test("archived, verified, and restored as they are", arguments: [false, true])
  func roundTrip(isNullable: Bool) throws {
    let scenario = try scenario(isNullable: isNullable)
    #expect(try scenario.night("2026-11-18").anomalies.isEmpty)
    let report = try scenario.verify()
    #expect(report.isIntact, "\(report.anomalies.listed) \(report.findings)")
    #expect(try scenario.verifyBoth().isIntact)
    let staging = try TemporaryPostgres.shared().createDatabase("staging")
    let settings = VerifySettings(keys: scenario.keys)
    let job = ReplayJob(settings, scenario.archive, staging: staging)
    _ = try job.run(try scenario.archive.sequences(), schema: "replayed", isLogged: false)
    let rows = { (url: String, table: String) in
      try PostgresSession(url).execute("SELECT t::text FROM \(table) AS t ORDER BY 1").map { $0[0] ?? "" }
    }
    #expect(try rows(staging, "replayed.audit_events") == rows(scenario.url, "public.audit_events"))
    let drill = DrillJob(settings, scenario.archive, staging: staging, signer: scenario.signer)
    #expect(try drill.run(.all).isPassed)
  }

  @Test("a bundle by itself", arguments: [false, true])
  func singleFile(isNullable: Bool) throws {
    let scenario = try scenario(isNullable: isNullable)
    try scenario.night("2026-11-18")
    let key = try #require(try scenario.manifests()[0].bundle?.key)
    let path = scenario.path(key)
    let report = try FileVerifier(VerifySettings(keys: scenario.keys), SingleObject(path: path)).run()
    #expect(report.isIntact, "\(report.anomalies.listed) \(report.findings)")
    #expect(report.rows == 4)
  }

  @Test("a file of the older tools")
  func legacy() throws {
    let directory = try TemporaryDirectory("legacy")
    let hash = SHA256.hash(Array("null".utf8)).hex
    let text = """
      [{"id": "00000000-0000-4000-8000-000000000001", "event_type": "t", "payload": null, "hash": "\(hash)",
        "prev_hash": null, "signature": null, "created_at": "2026-11-18T10:00:00.000Z"}]
      """
    try text.write(toFile: directory("a.json"), atomically: true, encoding: .utf8)
    let report = try FileVerifier(VerifySettings(keys: Scenario().keys), SingleObject(path: directory("a.json"))).run()
    #expect(report.isIntact, "\(report.anomalies.listed) \(report.findings)")
  }
}
