// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Cryptography

extension ShardVerdict {
  /// The signed member. Of findings and anomalies the first 1,000 are listed, which is all that a joined report lists.
  func json(archiveURL: String) -> JSONValue {
    let findings = outcomes.flatMap { outcome in outcome.findings.map { (outcome.sequence, $0) } }
    let anomalies = outcomes.flatMap { outcome in outcome.anomalies.listed.map { (outcome.sequence, $0) } }
    return .object([
      "format": .string(Self.format), "stream": .string(stream), "run": .string(run.name),
      "shard": .count(shard.index), "of": .count(shard.count), "tool": .string(tool),
      "startedAt": .string(startedAt.isoSeconds), "finishedAt": .string(finishedAt.isoSeconds), "rules": rules.json,
      "end": .count(end), "manifests": .array(outcomes.map(\.json)),
      "findings": .array(
        findings.prefix(AnomalyLog.limit).map { sequence, finding in
          let object = finding.object
          let isOfStream = object.hasPrefix(archiveURL + "/")
          return .object([
            "sequence": .count(sequence),
            "object": .string(isOfStream ? String(object.dropFirst(archiveURL.count + 1)) : object),
            "reason": .string(finding.reason),
          ])
        }),
      "anomalies": .array(
        anomalies.prefix(AnomalyLog.limit).map { sequence, anomaly in
          .object([JSONValue.Member("sequence", .count(sequence))] + (anomaly.json.members ?? []))
        }),
    ])
  }

  /// - Parameter archiveURL: in front of the findings' objects.
  init(json: JSONValue, archiveURL: String) throws(DocumentError) {
    let reader = try DocumentReader(json, "check")
    guard try reader.string("format") == Self.format else { throw reader.error("format", "is not \(Self.format)") }
    guard let run = ShardedRun(try reader.string("run")) else { throw reader.error("run", "is no run's name") }
    guard let shard = Shard(try reader.count("shard"), of: try reader.count("of")) else {
      throw reader.error("shard", "is none of that many")
    }
    self.init(
      stream: try reader.string("stream"), run: run, shard: shard, rules: try ShardRules(try reader.object("rules")),
      end: try reader.count("end"))
    tool = try reader.string("tool")
    startedAt = try reader.time("startedAt")
    finishedAt = try reader.time("finishedAt")
    var lists = try Lists(reader, archiveURL: archiveURL)
    var last = -1
    var sum = 0
    for value in try reader.array("manifests") {
      let outcome = try BundleOutcome(try DocumentReader(value, "check.manifests"), &lists)
      guard outcome.sequence > last, outcome.sequence < end, shard.has(outcome.sequence) else {
        throw reader.error("manifests", "has \(outcome.sequence), which is not the shard's or not in its place")
      }
      last = outcome.sequence
      for count in [outcome.rows, outcome.anomalies.total] {
        let (next, overflow) = sum.addingReportingOverflow(count)
        guard !overflow else { throw reader.error("manifests", "has more rows than can be counted") }
        sum = next
      }
      outcomes.append(outcome)
    }
    guard lists.areUsedUp else { throw reader.error("findings", "or anomalies are not those of its manifests") }
    guard lists.findingsListed == min(findingsTotal, AnomalyLog.limit),
      lists.anomaliesListed == min(anomaliesTotal, AnomalyLog.limit)
    else { throw reader.error("findings", "or anomalies do not fit their totals") }
  }

