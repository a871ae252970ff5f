// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
public import Pipeline
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

    /// Before when a retention ends that counts as running out.
    func retentionEnd(after now: Timestamp) -> Timestamp {
      now.advanced(bySeconds: Int64(retentionWarning) * 86_400)
    }
  }

  /// What the manifests say.
  public let ledger: ArchiveLedger
  /// Drills whose reports a key at hand verifies, the newest first.
  public let drills: [StoredDrill]
  public let limits: Limits
  /// The time against which it is held.
  public let now: Timestamp
  public private(set) var newestClosedDay: UTCDay?
  /// Days that are over and not closed, in stretches.
  public private(set) var missing: [ClosedRange<UTCDay>] = []
  public private(set) var missingTotal = 0
  /// Manifests whose locks end soon. Legal holds outlast locks: what is under one counts neither here nor as ended.
  public private(set) var retentionRunningOut = 0
  /// Manifests whose locks have ended.
  public private(set) var retentionEnded = 0
  /// The end, yet to come, of the lock that ends first; nil where there is none.
  public private(set) var earliestRetentionEnd: Timestamp?
  /// When the last drill began that passed, by a report that a key at hand verifies.
  public let lastDrill: Timestamp?
  /// When a drill began that failed, where none has passed since.
  public let failedDrill: Timestamp?
  /// What is not as it must be.
  public private(set) var findings: [ArchiveProblem] = []
  /// What is to be known and is no problem, a sentence each.
  public private(set) var notes: [String] = []

  /// - Parameter keys: the keys at hand, by which manifests and drill reports are verified.
  /// - Throws: a ``Failure`` where there is nothing to look at, or it cannot be looked at.
  public init(
    _ archive: Archive, keys: KeyRing, limits: Limits, now: Timestamp, drills count: Int = 0,
    cancellation: Cancellation = Cancellation()
  ) throws {
    var ledger = ArchiveLedger()
    try ledger.read(archive, keys: keys)
    try ledger.readLocks(archive, before: limits.retentionEnd(after: now), at: now, cancellation: cancellation)
    let drills = try DrillRecord(archive, keys: keys, now: now, keeping: count)
    try self.init(ledger, drills, of: archive, limits, now)
  }

  init(_ ledger: ArchiveLedger, _ drills: DrillRecord, of archive: Archive, _ limits: Limits, _ now: Timestamp) throws {
    guard ledger.manifests > 0 || ledger.faultsTotal > 0 else {
      throw Failure(.nothingToCheck, "there is no manifest", on: archive.url, remedy: "check --archive and --stream")
    }
    self.init(ledger, drills: drills.reports.map(\.drill), limits: limits, now: now)
    notes += drills.notes
  }

  /// Holds what was gathered against the calendar.
  ///
  /// - Parameter drills: that count, the newest first.
  public init(_ ledger: ArchiveLedger, drills: [StoredDrill], limits: Limits, now: Timestamp) {
    self.ledger = ledger
    self.drills = drills
    self.limits = limits
    self.now = now
    lastDrill = drills.first(where: \.isPassed)?.startedAt
    failedDrill = drills.first.flatMap { $0.isPassed ? nil : $0.startedAt }
    newestClosedDay = ledger.days.last(where: \.isClosed)?.day
    findings = ledger.faults.map { .manifest($0) }
    if ledger.faultsTotal > findings.count { findings.append(.moreManifests(ledger.faultsTotal - findings.count)) }
    if ledger.unverifiable > 0 {
      let problem = ArchiveProblem.unverifiable(ledger.unverifiable)
      if limits.requiresSignatures { findings.append(problem) } else { notes.append(problem.description) }
    }
    judgeDays()
    judgeDrills()
    judgeLocks()
  }

  public var firstDay: UTCDay? { ledger.days.first?.day }
  public var manifests: Int { ledger.manifests }
  public var rows: Int { ledger.rows }
  public var emptyDays: Int { ledger.emptyDays }
  public var anomalies: Int { ledger.anomalies }
  /// Manifests that no key at hand can verify.
  public var unverifiable: Int { ledger.unverifiable }
  public var headHash: String? { ledger.stretches.last?.headHash?.hex }
  /// The last day that has to be closed by now.
  public var dueDay: UTCDay { now.day.advanced(by: -limits.newestDayAge) }
  public var isWell: Bool { findings.isEmpty }
  /// ``findings``, a sentence each.
  public var problems: [String] { findings.map(\.description) }

  /// Adds what is wrong with the registry by whose keys the archive was judged.
  public mutating func add(registry doubts: [ArchiveFinding]) {
    findings = doubts.map { .registry($0.description) } + findings
  }

  private mutating func judgeDays() {
    guard let firstDay else { return }
    // Yesterday is archived by tonight's run: it is missing only once it is older than allowed.
    let due = dueDay
    var day = firstDay
    for entry in ledger.days {
      note(missing: day, before: entry.day)
      if !entry.isClosed, entry.day <= due || entry.day < newestClosedDay ?? firstDay {
        note(missing: entry.day, before: entry.day.next)
      }
      day = entry.day.next
    }
    note(missing: day, before: due.next)
    let newest = newestClosedDay ?? firstDay.advanced(by: -1)
    if newest < due { findings.append(.oldNewestDay(newest, age: Int(now.day.number - newest.number))) }
    if let first = missing.first { findings.append(.missingDays(missingTotal, first: first.lowerBound)) }
  }

  private mutating func note(missing first: UTCDay, before end: UTCDay) {
    guard first < end else { return }
    missingTotal += Int(end.number - first.number)
    if let last = missing.last, last.upperBound.next == first {
      missing[missing.count - 1] = last.lowerBound...end.advanced(by: -1)
    } else {
      missing.append(first...end.advanced(by: -1))
    }
  }

  private mutating func judgeLocks() {
    let counts = lockCounts()
    (retentionRunningOut, retentionEnded) = (counts.runningOut, counts.ended)
    earliestRetentionEnd = counts.earliestEnd
    notes += counts.notes
  }

  private mutating func judgeDrills() {
    let oldest = now.advanced(bySeconds: -Int64(limits.drillAge) * 86_400)
    if let lastDrill {
      if lastDrill < oldest { findings.append(.oldDrill(lastDrill.day)) }
    } else if let firstDay, firstDay.start < oldest {
      findings.append(.noDrill)
    }
    if let failedDrill { findings.append(.failedDrill(failedDrill)) }
  }
}

