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
    let reach = try Reach(archive, sequences, from: Reach.signedEnd(archive, sequences, keys) ?? sequences.upperBound)
    (newestClosedDay, lastRun) = (reach.newestClosedDay, reach.lastRun)
    let drills = try DrillRecord(archive, keys: keys, now: now)
    (lastDrill, failedDrill) = (drills.passed, drills.failed)
  }

  /// How far the manifests before `end` reach.
  private struct Reach {
    private(set) var newestClosedDay: UTCDay?
    private(set) var lastRun: Timestamp?

    init(_ archive: Archive, _ sequences: Range<Int>, from end: Int) throws {
      for sequence in (sequences.lowerBound..<end).reversed() {
        let manifest = try archive.manifest(sequence).manifest
        lastRun = lastRun ?? manifest.createdAt
        guard manifest.coverage.isLast else { continue }
        newestClosedDay = manifest.coverage.day
        return
      }
    }

    /// Behind the last manifest that a key at hand has signed, which vouches for those before it: what a stranger adds
    /// there closes no day. Nil where none is signed.
    static func signedEnd(_ archive: Archive, _ sequences: Range<Int>, _ keys: KeyRing) throws -> Int? {
      guard keys.keys.contains(where: { $0.uses.contains(.manifests) }) else { return nil }
      return try sequences.reversed().first { archive.isSigned(try archive.manifest($0)) }.map { $0 + 1 }
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
