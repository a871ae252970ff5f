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
    for sequence in sequences.reversed() {
      let manifest = try archive.manifest(sequence).manifest
      lastRun = lastRun ?? manifest.createdAt
      if manifest.coverage.isLast {
        newestClosedDay = manifest.coverage.day
        break
      }
    }
    let drills = try DrillRecord(archive, keys: keys, now: now)
    (lastDrill, failedDrill) = (drills.passed, drills.failed)
  }

  public var json: JSONValue {
    func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.isoSeconds) } ?? .null }
    return .object([
      "manifests": .count(manifests), "newestClosedDay": newestClosedDay.map { .string($0.description) } ?? .null,
      "lastRun": time(lastRun), "lastDrill": time(lastDrill), "failedDrill": time(failedDrill),
    ])
  }
}