extension ArchiveStatus {
  /// The fields of `--json`; lists of days are cut at a hundred.
  public var json: JSONValue {
    func day(_ day: UTCDay?) -> JSONValue { day.map { .string($0.description) } ?? .null }
    func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.isoSeconds) } ?? .null }
    return .object([
      "verdict": .string(isWell ? "well" : "attention"), "firstDay": day(firstDay),
      "newestClosedDay": day(newestClosedDay),
      "manifests": .count(manifests), "rows": .count(rows), "emptyDays": .count(emptyDays),
      "missingDays": .array(missingDays.map { day($0) }), "missingTotal": .count(missingTotal),
      "anomalies": .count(anomalies), "faultyDays": .array(faultyDays.map { day($0) }),
      "earliestRetentionEnd": time(earliestRetentionEnd), "retentionRunningOut": .count(retentionRunningOut),
      "retentionEnded": .count(retentionEnded),
      "lastDrill": time(lastDrill), "failedDrill": time(failedDrill), "unverifiable": .count(unverifiable),
      "headHash": headHash.map { .string($0) } ?? .null,
      "problems": .array(problems.map { .string($0) }), "notes": .array(notes.map { .string($0) }),
    ])
  }

  /// The first hundred of the days that are missing.
  public var missingDays: [UTCDay] {
    var days: [UTCDay] = []
    for stretch in missing {
      var day = stretch.lowerBound
      while day <= stretch.upperBound, days.count < 100 {
        days.append(day)
        day = day.next
      }
    }
    return days
  }

  /// Days with anomalies, of the first hundred manifests that have some.
  public var faultyDays: [UTCDay] {
    ledger.anomalousDays.reduce(into: []) { days, entry in if days.last != entry.day { days.append(entry.day) } }
  }
}
