// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
public import Signing

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
    /// A manifest that no key at hand can verify is a problem.
    public var requiresSignatures = false

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
  /// When the last drill began that passed, by a report that a key at hand verifies.
  public private(set) var lastDrill: Timestamp?
  /// When a drill began that failed, where none has passed since.
  public private(set) var failedDrill: Timestamp?
  /// Manifests that no key at hand can verify.
  public private(set) var unverifiable = 0
  /// What is not as it must be, a sentence each.
  public private(set) var problems: [String] = []
  /// What is to be known and is no problem, a sentence each.
  public private(set) var notes: [String] = []

  /// - Parameter keys: the keys at hand, by which manifests and drill reports are verified.
  /// - Throws: an ``ArchiveFinding`` for damage, a ``Failure`` when there is nothing to look at.
  public init(_ archive: Archive, keys: KeyRing, limits: Limits, now: Timestamp) throws {
    let sequences = try archive.readableSequences()
    guard !sequences.isEmpty else {
      throw Failure(.nothingToCheck, "there is no manifest", on: archive.url, remedy: "check --archive and --stream")
    }
    var previous: StoredManifest?
    var faults: [String] = []
    for sequence in sequences {
      let stored = try archive.manifest(sequence)
      faults += try check(archive, stored, after: previous, keys).map { "manifest \(sequence): \($0)" }
      add(stored.manifest, limits, now)
      previous = stored
    }
    problems += faults.prefix(20)
    if faults.count > 20 { problems.append("and \(faults.count - 20) more faults of manifests") }
    if unverifiable > 0 {
      let words = "\(unverifiable) manifests are signed by no key at hand"
      if limits.requiresSignatures { problems.append(words) } else { notes.append(words) }
    }
    let drills = try DrillRecord(archive, keys: keys, now: now)
    lastDrill = drills.passed
    failedDrill = drills.failed
    notes += drills.notes
    judge(limits, now)
  }

  /// What is wrong with a manifest's place and its signature.
  private mutating func check(
    _ archive: Archive, _ stored: StoredManifest, after previous: StoredManifest?, _ keys: KeyRing
  ) throws -> [String] {
    let seam = stored.seam(after: previous).map { [$0] } ?? []
    let standing = try archive.standing(of: stored, keys)
    if case .unverifiable = standing {
      unverifiable += 1
      return seam
    }
    return seam + (standing.fault.map { [$0] } ?? [])
  }

  private mutating func add(_ manifest: Manifest, _ limits: Limits, _ now: Timestamp) {
    let day = manifest.coverage.day
    firstDay = firstDay ?? day
    if let newest = newestClosedDay, newest.next < day { note(missing: newest.next, through: day.advanced(by: -1)) }
    if manifest.coverage.isLast { newestClosedDay = day }
    rows = Self.sum(rows, manifest.rowCount)
    manifests += 1
    if manifest.bundle == nil { emptyDays += 1 }
    anomalies = Self.sum(anomalies, manifest.chain.anomalies.total)
    if !manifest.chain.isIntact, faultyDays.count < 100, faultyDays.last != day { faultyDays.append(day) }
    let end = manifest.retention.until
    earliestRetentionEnd = min(earliestRetentionEnd ?? end, end)
    if end < now.advanced(bySeconds: Int64(limits.retentionWarning) * 86_400) { retentionRunningOut += 1 }
    headHash = manifest.chain.headHash?.hex
  }

  /// Counts out of manifests may be anything.
  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
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
      problems.append("there has been no drill yet that passed, by a report that a key at hand verifies")
    }
    if let failedDrill { problems.append("the drill of \(failedDrill.isoSeconds) failed, and none has passed since") }
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
      "lastDrill": time(lastDrill), "failedDrill": time(failedDrill), "unverifiable": .count(unverifiable),
      "headHash": headHash.map { .string($0) } ?? .null,
      "problems": .array(problems.map { .string($0) }), "notes": .array(notes.map { .string($0) }),
    ])
  }
}
