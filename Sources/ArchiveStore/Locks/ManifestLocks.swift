// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// The locks of a manifest and its bundle, as the store has them.
public struct ManifestLocks: Sendable {
  /// An object with the lock of the version that counts.
  public struct Object: Sendable {
    /// Within the stream.
    public let key: String
    let version: ObjectVersion
    public internal(set) var lock: StoredLock
  }

  public let sequence: Int
  public let day: UTCDay
  /// What the manifest says of both.
  public let promised: Manifest.Retention
  /// A key at hand has signed the manifest.
  public let isSigned: Bool
  /// A key that was revoked since has signed it: it is evidence, and no stranger's.
  public let isDistrusted: Bool
  /// The manifest itself and, where it has rows, its bundle.
  public internal(set) var objects: [Object]

  /// When the first of the locks ends; nil where one is missing.
  public var until: Timestamp? {
    objects.contains { $0.lock.until == nil } ? nil : objects.compactMap(\.lock.until).min()
  }

  public var hasLegalHold: Bool { objects.allSatisfy(\.lock.hasLegalHold) }
}

extension Archive {
  /// Reads the locks of a manifest and its bundle.
  ///
  /// - Throws: an ``ArchiveFinding`` where one of them is damaged or missing.
  func locks(_ sequence: Int) throws -> ManifestLocks {
    let (stored, version) = try versionedManifest(sequence)
    var objects = [try object(Self.manifestKey(sequence), version)]
    if let bundle = stored.manifest.bundle {
      objects.append(try object(bundle.key, try self.version(of: bundle, sequence)))
    }
    let isSigned = isSigned(stored)
    return ManifestLocks(
      sequence: sequence, day: stored.manifest.coverage.day, promised: stored.manifest.retention,
      isSigned: isSigned, isDistrusted: !isSigned && isDistrusted(stored), objects: objects)
  }

  private func object(_ key: String, _ version: ObjectVersion) throws -> ManifestLocks.Object {
    ManifestLocks.Object(key: key, version: version, lock: try store.lock("\(stream)/\(key)", version))
  }

  /// Where the store's locks are weaker than what the manifests say. A legal hold may have been taken off since.
  public func weakLocks(_ locks: ManifestLocks) -> [ArchiveFinding] {
    locks.objects.compactMap { object in
      object.lock.weakness(against: locks.promised.until).map { ArchiveFinding(name(object.key), $0) }
    }
  }
}
