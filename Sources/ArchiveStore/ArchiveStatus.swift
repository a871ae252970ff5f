// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Crypto

/// How an archive stands against the calendar.
public struct ArchiveStatus: Sendable {
  /// What is asked of a well-kept archive.
  public struct Limits: Sendable {
    /// Days that the newest closed day may lie back.
    public var newestDayAge = 2
    /// Days that the last drill may lie back.
    public var drillAge = 100
    /// Days before its end at which a retention counts as running out.
    public var retentionWarning = 30

    public init() {}
  }

  public private(set) var firstDay: UTCDay?
  public private(set) var newestClosedDay: UTCDay?
  public private(set) var rows = 0
  public private(set) var manifests = 0
  public private(set) var emptyDays = 0
  public private(set) var anomalies = 0
  /// Days with anomalies, the first hundred.
  public private(set) var faultyDays: [UTCDay] = []
  /// Days that are over and not closed, the first hundred.
  public private(set) var missingDays: [UTCDay] = []
  public private(set) var missingTotal = 0
  public private(set) var earliestRetentionEnd: Timestamp?
  public private(set) var retentionRunningOut = 0
  public private(set) var headHash: String?
  /// When the last drill began, by its report's name.
  public private(set) var lastDrill: Timestamp?
  /// What is not as it must be, a sentence each.
  public private(set) var problems: [String] = []

  /// - Throws: an ``ArchiveFinding`` for damage, a ``Failure`` when there is nothing to look at.
  public init(_ archive: Archive, limits: Limits, now: Timestamp) throws {
    let sequences = try archive.sequences()
    guard !sequences.isEmpty else {
      throw Failure(.nothingToCheck, "there is no manifest", on: archive.url, remedy: "check --archive and --stream")
    }
    for sequence in sequences { add(try archive.manifest(sequence).manifest, limits, now) }
    lastDrill = try archive.lastDrill()
    judge(limits, now)
  }

  private mutating func add(_ manifest: Manifest, _ limits: Limits, _ now: Timestamp) {
    let day = manifest.coverage.day
    firstDay = firstDay ?? day
    if let newest = newestClosedDay, newest.next < day { note(missing: newest.next, through: day.advanced(by: -1)) }
    if manifest.coverage.isLast { newestClosedDay = day }
    rows += manifest.rowCount
    manifests += 1
    if manifest.bundle == nil { emptyDays += 1 }
    anomalies += manifest.chain.anomalies.total
    if !manifest.chain.isIntact, faultyDays.count < 100, faultyDays.last != day { faultyDays.append(day) }
    let end = manifest.retention.until
    earliestRetentionEnd = min(earliestRetentionEnd ?? end, end)
    if end < now.advanced(bySeconds: Int64(limits.retentionWarning) * 86_400) { retentionRunningOut += 1 }
    headHash = manifest.chain.headHash?.hex
  }

  private mutating func note(missing first: UTCDay, through last: UTCDay) {
    guard first <= last else { return }
    missingTotal += Int(last.number - first.number) + 1
    var day = first
    while day <= last, missingDays.count < 100 {
      missingDays.append(day)
      day = day.next
    }
  }

  private mutating func judge(_ limits: Limits, _ now: Timestamp) {
    // Yesterday is archived by tonight's run: it is missing only once it is older than allowed.
    let due = now.day.advanced(by: -limits.newestDayAge)
    let newest = newestClosedDay ?? firstDay!.advanced(by: -1)
    if newest < due {
      note(missing: newest.next, through: due)
      problems.append("the newest closed day is \(newest), \(now.day.number - newest.number) days ago")
    }
    if missingTotal > 0 { problems.append("\(missingTotal) days are not closed, from \(missingDays[0])") }
    let oldestDrill = now.advanced(bySeconds: -Int64(limits.drillAge) * 86_400)
    if let lastDrill {
      if lastDrill < oldestDrill { problems.append("the last drill was on \(lastDrill.day)") }
    } else if let firstDay, firstDay.start < oldestDrill {
      problems.append("there has been no drill yet")
    }
  }

  public var isWell: Bool { problems.isEmpty }

  /// The fields of `--json`.
  public var json: JSONValue {
    func day(_ day: UTCDay?) -> JSONValue { day.map { .string($0.description) } ?? .null }
    func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.isoSeconds) } ?? .null }
    return .object([
      "verdict": .string(isWell ? "well" : "attention"), "firstDay": day(firstDay),
      "newestClosedDay": day(newestClosedDay),
      "manifests": .count(manifests), "rows": .count(rows), "emptyDays": .count(emptyDays),
      "missingDays": .array(missingDays.map { .string($0.description) }), "missingTotal": .count(missingTotal),
      "anomalies": .count(anomalies), "faultyDays": .array(faultyDays.map { .string($0.description) }),
      "earliestRetentionEnd": time(earliestRetentionEnd), "retentionRunningOut": .count(retentionRunningOut),
      "lastDrill": time(lastDrill), "headHash": headHash.map { .string($0) } ?? .null,
      "problems": .array(problems.map { .string($0) }),
    ])
  }
}

extension Archive {
  /// When the last drill began; reports are named by it.
  func lastDrill() throws -> Timestamp? {
    let names = try store.list("\(stream)/drills/").map { $0.key.split(separator: "/").last ?? "" }
    return names.compactMap { name in
      let text = Array(name.prefix(16))
      guard text.count == 16, text[8] == "T", text[15] == "Z" else { return nil }
      let parts = [text[0..<4], text[4..<6], text[6..<8], text[9..<11], text[11..<13], text[13..<15]].map { String($0) }
      return Timestamp("\(parts[0])-\(parts[1])-\(parts[2])T\(parts[3]):\(parts[4]):\(parts[5])Z")
    }.max()
  }
}
