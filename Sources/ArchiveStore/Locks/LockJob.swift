// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Pipeline

/// Shows and changes the locks of some manifests and their bundles, several at a time.
public struct LockJob: Sendable {
  let archive: Archive
  let cancellation: Cancellation
  /// Manifests that are looked at at once.
  private static let lanes = 8

  public init(_ archive: Archive, cancellation: Cancellation) {
    self.archive = archive
    self.cancellation = cancellation
  }

  /// What a change did.
  public struct Outcome: Equatable, Sendable {
    public var manifests = 0
    /// Objects whose lock is another now.
    public var changed = 0
    /// Objects that were so before.
    public var unchanged = 0
  }

  /// Reads the locks, in the manifests' order.
  public func show(_ sequences: Range<Int>) throws -> [ManifestLocks] {
    var found: [ManifestLocks] = []
    let archive = archive
    try eachInOrder(sequences, { try archive.locks($0) }) { found.append($0) }
    return found
  }

  /// Reads the locks of some manifests, in their order; one that is damaged or missing does not keep the others back.
  func look(_ sequences: [Int], _ body: (Result<ManifestLocks, ArchiveFinding>) throws -> Void) throws {
    let archive = archive
    try eachInOrder(
      sequences,
      { sequence in
        do {
          return .success(try archive.lookingAt(Archive.manifestKey(sequence)) { try archive.locks(sequence) })
        } catch let finding as ArchiveFinding { return .failure(finding) }
      }, body)
  }

  /// Makes every retention last until `until` at the least, in COMPLIANCE mode.
  ///
  /// All locks are looked at before the first is changed.
  ///
  /// - Parameter keepsLonger: leave those as they are that last longer, in the place of refusing.
  /// - Throws: status `refused` where one lasts longer.
  public func extend(_ sequences: Range<Int>, to until: Timestamp, keepsLonger: Bool) throws -> Outcome {
    try change(sequences, strengthens: true) { locks in
      guard !keepsLonger, let longer = locks.objects.first(where: { $0.lock.until.map { $0 > until } ?? false }) else {
        return
      }
      throw Failure(
        .refused, "it is locked until \(longer.lock.until!.isoSeconds), longer than asked for",
        on: archive.name(longer.key), remedy: "ask for a later date, or give --keep-longer to leave it as it is")
    } isDone: {
      $0.weakness(against: until) == nil
    } body: { store, key, version in
      try store.extend(key, version, to: Manifest.Retention(until: until, hasLegalHold: false))
    }
  }

  /// Puts manifests and bundles under legal hold, or takes them off.
  public func setLegalHold(_ sequences: Range<Int>, _ isHeld: Bool) throws -> Outcome {
    try change(sequences, strengthens: isHeld) { _ in
    } isDone: {
      $0.hasLegalHold == isHeld
    } body: { store, key, version in
      try store.setLegalHold(key, version, isHeld)
    }
  }

  /// - Parameter strengthens: also what a revoked key signed: what may be evidence must not get lost.
  private func change(
    _ sequences: Range<Int>, strengthens: Bool, check: (ManifestLocks) throws -> Void,
    isDone: @escaping @Sendable (StoredLock) -> Bool,
    body: @escaping @Sendable (any ObjectStore, String, ObjectVersion) throws -> Void
  ) throws -> Outcome {
    let found = try show(sequences)
    for locks in found {
      if !(strengthens && locks.isDistrusted) { try requireSigned(locks) }
      try check(locks)
    }
    let objects = found.flatMap(\.objects)
    let todo = objects.filter { !isDone($0.lock) }
    let archive = archive
    try eachInOrder(todo) { object in
      let key = "\(archive.stream)/\(object.key)"
      try body(archive.store, key, object.version)
      // What the server says of its own change is not trusted.
      guard isDone(try archive.store.lock(key, object.version)) else {
        throw Failure(
          .configuration, "the store did not change its lock as asked", on: archive.name(object.key),
          remedy: "use a bucket with Object Lock on a server that honours it")
      }
    } _: { _ in
    }
    return Outcome(manifests: found.count, changed: todo.count, unchanged: objects.count - todo.count)
  }

  /// To lock a forgery in the place of what it forges would pass for success.
  private func requireSigned(_ locks: ManifestLocks) throws {
    guard !locks.isSigned else { return }
    throw Failure(
      .integrity, "no key at hand has signed it, so that it may be a forgery; no lock was changed",
      on: archive.name(Archive.manifestKey(locks.sequence)),
      remedy: "give the keys as for audit verify: AUDIT_SIGNERS_FILE or AUDIT_SIGNING_PUBLIC_KEY")
  }

  private func eachInOrder<Input: Sendable, Output: Sendable>(
    _ inputs: some Collection<Input> & Sendable, _ work: @escaping @Sendable (Input) throws -> Output,
    _ body: (Output) throws -> Void
  ) throws {
    try mapInOrder(
      inputs, name: "locks", workers: Self.lanes, cancellation: cancellation, stopped: Failure.stopped, work, body)
  }
}
