// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
public import Signing

extension ObjectStore {
  /// Whether a version of an object has just this content.
  func holds(_ key: String, _ version: ObjectVersion, bytes: Int, sha256: Digest) throws -> Bool {
    guard version.bytes == bytes, let reader = try open(key, version) else { return false }
    return try reader.digest() == sha256
  }

  /// Finds the version that has just this content, after ``create(_:_:retention:)`` said that something is there: an earlier
  /// run's, or this one's whose reply was lost, and whose lock nobody has read back yet. Its lock is made as strong as
  /// `retention`.
  ///
  /// - Returns: whether there is one.
  public func secure(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) throws -> Bool {
    let (bytes, sha256) = content.measure
    let own = try versions(key).first {
      try !$0.isDeleteMarker && holds(key, $0, bytes: bytes, sha256: sha256)
    }
    guard let own else { return false }
    try extend(key, own, to: retention)
    return true
  }
}

extension ObjectContent {
  fileprivate var measure: (bytes: Int, sha256: Digest) {
    switch self {
    case .bytes(let bytes): (bytes.count, SHA256.hash(bytes))
    case .file(_, let bytes, let sha256): (bytes, sha256)
    }
  }
}

extension Archive {
  /// Puts a bundle in its place; one that an interrupted run left there is used when it is the same, and its lock is made
  /// as strong as this run's.
  public func upload(
    _ bundle: SealedBundle, retention: Manifest.Retention, progress: any ProgressListener = NoProgress()
  ) throws {
    let key = "\(stream)/\(bundle.manifest.key)"
    let sequence = String(bundle.manifest.key.dropFirst("bundles/".utf8.count).prefix { $0 != "-" })
    let total = bundle.manifest.bytes
    // All of them only once the store says so.
    bundle.file.onSent = { progress.upload(sequence, sent: min($0, total - 1), of: total) }
    defer { progress.upload(sequence, sent: total, of: total) }
    let content = ObjectContent.file(bundle.file, bytes: bundle.manifest.bytes, sha256: bundle.manifest.sha256)
    if try store.create(key, content, retention: retention) == .created { return }
    if try store.secure(key, content, retention: retention) { return }
    if try store.addVersion(key, content, retention: retention) { return }
    throw Failure(
      .integrity, "an object of this name has another content", on: name(bundle.manifest.key),
      remedy: "look at who wrote it; nothing is replaced")
  }

  /// Commits a manifest: from then on its bundle is part of the archive.
  ///
  /// What the store says of its own write is not trusted: the manifest is read back as any reader finds it. Where a
  /// stranger's junk is in its place, and the store keeps versions, it goes on top of that.
  ///
  /// - Returns: the manifest as stored.
  /// - Throws: status `tryLater` when another run has committed this sequence.
  public func commit(_ manifest: Manifest, _ signer: any Signer) throws -> StoredManifest {
    let document = try signer.sign(.manifest, manifest.json)
    let key = Self.manifestKey(manifest.sequence)
    if try !write(document.bytes, at: key, retention: manifest.retention), try !isCommitted(manifest.sequence) {
      _ = try store.addVersion("\(stream)/\(key)", .bytes(document.bytes), retention: manifest.retention)
    }
    let stored = StoredManifest(manifest: manifest, digest: document.digest, proof: document.proof)
    guard try self.manifest(manifest.sequence).digest == stored.digest else {
      throw Failure(
        .tryLater, "another run has committed this sequence", on: name(Self.manifestKey(manifest.sequence)),
        remedy: "nothing is lost: the next run goes on behind it")
    }
    return stored
  }

  /// Makes a committed manifest's lock as strong as it says itself: the run that wrote it may have ended before it looked.
  public func secure(_ stored: StoredManifest) throws {
    let retention = stored.manifest.retention
    guard retention.until > now() else { return }
    let key = "\(stream)/\(Self.manifestKey(stored.manifest.sequence))"
    for version in try store.versions(key) where !version.isDeleteMarker {
      do {
        guard try manifest(stored.manifest.sequence, version).digest == stored.digest else { continue }
        // A hold that is missing beside a sound retention was taken off since.
        guard try store.lock(key, version).weakness(against: retention.until) != nil else { return }
        return try store.extend(key, version, to: retention)
      } catch is ArchiveFinding { continue }
    }
  }

  /// Whether a version of a manifest is under the lock that it promises, as each is that a run of ours has written.
  public func isLockedAsPromised(_ stored: StoredManifest) throws -> Bool {
    let (current, version) = try versionedManifest(stored.manifest.sequence)
    guard current.digest == stored.digest else { return false }
    let lock = try store.lock("\(stream)/\(Self.manifestKey(stored.manifest.sequence))", version)
    return lock.weakness(against: stored.manifest.retention.until) == nil
  }

  /// Whether no version of these manifests is under a lock, as each is that was committed.
  public func hasNoLock(_ sequences: ClosedRange<Int>) throws -> Bool {
    try sequences.allSatisfy { sequence in
      let key = "\(stream)/\(Self.manifestKey(sequence))"
      return try store.versions(key).allSatisfy { try $0.isDeleteMarker || store.lock(key, $0).until == nil }
    }
  }

  /// Whether what is in a manifest's place is one: signed by a key at hand, or, without keys, one that can be read.
  private func isCommitted(_ sequence: Int) throws -> Bool {
    do {
      let stored = try manifest(sequence)
      return keys == nil || isSigned(stored)
    } catch is ArchiveFinding { return false }
  }
}
