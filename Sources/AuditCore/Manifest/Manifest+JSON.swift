// SPDX-License-Identifier: Apache-2.0
internal import Cryptography

extension Manifest {
  public var json: JSONValue {
    .object([
      "format": .string(Self.format), "stream": .string(stream), "sequence": .count(sequence),
      "previousManifest": .digest(previousManifest), "createdAt": .string(createdAt.isoSeconds), "tool": .string(tool),
      "coverage": .object([
        "day": .string(coverage.day.description), "part": .count(coverage.part), "last": .bool(coverage.isLast),
      ]),
      "source": source.json, "bundle": bundle?.json ?? .null, "rows": rowsJSON, "chain": chain.json,
      "merkleRoot": .digest(merkleRoot),
      "retention": .object([
        "mode": "COMPLIANCE", "until": .string(retention.until.isoSeconds), "legalHold": .bool(retention.hasLegalHold),
      ]),
    ])
  }

  private var rowsJSON: JSONValue {
    var members = [JSONValue.Member("count", .count(rowCount)), JSONValue.Member("total", .count(rowTotal))]
    if let rows {
      members += [
        JSONValue.Member("firstId", .string(rows.firstID)), JSONValue.Member("lastId", .string(rows.lastID)),
        JSONValue.Member("firstCreatedAt", .string(rows.firstCreatedAt.manifestText)),
        JSONValue.Member("lastCreatedAt", .string(rows.lastCreatedAt.manifestText)),
      ]
    }
    return .object(members)
  }

  public init(json: JSONValue) throws(DocumentError) {
    let reader = try DocumentReader(json, "manifest")
    guard try reader.string("format") == Self.format else { throw reader.error("format", "is not \(Self.format)") }
    let coverage = try reader.object("coverage")
    let rows = try reader.object("rows")
    let retention = try reader.object("retention")
    guard try retention.string("mode") == "COMPLIANCE" else { throw retention.error("mode", "is not COMPLIANCE") }
    let bundle = try reader.require("bundle")
    let count = try rows.count("count")
    guard (bundle == .null) == (count == 0) else { throw rows.error("count", "does not fit the bundle") }
    let root = try reader.digest("merkleRoot")
    guard count > 0 || root == MerkleTree().root else { throw reader.error("merkleRoot", "is not that of no rows") }
    self.init(
      stream: try reader.string("stream"), sequence: try reader.count("sequence"),
      previousManifest: try reader.digestOrNull("previousManifest"), createdAt: try reader.time("createdAt"),
      tool: try reader.string("tool"),
      coverage: Coverage(
        day: try coverage.day("day"), part: try coverage.count("part"), isLast: try coverage.bool("last")),
      source: try Source(try reader.object("source")),
      bundle: bundle == .null ? nil : try Bundle(try reader.object("bundle")),
      rowCount: count, rowTotal: try rows.count("total"), rows: count == 0 ? nil : try RowSpan(rows),
      chain: try Chain(try reader.object("chain")), merkleRoot: root,
      retention: Retention(until: try retention.time("until"), hasLegalHold: try retention.bool("legalHold")))
  }
}

extension Timestamp {
  /// As manifests write it; the infinities and years beyond 9999 as Postgres does.
  var manifestText: String {
    switch self {
    case .distantFuture: "infinity"
    case .distantPast: "-infinity"
    default: iso
    }
  }

  fileprivate init?(manifestText text: String) {
    switch text {
    case "infinity": self = .distantFuture
    case "-infinity": self = .distantPast
    default:
      guard let time = Timestamp(text) else { return nil }
      self = time
    }
  }
}

extension Manifest.RowSpan {
  init(_ reader: DocumentReader) throws(DocumentError) {
    guard let first = Timestamp(manifestText: try reader.string("firstCreatedAt")),
      let last = Timestamp(manifestText: try reader.string("lastCreatedAt"))
    else { throw reader.error("firstCreatedAt", "or lastCreatedAt is no UTC time") }
    self.init(
      firstID: try reader.string("firstId"), lastID: try reader.string("lastId"), firstCreatedAt: first,
      lastCreatedAt: last)
  }
}

