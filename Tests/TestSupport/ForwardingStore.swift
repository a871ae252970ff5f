// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore

/// A store in front of another one, for tests that change one of its answers.
public protocol ForwardingStore: ObjectStore {
  var other: any ObjectStore { get }
}

extension ForwardingStore {
  public var url: String { other.url }
  public var keepsVersions: Bool { other.keepsVersions }

  public func create(
    _ key: String, _ content: ObjectContent, retention: Manifest.Retention
  ) throws -> CreateOutcome { try other.create(key, content, retention: retention) }

  public func addVersion(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) throws -> Bool {
    try other.addVersion(key, content, retention: retention)
  }

  public func versions(_ key: String) throws -> [ObjectVersion] { try other.versions(key) }

  public func open(_ key: String, _ version: ObjectVersion) throws -> (any ObjectReader)? {
    try other.open(key, version)
  }

  public func lock(_ key: String, _ version: ObjectVersion) throws -> StoredLock { try other.lock(key, version) }

  public func extend(_ key: String, _ version: ObjectVersion, to retention: Manifest.Retention) throws {
    try other.extend(key, version, to: retention)
  }

  public func setLegalHold(_ key: String, _ version: ObjectVersion, _ isHeld: Bool) throws {
    try other.setLegalHold(key, version, isHeld)
  }

  public func restore(_ key: String, _ version: ObjectVersion, _ request: ColdRestore) throws -> ColdState {
    try other.restore(key, version, request)
  }

  public func preflight() throws { try other.preflight() }
  public func list(_ prefix: String) throws -> [ObjectInfo] { try other.list(prefix) }
  public func spoolDirectory(stream: String) throws -> String? { try other.spoolDirectory(stream: stream) }
}