  /// Findings and anomalies as a verdict lists them, handed out manifest by manifest.
  fileprivate struct Lists {
    private var findings: [(sequence: Int, finding: ArchiveFinding)] = []
    private var anomalies: [(sequence: Int, anomaly: Anomaly)] = []
    let findingsListed: Int
    let anomaliesListed: Int

    init(_ reader: DocumentReader, archiveURL: String) throws(DocumentError) {
      for value in try reader.array("findings") {
        let entry = try DocumentReader(value, "check.findings")
        let object = try entry.string("object")
        findings.append(
          (
            try entry.count("sequence"),
            ArchiveFinding(object.contains("://") ? object : "\(archiveURL)/\(object)", try entry.string("reason"))
          ))
      }
      for value in try reader.array("anomalies") {
        let entry = try DocumentReader(value, "check.anomalies")
        anomalies.append((try entry.count("sequence"), try Anomaly(entry)))
      }
      findingsListed = findings.count
      anomaliesListed = anomalies.count
      findings.reverse()
      anomalies.reverse()
    }

    var areUsedUp: Bool { findings.isEmpty && anomalies.isEmpty }

    mutating func takeFindings(of sequence: Int) -> [ArchiveFinding] {
      var taken: [ArchiveFinding] = []
      while let last = findings.last, last.sequence == sequence { taken.append(findings.removeLast().finding) }
      return taken
    }

    mutating func takeAnomalies(of sequence: Int) -> [Anomaly] {
      var taken: [Anomaly] = []
      while let last = anomalies.last, last.sequence == sequence { taken.append(anomalies.removeLast().anomaly) }
      return taken
    }
  }
}

extension BundleOutcome {
  fileprivate var json: JSONValue {
    .object([
      "sequence": .count(sequence), "rows": .count(rows), "signatures": signatures.reportJSON,
      "anomaliesTotal": .count(anomalies.total), "findingsTotal": .count(findingsTotal),
      "notes": .array(notes.map { .string($0) }),
      "manifest": place.map { place in
        .object([
          "digest": .digest(place.digest), "previousManifest": .digest(place.previousManifest),
          "day": .string(place.coverage.day.description), "part": .count(place.coverage.part),
          "last": .bool(place.coverage.isLast), "count": .count(place.rowCount), "total": .count(place.rowTotal),
          "previousHash": .digest(place.previousHash), "headHash": .digest(place.headHash),
          "bundle": bundleKey.map { .string($0) } ?? .null,
        ])
      } ?? .null,
    ])
  }

  fileprivate init(_ reader: DocumentReader, _ lists: inout ShardVerdict.Lists) throws(DocumentError) {
    sequence = try reader.count("sequence")
    rows = try reader.count("rows")
    let counts = try reader.object("signatures")
    signatures = try SignatureCounts(counts)
    signatures.skipped = try counts.count("skipped")
    signatures.untrusted = try counts.count("untrusted")
    // Each row's signature is counted once.
    guard signatures.rows == rows, signatures.untrusted <= signatures.invalid else {
      throw reader.error("rows", "is not the number of its signatures")
    }
    for note in try reader.array("notes") {
      guard let note = note.string else { throw reader.error("notes", "has what is no text") }
      notes.append(note)
    }
    findings = lists.takeFindings(of: sequence)
    findingsLeftOut = try reader.count("findingsTotal") - findings.count
    let listed = lists.takeAnomalies(of: sequence)
    let total = try reader.count("anomaliesTotal")
    guard findingsLeftOut >= 0, findingsTotal <= 2, listed.count <= total else {
      throw reader.error("findingsTotal", "or anomaliesTotal is less than what is listed")
    }
    anomalies = AnomalyLog(listed: listed, total: total)
    guard try reader.require("manifest") != .null else { return }
    let manifest = try reader.object("manifest")
    place = try ManifestPlace(manifest, sequence)
    bundleKey = try manifest.require("bundle") == .null ? nil : try manifest.string("bundle")
  }
}

extension SignatureCounts {
  fileprivate var rows: Int { valid + unsigned + invalid + unverifiable + skipped }
}

extension ManifestPlace {
  fileprivate init(_ reader: DocumentReader, _ sequence: Int) throws(DocumentError) {
    self.init(
      sequence: sequence, digest: try reader.digest("digest"),
      previousManifest: try reader.digestOrNull("previousManifest"),
      coverage: Manifest.Coverage(
        day: try reader.day("day"), part: try reader.count("part"), isLast: try reader.bool("last")),
      rowCount: try reader.count("count"), rowTotal: try reader.count("total"),
      previousHash: try reader.digestOrNull("previousHash"), headHash: try reader.digestOrNull("headHash"))
  }
}
