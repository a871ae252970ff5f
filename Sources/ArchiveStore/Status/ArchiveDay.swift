// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// What the manifests of one day say, in a few dozen bytes.
public struct ArchiveDay: Sendable {
  public let day: UTCDay
  /// Manifests of the day.
  public private(set) var parts = 0
  public private(set) var rows = 0
  /// Of the bundles, as they are stored.
  public private(set) var bytes = 0
  public private(set) var anomalies = 0
  /// A manifest that counts closes it: one that a key at hand has signed, or a signed one behind it vouches for.
  public internal(set) var isClosed = false
  /// A manifest of it does not verify, or does not join the one before.
  public internal(set) var hasFault = false
  /// Each of its manifests is under legal hold.
  public private(set) var isHeld = true
  /// The earliest ends of locks, under a legal hold and without one.
  private var ends = (held: Timestamp.distantFuture, free: Timestamp.distantFuture)
  /// The least time, in days, for which one of them was locked.
  public private(set) var lockDays = Int32.max

  init(_ day: UTCDay) { self.day = day }

  mutating func add(_ manifest: Manifest) {
    parts += 1
    rows = rows.saturated(adding: manifest.rowCount)
    bytes = bytes.saturated(adding: manifest.bundle?.bytes ?? 0)
    anomalies = anomalies.saturated(adding: manifest.chain.anomalies.total)
    let seconds = manifest.retention.until.unixSeconds - manifest.createdAt.unixSeconds
    lockDays = min(lockDays, Int32(clamping: seconds / 86_400))
  }

  /// The earliest end of its locks, of those that no legal hold outlasts where there are some.
  public var lockEnd: Timestamp { isHeld ? ends.held : ends.free }

  mutating func add(_ lock: KnownLock) {
    if lock.isHeld {
      ends.held = min(ends.held, lock.until)
    } else {
      isHeld = false
      ends.free = min(ends.free, lock.until)
    }
  }

  /// Locks are to be added anew.
  mutating func forgetLocks() { (isHeld, ends) = (true, (.distantFuture, .distantFuture)) }
}

extension Int {
  /// Counts out of manifests may be anything.
  func saturated(adding other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
