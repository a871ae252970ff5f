// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// How a manifest and its bundle are locked, as far as is known.
struct KnownLock: Sendable {
  /// What the store says of both.
  private struct Stored {
    let until: Timestamp
    let isHeld: Bool
    /// Nothing takes one of them away before, holds aside: a lock in GOVERNANCE mode can be lifted.
    let firmUntil: Timestamp
    let isWeak: Bool
  }

  let sequence: Int
  let day: UTCDay
  /// What the manifest says.
  let promised: Manifest.Retention
  private var stored: Stored?
  /// When the store was last asked.
  private(set) var readAt: Timestamp?

  /// Seconds for which the store's answer is good.
  static let lifetime: Int64 = 3600

  init(_ manifest: Manifest) {
    sequence = manifest.sequence
    day = manifest.coverage.day
    promised = manifest.retention
  }

  /// When the first of the locks ends, of those that no legal hold outlasts where there are some.
  var until: Timestamp { stored?.until ?? promised.until }
  /// Both are under legal hold.
  var isHeld: Bool { stored?.isHeld ?? promised.hasLegalHold }
  var isRead: Bool { stored != nil }
  /// The store's locks are less than what the manifest says.
  var isWeak: Bool { stored?.isWeak ?? false }

  /// Whether the store is to be asked: a promise that lasts beyond `end` is enough, as is a lock that does.
  func isDue(before end: Timestamp, at now: Timestamp) -> Bool {
    guard promised.until < end else { return false }
    guard let readAt, Self.isRecent(readAt, at: now) else { return stored.map { $0.firmUntil < end } ?? true }
    return false
  }

  static func isRecent(_ time: Timestamp, at now: Timestamp) -> Bool {
    time <= now && now < time.advanced(bySeconds: lifetime)
  }

  /// - Parameter locks: nil where the store has none that could be read.
  mutating func note(_ locks: ManifestLocks?, at now: Timestamp) {
    readAt = now
    stored = locks.map { locks in
      let isHeld = locks.hasLegalHold
      let counted = locks.objects.filter { isHeld || !$0.lock.hasLegalHold }
      return Stored(
        until: counted.map { $0.lock.until ?? .distantPast }.min() ?? .distantPast, isHeld: isHeld,
        firmUntil: locks.objects.map { $0.lock.isCompliance ? $0.lock.until ?? .distantPast : .distantPast }.min()
          ?? .distantPast,
        isWeak: locks.objects.contains { $0.lock.weakness(against: promised.until) != nil })
    }
  }

  /// The manifest's word is all there is.
  mutating func forget() { (stored, readAt) = (nil, nil) }
}
