// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Pipeline

/// The locks of a stream's manifests: the store's own where they may end soon, else as the manifests promise them.
///
/// A lock only grows, so that a promise that lasts is enough. What the store says is good for an hour.
struct LockLedger: Sendable {
  private(set) var locks: [KnownLock] = []
  /// What was wrong with objects whose locks were asked for, by sequence.
  private var wrong: [Int: String] = [:]
  /// Why the store does not say, and when it was asked.
  private(set) var refusal: (failure: Failure, at: Timestamp)?

  mutating func add(_ lock: KnownLock) { locks.append(lock) }

  /// In the manifests' order.
  var faults: [String] { wrong.sorted { $0.key < $1.key }.map(\.value) }

  /// Reads the locks that are promised to end before `end`, several at a time.
  ///
  /// Where they may not be read, the manifests' word stays.
  mutating func read(
    _ archive: Archive, before end: Timestamp, at now: Timestamp, cancellation: Cancellation
  ) throws {
    if let refusal, KnownLock.isRecent(refusal.at, at: now) { return }
    let due = locks.indices.filter { locks[$0].isDue(before: end, at: now) }
    guard !due.isEmpty else { return }
    refusal = nil
    do { try read(due, archive, at: now, cancellation) } catch let failure as Failure
      where [.permission, .configuration].contains(failure.status)
    {
      for index in due where locks[index].readAt != now { locks[index].forget() }
      refusal = (failure, now)
    }
  }

  private mutating func read(
    _ due: [Int], _ archive: Archive, at now: Timestamp, _ cancellation: Cancellation
  ) throws {
    // One list tells the versions of all bundles.
    if archive.store.keepsVersions { _ = try archive.store.list("\(archive.stream)/bundles/") }
    var places = due[...]
    try LockJob(archive, cancellation: cancellation).look(due.map { locks[$0].sequence }) { found in
      let place = places.removeFirst()
      locks[place].note(try? found.get(), at: now)
      if case .failure(let finding) = found {
        wrong[locks[place].sequence] = finding.description
      } else {
        wrong[locks[place].sequence] = nil
      }
    }
  }
}
