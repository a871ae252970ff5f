// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Signing

/// The rows of one manifest.
public struct SamplePart: Sendable {
  public var coverage: Manifest.Coverage
  public var rows: [ChainRow]
  /// The last common row, where the operator has accepted that the database was set back.
  public var acceptedRewind: Digest?

  public init(day: UTCDay, part: Int, isLast: Bool, rows: [ChainRow]) {
    coverage = Manifest.Coverage(day: day, part: part, isLast: isLast)
    self.rows = rows
  }
}

/// Makes an archive's objects out of rows, by the format's page alone.
public struct SampleArchive: Sendable {
  public static let stream = "memory-layer"

  public var parts: [SamplePart]
  public var columns: [Manifest.Column] = Self.standardColumns
  public var settings = BundleSettings()
  public var createdAt = Timestamp("2026-02-01T02:00:00Z")!

  public init(_ parts: [SamplePart]) { self.parts = parts }

  public static let standardColumns = [
    ("id", "uuid", true), ("event_type", "character varying", true), ("payload", "jsonb", true), ("hash", "text", true),
    ("prev_hash", "text", false), ("signature", "text", false), ("created_at", "timestamp with time zone", true),
    ("signer_id", "character varying", false),
  ].map { Manifest.Column(name: $0.0, type: $0.1, isNotNull: $0.2, isGenerated: false) }

  /// Writes bundles and manifests.
  ///
  /// - Parameter change: alters a manifest before it is signed.
  public func write(
    to store: MemoryStore, _ spool: Spool, signer: any Signer, change: (inout Manifest) -> Void = { _ in }
  ) throws {
    var previous: Manifest?
    var digest: Digest?
    for (sequence, part) in parts.enumerated() {
      let (made, bundle) = try manifest(part, sequence, after: previous, digest, spool)
      var manifest = made
      if let bundle {
        let content = ObjectContent.file(bundle.file, bytes: bundle.manifest.bytes, sha256: bundle.manifest.sha256)
        _ = try store.create("\(Self.stream)/\(bundle.manifest.key)", content, retention: manifest.retention)
      }
      change(&manifest)
      let document = try signer.sign(.manifest, manifest.json)
      let key = "\(Self.stream)/\(Archive.manifestKey(sequence))"
      _ = try store.create(key, .bytes(document.bytes), retention: manifest.retention)
      (previous, digest) = (manifest, document.digest)
    }
  }

  private func manifest(
    _ part: SamplePart, _ sequence: Int, after previous: Manifest?, _ digest: Digest?, _ spool: Spool
  ) throws -> (Manifest, SealedBundle?) {
    let before = previous?.chain.headHash
    let head = part.rows.last?.hash ?? before
    let bundle = try seal(part.rows, sequence, before, head, spool)
    var chain = Manifest.Chain(
      previousHash: before, headHash: head, anomalies: AnomalyLog(), signatures: SignatureCounts(),
      acceptedRewind: part.acceptedRewind)
    for row in part.rows {
      if row.verdict == .valid { chain.signatures.valid += 1 } else { chain.signatures.unsigned += 1 }
    }
    if part.acceptedRewind != nil, let row = part.rows.first {
      chain.anomalies.append(Anomaly(.rewound, row: 0, id: row.id, detail: "the database was set back"))
    }
    let manifest = Manifest(
      stream: Self.stream, sequence: sequence, previousManifest: digest, createdAt: createdAt,
      tool: Tool.name, coverage: part.coverage, source: source(part), bundle: bundle?.manifest,
      rowCount: part.rows.count, rowTotal: (previous?.rowTotal ?? 0) + part.rows.count, rows: span(part.rows),
      chain: chain, merkleRoot: bundle?.carried.merkleRoot ?? MerkleTree().root,
      retention: Manifest.Retention(until: createdAt.advanced(bySeconds: 400 * 86_400), hasLegalHold: false))
    return (manifest, bundle)
  }

  private func source(_ part: SamplePart) -> Manifest.Source {
    Manifest.Source(
      systemIdentifier: "7301", database: "audit", table: "public.audit_events", timeline: 1, lsn: "0/16B3748",
      oldestTransactionStart: part.coverage.day.next.start, resumeFrom: part.coverage.day.next.start, columns: columns,
      indexes: [Manifest.Index(columns: ["id"], method: "btree", isUnique: true, isPrimary: true)])
  }

  private func span(_ rows: [ChainRow]) -> Manifest.RowSpan? {
    guard let first = rows.first, let last = rows.last else { return nil }
    var span = Manifest.RowSpan(id: first.id, createdAt: first.createdAt)
    for row in rows { span.include(row.createdAt) }
    span.lastID = last.id
    return span
  }

  private func seal(
    _ rows: [ChainRow], _ sequence: Int, _ previous: Digest?, _ head: Digest?, _ spool: Spool
  ) throws -> SealedBundle? {
    guard !rows.isEmpty else { return nil }
    let writer = try BundleWriter(stream: Self.stream, sequence: sequence, settings: settings, spool: spool)
    let frame = FrameContent(spool: spool)
    for (index, row) in rows.enumerated() {
      let line = row.line(columns)
      let leaf = SHA256.hash([0] + line)
      try line.withUnsafeBytes { try frame.append(line: $0, leaf: leaf, createdAt: row.createdAt) }
      if frame.rows == settings.rowsPerFrame || index == rows.count - 1 {
        try writer.append(frame)
        frame.removeAll()
      }
    }
    return try writer.finish(previousHash: previous, headHash: head)
  }
}
