// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Pipeline
public import Signing
internal import Synchronization

/// Looks at one archive again and again, and reads each time what is new.
///
/// Manifests and reports do not change. Everything is read anew when the keys at hand change, and after some hours, so
/// that what was replaced or came to be readable is seen. Locks that may end soon are read again after an hour.
public final class ArchiveLook: Sendable {
  private struct State {
    var ledger = ArchiveLedger()
    var drills: DrillRecord?
    var keys = ""
    var begunAt = Timestamp.distantPast
  }

  private let state = Mutex(State())
  private let limits: ArchiveStatus.Limits
  private let drills: Int

  /// Hours for which what was read is good where all of it verified, and where not.
  private static let hours: (sound: Int64, faulty: Int64) = (6, 1)

  /// - Parameter drills: reports that are read.
  public init(limits: ArchiveStatus.Limits, drills: Int) { (self.limits, self.drills) = (limits, drills) }

  /// One look; another one at the same time waits for it.
  ///
  /// - Throws: a ``Failure`` where it cannot look; the next one goes on from there.
  public func status(_ archive: Archive, keys: KeyRing, now: Timestamp) throws -> ArchiveStatus {
    try state.withLock { state in
      let hours = state.ledger.isSound ? Self.hours.sound : Self.hours.faulty
      let isFresh = state.begunAt.advanced(bySeconds: hours * 3600) > now && state.begunAt <= now
      if !isFresh || state.keys != keys.identity {
        state = State(keys: keys.identity, begunAt: now)
      }
      try state.ledger.read(archive, keys: keys)
      try state.ledger.readLocks(
        archive, before: limits.retentionEnd(after: now), at: now, cancellation: Cancellation())
      let drills = try DrillRecord(archive, keys: keys, now: now, keeping: drills, known: state.drills)
      state.drills = drills
      return try ArchiveStatus(state.ledger, drills, of: archive, limits, now)
    }
  }
}
