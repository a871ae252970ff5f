// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// A bundle's manifest: what is archived, from where, and how it joins the one before.
///
/// - SeeAlso: `docs/archive-format.md`, "Manifest object".
public struct Manifest: Equatable, Sendable {
  public static let format = "audit-archive/v1"

  /// The day that a bundle belongs to, its number within the day, and whether it closes the day.
  public struct Coverage: Equatable, Sendable {
    public var day: UTCDay
    public var part: Int
    public var isLast: Bool

    public init(day: UTCDay, part: Int, isLast: Bool) {
      self.day = day
      self.part = part
      self.isLast = isLast
    }
  }

  public struct Column: Equatable, Sendable {
    public var name: String
    public var type: String
    public var isNotNull: Bool
    public var isGenerated: Bool

    public init(name: String, type: String, isNotNull: Bool, isGenerated: Bool) {
      self.name = name
      self.type = type
      self.isNotNull = isNotNull
      self.isGenerated = isGenerated
    }
  }

  public struct Index: Equatable, Sendable {
    public var columns: [String]
    public var method: String
    public var isUnique: Bool
    public var isPrimary: Bool

    public init(columns: [String], method: String, isUnique: Bool, isPrimary: Bool) {
      self.columns = columns
      self.method = method
      self.isUnique = isUnique
      self.isPrimary = isPrimary
    }
  }

  /// The table that rows came from, and the state of the server at which it was read.
  public struct Source: Equatable, Sendable {
    public var systemIdentifier: String
    public var database: String
    public var table: String
    public var timeline: Int
    public var lsn: String
    /// No unseen row's transaction began before this.
    public var oldestTransactionStart: Timestamp
    /// The next run reads rows from this `created_at` on. Not before `oldestTransactionStart`, except for rows that
    /// this run saw and left to a later day.
    public var resumeFrom: Timestamp?
    public var columns: [Column]
    public var indexes: [Index]?

    public init(
      systemIdentifier: String, database: String, table: String, timeline: Int, lsn: String,
      oldestTransactionStart: Timestamp, resumeFrom: Timestamp?, columns: [Column], indexes: [Index]?
    ) {
      self.systemIdentifier = systemIdentifier
      self.database = database
      self.table = table
      self.timeline = timeline
      self.lsn = lsn
      self.oldestTransactionStart = oldestTransactionStart
      self.resumeFrom = resumeFrom
      self.columns = columns
      self.indexes = indexes
    }
  }

  public struct Bundle: Equatable, Sendable {
    public var key: String
    public var bytes: Int
    public var sha256: Digest
    public var contentBytes: Int
    public var contentSHA256: Digest
    public var frames: Int

    public init(key: String, bytes: Int, sha256: Digest, contentBytes: Int, contentSHA256: Digest, frames: Int) {
      self.key = key
      self.bytes = bytes
      self.sha256 = sha256
      self.contentBytes = contentBytes
      self.contentSHA256 = contentSHA256
      self.frames = frames
    }
  }

  /// What is known of a bundle's rows.
  public struct RowSpan: Equatable, Sendable {
    public var firstID: String
    public var lastID: String
    /// The least and the greatest, each as near as a document can name it.
    public var firstCreatedAt: Timestamp
    public var lastCreatedAt: Timestamp

    public init(firstID: String, lastID: String, firstCreatedAt: Timestamp, lastCreatedAt: Timestamp) {
      self.firstID = firstID
      self.lastID = lastID
      self.firstCreatedAt = firstCreatedAt
      self.lastCreatedAt = lastCreatedAt
    }

    /// The span of one row.
    public init(id: String, createdAt: Timestamp) {
      let time = createdAt.inDocumentYears
      self.init(firstID: id, lastID: id, firstCreatedAt: time, lastCreatedAt: time)
    }

    public mutating func include(_ createdAt: Timestamp) {
      let time = createdAt.inDocumentYears
      if time < firstCreatedAt { firstCreatedAt = time }
      if time > lastCreatedAt { lastCreatedAt = time }
    }
  }

  public struct Chain: Equatable, Sendable {
    public var previousHash: Digest?
    public var headHash: Digest?
    public var anomalies: AnomalyLog
    public var signatures: SignatureCounts
    /// The last row that the archive and a database restored to an earlier point share, where the operator has
    /// accepted that the chain goes on from there.
    public var acceptedRewind: Digest?

    public var isIntact: Bool { anomalies.isEmpty }

    public init(
      previousHash: Digest?, headHash: Digest?, anomalies: AnomalyLog, signatures: SignatureCounts,
      acceptedRewind: Digest? = nil
    ) {
      self.previousHash = previousHash
      self.headHash = headHash
      self.anomalies = anomalies
      self.signatures = signatures
      self.acceptedRewind = acceptedRewind
    }
  }

  public struct Retention: Equatable, Sendable {
    public var until: Timestamp
    public var hasLegalHold: Bool

    public init(until: Timestamp, hasLegalHold: Bool) {
      self.until = until
      self.hasLegalHold = hasLegalHold
    }
  }

  public var stream: String
  public var sequence: Int
  public var previousManifest: Digest?
  public var createdAt: Timestamp
  public var tool: String
  public var coverage: Coverage
  public var source: Source
  public var bundle: Bundle?
  public var rowCount: Int
  /// Rows of the stream up to and with this bundle.
  public var rowTotal: Int
  public var rows: RowSpan?
  public var chain: Chain
  public var merkleRoot: Digest
  public var retention: Retention

  public init(
    stream: String, sequence: Int, previousManifest: Digest?, createdAt: Timestamp, tool: String, coverage: Coverage,
    source: Source, bundle: Bundle?, rowCount: Int, rowTotal: Int, rows: RowSpan?, chain: Chain, merkleRoot: Digest,
    retention: Retention
  ) {
    self.stream = stream
    self.sequence = sequence
    self.previousManifest = previousManifest
    self.createdAt = createdAt
    self.tool = tool
    self.coverage = coverage
    self.source = source
    self.bundle = bundle
    self.rowCount = rowCount
    self.rowTotal = rowTotal
    self.rows = rows
    self.chain = chain
    self.merkleRoot = merkleRoot
    self.retention = retention
  }

  /// `manifests/<seq>.json`'s sequence, ten digits.
  public static func sequenceText(_ sequence: Int) -> String { padded(sequence, 10) }
}
