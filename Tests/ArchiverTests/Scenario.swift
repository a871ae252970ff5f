// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import Archiver
import AuditCore
import Bytes
import CanonicalJSON
import ChainReader
import Crypto
import DrillRunner
import Foundation
import Postgres
import RowCodec
import Signing
import TestSupport

/// A source database, an archive, and a hand that appends to the chain.
final class Scenario {
  static let key = Array("vector-key".utf8)

  let url: String
  let store: TestStore
  let archive: Archive
  let signer = LocalSigner(hmacKey: Scenario.key, kid: "local-hmac")
  let keys: KeyRing
  private(set) var head: Digest?
  private var number = 0

  init(_ kind: StoreKind = .file) throws {
    url = try TemporaryPostgres.shared().createDatabase("source")
    store = try TestStore(kind)
    let registry = try KeyRegistry(parsing: Fixtures.bytes("registry.json"), name: "registry.json")
    keys = try KeyRing(Environment(["AUDIT_SIGNING_KEY": "vector-key"]), registry: registry)
    archive = try Archive(store.store, stream: "memory-layer", keys: keys)
    try PostgresSession(url).executeScript("SET search_path = public; " + TemporaryPostgres.auditEvents)
  }

  func execute(_ sql: String, _ parameters: [String?] = []) throws {
    try PostgresSession(url).execute(sql, parameters)
  }

  func query(_ sql: String) throws -> [[String?]] { try PostgresSession(url).execute(sql) }

  /// Fills the table from a fixture.
  func load(_ fixture: String) throws {
    let text = try Fixtures.bytes(fixture)
    try PostgresSession(url).copyIn("COPY public.audit_events FROM STDIN", isBinary: false) { copy in
      try text.withUnsafeBytes { try copy.put($0) }
    }
  }

  struct Row {
    let id: String
    let hash: Digest
    let sql: String
  }

  /// The next row of the chain; `after` names another predecessor than the head.
  func row(_ createdAt: String, after: Digest?? = nil) throws -> Row {
    number += 1
    let previous = after ?? head
    let payload = Array(#"{"number":\#(number)}"#.utf8)
    var sha = SHA256()
    payload.withUnsafeBytes { sha.update($0) }
    if let previous { sha.update(previous) }
    let hash = sha.finalize()
    let signature = Base64.encode(try signer.sign(hash))
    let id = UUID().uuidString.lowercased()
    let time = createdAt == "now()" ? "now()" : "'\(createdAt)+00'"
    let sql = """
      INSERT INTO public.audit_events (id, event_type, payload, hash, prev_hash, signature, created_at) VALUES
      ('\(id)', 'test', '{"number": \(number)}', '\(hash)', \(previous.map { "'\($0)'" } ?? "NULL"), '\(signature)', \(time))
      """
    return Row(id: id, hash: hash, sql: sql)
  }

  /// Appends rows with these times to the chain.
  @discardableResult
  func append(_ times: String...) throws -> [Row] {
    try times.map { time in
      let row = try row(time)
      try execute(row.sql)
      head = row.hash
      return row
    }
  }

  /// Appends rows with large payloads.
  func appendLarge(rows: Int, bytes: Int, _ createdAt: String) throws {
    let session = try PostgresSession(url)
    for _ in 0..<rows {
      number += 1
      let payload = #"{"number":\#(number),"text":"\#(String(repeating: "x", count: bytes))"}"#
      var sha = SHA256()
      Array(payload.utf8).withUnsafeBytes { sha.update($0) }
      if let head { sha.update(head) }
      let hash = sha.finalize()
      try session.execute(
        """
        INSERT INTO public.audit_events (event_type, payload, hash, prev_hash, created_at)
        VALUES ('test', $1::jsonb, $2, $3, $4::timestamptz)
        """, [payload, hash.hex, head?.hex, createdAt + "+00"])
      head = hash
    }
  }

  func setHead(_ head: Digest?) { self.head = head }

  /// Where an object of the stream is in the folder.
  func path(_ key: String) -> String { store.path("memory-layer/\(key)") }

  var settings: ArchiveSettings {
    var settings = ArchiveSettings(conninfo: url, table: TableName(schema: "public", name: "audit_events"))
    settings.bundles.rowsPerFrameLog2 = 5
    return settings
  }

  @discardableResult
  func run(_ change: (inout ArchiveSettings) -> Void = { _ in }) throws -> ArchiveReport {
    var settings = settings
    change(&settings)
    return try ArchiveJob(settings, archive, signer: signer, keys: keys).run()
  }

  /// Archives through a day.
  @discardableResult
  func night(_ day: String) throws -> ArchiveReport { try run { $0.lastDay = UTCDay(day) } }

  func verify() throws -> VerifyReport { try ArchiveVerifier(VerifySettings(keys: keys), archive).run() }

  func verifyBoth() throws -> VerifyReport {
    let settings = VerifySettings(keys: keys)
    let database = DatabaseVerifier(settings, conninfo: url, table: TableName(schema: "public", name: "audit_events"))
    return try Comparison(settings, archive, database).run(archive: try verify())
  }

  func manifests() throws -> [Manifest] { try archive.sequences().map { try archive.manifest($0).manifest } }

  /// Ids of a bundle's rows, in its order.
  func ids(_ manifest: Manifest) throws -> [String] {
    guard let reader = try archive.bundle(manifest) else { return [] }
    let chunk = LineChunk()
    var ids: [String] = []
    while try reader.next(chunk) {
      for index in 0..<chunk.count {
        let line = [UInt8](chunk.bytes.unsafeBytes(chunk.range(index)))
        ids.append(try JSONValue(parsing: line, maxDepth: 500)["id"]?.string ?? "")
      }
    }
    return ids
  }

  func archivedIDs() throws -> [String] { try manifests().flatMap { try ids($0) } }

  func tableIDs() throws -> Set<String> {
    Set(try query("SELECT id::text FROM public.audit_events").compactMap { $0[0] })
  }

  /// Whether the union of all bundles is just the table, each row once.
  func unionIsTheTable() throws -> Bool {
    let archived = try archivedIDs()
    return try Set(archived).count == archived.count && Set(archived) == tableIDs()
  }
}
