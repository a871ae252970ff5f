// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
public import ChainReader
public import Postgres
public import RowCodec
public import Signing

/// What the nightly job is asked to do.
public struct ArchiveSettings: Sendable {
  /// The database that holds the chain.
  public var source: any ChainSource
  public var table: TableName
  public var columns = ChainColumns()
  public var bundles = BundleSettings()
  public var signatures = SignaturePolicy.all
  public var requiresSignatures = false
  public var retentionDays = 400
  public var hasLegalHold = false
  /// The last day to close; nil for yesterday, which is also the latest that can be.
  public var lastDay: UTCDay?
  /// Export the rows of today too, as a part that leaves the day open.
  public var includesToday = false
  public var isDryRun = false
  /// Go on over manifests that continue the archive and that no key at hand has signed.
  public var passesOverUnknown = false
  /// Go on behind the last common row of a database that was restored to an earlier point.
  public var acceptsRewind = false
  /// How far back to read where the server cannot say which transactions are running.
  public var overlapSeconds: Int64 = 86_400
  /// Bundles that are uploaded at once.
  public var uploads = 4
  /// Nil spools beside the archive where that is a directory, else below `TMPDIR`.
  public var spoolDirectory: String?

  public init(_ source: any ChainSource, table: TableName) {
    self.source = source
    self.table = table
  }

  /// - Parameter conninfo: of a Postgres database.
  public init(conninfo: String, table: TableName) { self.init(PostgresSource(conninfo), table: table) }
}

/// Rows that cannot be archived, because the chain has them behind a row that is stamped later than the server's clock.
public struct RowsWaiting: Equatable, Sendable {
  public let rows: Int
  /// The stamp that they wait for.
  public let behind: Timestamp
}

/// What the nightly job did.
public struct ArchiveReport: Sendable {
  public var sequences: [Int] = []
  public var rows = 0
  public var anomalies = AnomalyLog()
  public var signatures = SignatureCounts()
  public var head: String?
  public var isDryRun = false
  public var waiting: RowsWaiting?

  /// Everything is sound, and nothing waits that should not.
  public var isSound: Bool { anomalies.isEmpty && waiting == nil }

  /// The fields of `--json`.
  public var json: JSONValue {
    .object([
      "manifests": .array(sequences.map { .count($0) }), "rows": .count(rows), "anomalies": .count(anomalies.total),
      "anomalyList": .array(anomalies.listed.map(\.json)), "signatures": signatures.json,
      "headHash": head.map { .string($0) } ?? .null, "dryRun": .bool(isDryRun),
      "waiting": waiting.map { .object(["rows": .count($0.rows), "behind": .string($0.behind.iso)]) } ?? .null,
    ])
  }
}
