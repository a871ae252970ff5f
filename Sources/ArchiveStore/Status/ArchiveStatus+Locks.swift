// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

extension ArchiveStatus {
  /// How many locks end, have ended, and are to be known of otherwise.
  func lockCounts() -> (runningOut: Int, ended: Int, earliestEnd: Timestamp?, notes: [String]) {
    let soon = limits.retentionEnd(after: now)
    let locks = ledger.locks.locks
    // A hold is as the store has it where the lock ends soon; else it may have been taken off since.
    let counted = locks.filter { !$0.isHeld || $0.until >= soon }
    let ended = counted.filter { $0.until <= now }
    return (
      runningOut: counted.count { $0.until > now && $0.until < soon }, ended: ended.count,
      earliestEnd: counted.lazy.map(\.until).filter { $0 > now }.min(),
      notes: [endedNote(ended), weakNote(locks), unreadNote(locks, soon)].compactMap { $0 }
    )
  }

  private func endedNote(_ ended: [KnownLock]) -> String? {
    guard let first = ended.map(\.day).min(), let last = ended.map(\.day).max() else { return nil }
    return "the locks of \(ended.count) manifests have ended, of days \(first) to \(last): these lie there still, "
      + "and whoever has the right may delete them now"
  }

  private func weakNote(_ locks: [KnownLock]) -> String? {
    let count = locks.count(where: \.isWeak)
    guard count > 0 else { return nil }
    return "the locks of \(count) manifests are less than promised: memoryctl retention show names them"
  }

  private func unreadNote(_ locks: [KnownLock], _ soon: Timestamp) -> String? {
    guard let refusal = ledger.locks.refusal else { return nil }
    let count = locks.count { $0.promised.until < soon && !$0.isRead }
    return "the locks of \(count) manifests could not be read, and count as the manifests promise them: "
      + refusal.failure.description
  }
}
