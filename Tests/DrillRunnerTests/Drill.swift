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

/// A source with a chain, its archive, and a staging database.
struct Drill {
  let source: String
  let staging: String
  let store: TestStore
  let archive: Archive
  let keys: KeyRing
  let signer: LocalSigner

  /// - Parameters:
  ///   - change: SQL that the source gets before it is archived.
  ///   - maxRows: rows of a bundle at most, of the last night.
  ///   - nights: a last day to archive, and SQL that the source gets behind that.
  init(
    _ fixture: String = "chain/clean-hmac.tsv", in kind: StoreKind = .file, change: String? = nil,
    nights: [(through: String, then: String)] = [], maxRows: Int = 1 << 20
  ) throws {
    let server = try TemporaryPostgres.shared()
    source = try server.createDatabase("source")
    staging = try server.createDatabase("staging")
    store = try TestStore(kind)
    signer = LocalSigner(privateKey: try PrivateKey.generateEd25519())
    keys = try KeyRing(Environment(["AUDIT_SIGNING_KEY": "vector-key"]), registry: nil).adding(signer)
    archive = try Archive(store.store, stream: "memory-layer", keys: keys)
    let session = try PostgresSession(source)
    try session.executeScript("SET search_path = public; " + TemporaryPostgres.auditEvents)
    let text = try Fixtures.bytes(fixture)
    try session.copyIn("COPY public.audit_events FROM STDIN", isBinary: false) { copy in
      try text.withUnsafeBytes { try copy.put($0) }
    }
    if let change { try session.executeScript(change) }
    for night in nights {
      try archiveDays(through: night.through)
      try session.executeScript(night.then)
    }
    try archiveDays(maxRows: maxRows)
  }

  func archiveDays(through day: String? = nil, maxRows: Int = 1 << 20) throws {
    var settings = ArchiveSettings(conninfo: source, table: TableName(schema: "public", name: "audit_events"))
    settings.lastDay = day.flatMap { UTCDay($0) }
    settings.bundles.maxRows = maxRows
    _ = try ArchiveJob(settings, archive, signer: signer, keys: keys).run()
  }

  func job(staging: String? = nil) -> DrillJob {
    DrillJob(VerifySettings(keys: keys), archive, staging: staging ?? self.staging, signer: signer)
  }

  /// Rows as text, sorted, so that tables of two databases can be compared.
  static func rows(_ url: String, _ table: String) throws -> [String] {
    let session = try PostgresSession(url)
    return try session.execute("SELECT t::text FROM \(table) AS t ORDER BY 1").map { $0[0] ?? "" }
  }

  /// Writes the manifests anew, as someone could who may write to the store: with the signer's key, or without it.
  func rewriteManifests(isSigned: Bool, _ change: (inout Manifest) -> Void) throws {
    var previous: Digest?
    for sequence in try archive.sequences() {
      let stored = try archive.manifest(sequence)
      var manifest = stored.manifest
      change(&manifest)
      manifest.previousManifest = previous
      var document = try signer.sign(.manifest, manifest.json)
      if !isSigned {
        let proof = Proof(digest: document.digest, threshold: 1, signatures: stored.proof.signatures)
        document = SignedDocument(.manifest, manifest.json, proof: proof)
      }
      previous = document.digest
      try store.overwrite("memory-layer/\(Archive.manifestKey(sequence))", document.bytes)
    }
  }

  /// Schemas of the staging database that drills made.
  func schemas() throws -> [String] {
    try PostgresSession(staging).execute(
      "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'memoryctl%' ORDER BY 1"
    ).compactMap { $0[0] }
  }

  /// The stored report of a drill.
  func stored(_ report: DrillReport) throws -> SignedDocument {
    let key = try #require(report.key)
    return try SignedDocument(parsing: #require(try archive.store.read("memory-layer/\(key)", limit: 1 << 20)), .report)
  }
}
