// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Signing

/// How far an archive reaches, from its ends alone: cheap enough to be asked again and again.
public struct ArchiveFreshness: Sendable {
  public private(set) var manifests = 0
  public private(set) var newestClosedDay: UTCDay?
  /// When the newest manifest was made.
  public private(set) var lastRun: Timestamp?
  /// When the last drill began that passed, by a report that a key at hand verifies.
  public private(set) var lastDrill: Timestamp?
  /// When a drill began that failed, where none has passed since.
  public private(set) var failedDrill: Timestamp?

  /// - Throws: an ``ArchiveFinding`` where the newest manifests are damaged, a ``Failure`` where it cannot be looked at.
  public init(_ archive: Archive, keys: KeyRing, now: Timestamp) throws {
    let sequences = try archive.readableSequences()
    manifests = sequences.count
    try look(archive, sequences, keys)
    let drills = try DrillRecord(archive, keys: keys, now: now)
    (lastDrill, failedDrill) = (drills.passed, drills.failed)
  }

  /// Looks back to the last manifest that closes a day: of those that a key at hand has signed, or one of them vouches for,
  /// where one is signed. What a stranger adds behind them closes none.
  private mutating func look(_ archive: Archive, _ sequences: Range<Int>, _ keys: KeyRing) throws {
    var isVouchedFor = !keys.keys.contains { $0.uses.contains(.manifests) }
    for sequence in sequences.reversed() {
      let stored = try archive.manifest(sequence)
      if !isVouchedFor && archive.isSigned(stored) { (isVouchedFor, lastRun, newestClosedDay) = (true, nil, nil) }
      lastRun = lastRun ?? stored.manifest.createdAt
      if stored.manifest.coverage.isLast { newestClosedDay = newestClosedDay ?? stored.manifest.coverage.day }
      if isVouchedFor && newestClosedDay != nil { return }
    }
  }

  public var json: JSONValue {
    func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.isoSeconds) } ?? .null }
    return .object([
      "manifests": .count(manifests), "newestClosedDay": newestClosedDay.map { .string($0.description) } ?? .null,
      "lastRun": time(lastRun), "lastDrill": time(lastDrill), "failedDrill": time(failedDrill),
    ])
  }
}
