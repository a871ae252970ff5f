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
}

extension Archive {
  /// Puts a bundle in its place; one that an interrupted run left there is used when it is the same, and its lock is made
  /// as strong as this run's.
  public func upload(_ bundle: SealedBundle, retention: Manifest.Retention) throws {
    let key = "\(stream)/\(bundle.manifest.key)"
    let content = ObjectContent.file(bundle.file, bytes: bundle.manifest.bytes, sha256: bundle.manifest.sha256)
    if try store.create(key, content, retention: retention) == .created { return }
    let same = try store.versions(key).first {
      try !$0.isDeleteMarker
        && store.holds(key, $0, bytes: bundle.manifest.bytes, sha256: bundle.manifest.sha256)
    }
    if let same { return try store.extend(key, same, to: retention) }
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
    let key = "\(stream)/\(Self.manifestKey(manifest.sequence))"
    let content = ObjectContent.bytes(document.bytes)
    if try store.create(key, content, retention: manifest.retention) == .exists, try !isCommitted(manifest.sequence) {
      _ = try store.addVersion(key, content, retention: manifest.retention)
    }
    let stored = StoredManifest(manifest: manifest, digest: document.digest, proof: document.proof)
    guard try self.manifest(manifest.sequence).digest == stored.digest else {
      throw Failure(
        .tryLater, "another run has committed this sequence", on: name(Self.manifestKey(manifest.sequence)),
        remedy: "nothing is lost: the next run goes on behind it")
    }
    return stored
  }

  /// Whether what is in a manifest's place is one: signed by a key at hand, or, without keys, one that can be read.
  private func isCommitted(_ sequence: Int) throws -> Bool {
    do {
      let stored = try manifest(sequence)
      return keys == nil || isSigned(stored)
    } catch is ArchiveFinding { return false }
  }
}