extension Manifest.Source {
  var json: JSONValue {
    var members = [
      JSONValue.Member("systemIdentifier", .string(systemIdentifier)), JSONValue.Member("database", .string(database)),
      JSONValue.Member("table", .string(table)), JSONValue.Member("timeline", .count(timeline)),
      JSONValue.Member("lsn", .string(lsn)),
      JSONValue.Member("oldestTransactionStart", .string(oldestTransactionStart.iso)),
    ]
    if let resumeFrom { members.append(JSONValue.Member("resumeFrom", .string(resumeFrom.manifestText))) }
    members.append(JSONValue.Member("columns", .array(columns.map(\.json))))
    if let indexes { members.append(JSONValue.Member("indexes", .array(indexes.map(\.json)))) }
    return .object(members)
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    var columns: [Manifest.Column] = []
    for column in try reader.array("columns") {
      columns.append(try Manifest.Column(try DocumentReader(column, "manifest.source.columns")))
    }
    var indexes: [Manifest.Index]?
    if reader.value["indexes"] != nil {
      indexes = []
      for index in try reader.array("indexes") {
        indexes?.append(try Manifest.Index(try DocumentReader(index, "manifest.source.indexes")))
      }
    }
    var resumeFrom: Timestamp?
    if reader.value["resumeFrom"] != nil {
      guard let time = Timestamp(manifestText: try reader.string("resumeFrom")) else {
        throw reader.error("resumeFrom", "is no UTC time")
      }
      resumeFrom = time
    }
    self.init(
      systemIdentifier: try reader.string("systemIdentifier"), database: try reader.string("database"),
      table: try reader.string("table"), timeline: try reader.count("timeline"), lsn: try reader.string("lsn"),
      oldestTransactionStart: try reader.time("oldestTransactionStart"), resumeFrom: resumeFrom, columns: columns,
      indexes: indexes)
  }
}

extension Manifest.Column {
  var json: JSONValue {
    var members = [JSONValue.Member("name", .string(name)), JSONValue.Member("type", .string(type))]
    if isNotNull { members.append(JSONValue.Member("notNull", true)) }
    if isGenerated { members.append(JSONValue.Member("generated", true)) }
    return .object(members)
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    self.init(
      name: try reader.string("name"), type: try reader.string("type"),
      isNotNull: try reader.flag("notNull"), isGenerated: try reader.flag("generated"))
  }
}

extension Manifest.Index {
  var json: JSONValue {
    .object([
      "columns": .array(columns.map { .string($0) }), "method": .string(method), "unique": .bool(isUnique),
      "primary": .bool(isPrimary),
    ])
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    let list = try reader.array("columns")
    let names = list.compactMap(\.string)
    guard !names.isEmpty, names.count == list.count else { throw reader.error("columns", "is no list of names") }
    self.init(
      columns: names, method: try reader.string("method"), isUnique: try reader.bool("unique"),
      isPrimary: try reader.bool("primary"))
  }
}

extension Manifest.Bundle {
  var json: JSONValue {
    .object([
      "key": .string(key), "bytes": .count(bytes), "sha256": .digest(sha256), "contentBytes": .count(contentBytes),
      "contentSha256": .digest(contentSHA256), "frames": .count(frames),
    ])
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    self.init(
      key: try reader.string("key"), bytes: try reader.count("bytes"), sha256: try reader.digest("sha256"),
      contentBytes: try reader.count("contentBytes"), contentSHA256: try reader.digest("contentSha256"),
      frames: try reader.count("frames"))
  }
}

extension Manifest.Chain {
  var json: JSONValue {
    var members = [
      JSONValue.Member("previousHash", .digest(previousHash)), JSONValue.Member("headHash", .digest(headHash)),
      JSONValue.Member("intact", .bool(isIntact)), JSONValue.Member("anomalies", .array(anomalies.listed.map(\.json))),
      JSONValue.Member("anomaliesTotal", .count(anomalies.total)), JSONValue.Member("signatures", signatures.json),
    ]
    if let acceptedRewind { members.append(JSONValue.Member("acceptedRewind", .digest(acceptedRewind))) }
    return .object(members)
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    var listed: [Anomaly] = []
    for anomaly in try reader.array("anomalies") {
      listed.append(try Anomaly(try DocumentReader(anomaly, "manifest.chain.anomalies")))
    }
    let total = try reader.count("anomaliesTotal")
    guard listed.count == min(total, AnomalyLog.limit) else {
      throw reader.error("anomaliesTotal", "does not fit the list")
    }
    guard try reader.bool("intact") == (total == 0) else { throw reader.error("intact", "does not fit the anomalies") }
    self.init(
      previousHash: try reader.digestOrNull("previousHash"), headHash: try reader.digestOrNull("headHash"),
      anomalies: AnomalyLog(listed: listed, total: total),
      signatures: try SignatureCounts(try reader.object("signatures")),
      acceptedRewind: reader.value["acceptedRewind"] == nil ? nil : try reader.digest("acceptedRewind"))
  }
}

extension SignatureCounts {
  /// Reads the counts that ``json`` writes.
  public init(_ reader: DocumentReader) throws(DocumentError) {
    self.init()
    valid = try reader.count("valid")
    unsigned = try reader.count("unsigned")
    invalid = try reader.count("invalid")
    unverifiable = try reader.count("unverifiable")
  }
}

extension Anomaly {
  public init(_ reader: DocumentReader) throws(DocumentError) {
    guard let kind = AnomalyKind(rawValue: try reader.string("kind")) else { throw reader.error("kind", "is unknown") }
    let row = try reader.require("row") == .null ? nil : try reader.count("row")
    self.init(kind, row: row, id: try reader.string("id"), detail: try reader.string("detail"))
  }
}
