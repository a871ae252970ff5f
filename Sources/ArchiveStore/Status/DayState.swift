// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// How a day of the calendar stands: what is worst about it.
public enum DayState: Int, Sendable, CaseIterable {
  /// Closed, with rows, under its lock.
  case archived
  /// Closed and without rows.
  case empty
  /// Its lock has ended: it lies there, and who has the right may delete it.
  case unlocked
  /// Not closed, and not due yet.
  case open
  /// Its lock ends soon.
  case ending
  /// Its lock was made for less time than is asked of an archive.
  case brief
  case anomalous
  /// A manifest of it cannot be read, does not verify, or does not join the one before.
  case damaged
  /// Over, due, and not closed.
  case missing
}

extension ArchiveStatus {
  /// Days for which archives are locked at the least. A manifest is made a moment before or after its lock is.
  public static var leastLockDays: Int { 365 }

  /// How a day from the first one on stands.
  ///
  /// - Parameter entry: what the ledger knows of it.
  public func state(of day: UTCDay, _ entry: ArchiveDay?) -> DayState {
    let isDue = day <= dueDay || day < newestClosedDay ?? day
    guard let entry else { return isDue ? .missing : .open }
    if entry.hasFault { return .damaged }
    if !entry.isClosed, isDue { return .missing }
    if entry.anomalies > 0 { return .anomalous }
    if Int(entry.lockDays) < Self.leastLockDays - 1 { return .brief }
    guard entry.isClosed else { return .open }
    if entry.lockEnd <= now, !entry.isHeld { return .unlocked }
    if entry.lockEnd < limits.retentionEnd(after: now), !entry.isHeld { return .ending }
    return entry.rows == 0 ? .empty : .archived
  }
}
