// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import Synchronization
import TestCore

/// Objects by key: the bytes of each version, the oldest first; nil for a delete marker.
public typealias Objects = [String: [[UInt8]?]]

/// A store in memory, whose objects can be looked at and exchanged as a whole.
public final class MemoryStore: ObjectStore {
  private struct State {
    var objects: Objects
    var locks: [String: StoredLock] = [:]
  }

  private let state: Mutex<State>
  public let keepsVersions: Bool

  public init(_ objects: Objects = [:], keepsVersions: Bool = false) {
    state = Mutex(State(objects: objects))
    self.keepsVersions = keepsVersions
  }

  public var objects: Objects { state.withLock { $0.objects } }
  public var url: String { "memory:" }

  public func create(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) throws -> CreateOutcome {
    try add(key, content, retention, isFirst: true) ? .created : .exists
  }

  public func addVersion(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) throws -> Bool {
    try keepsVersions && add(key, content, retention, isFirst: false)
  }

  private func add(
    _ key: String, _ content: ObjectContent, _ retention: Manifest.Retention, isFirst: Bool
  ) throws -> Bool {
    let bytes = try content.bytes()
    return state.withLock { state in
      if isFirst, state.objects[key] != nil { return false }
      state.objects[key, default: []].append(bytes)
      state.locks["\(key) \(state.objects[key]!.count - 1)"] = StoredLock(retention)
      return true
    }
  }

  public func versions(_ key: String) -> [ObjectVersion] { Self.versions(objects[key] ?? []) }

  private static func versions(_ contents: [[UInt8]?]) -> [ObjectVersion] {
    contents.enumerated().map {
      ObjectVersion(id: String($0.offset), bytes: $0.element?.count ?? 0, isDeleteMarker: $0.element == nil)
    }
  }

  public func open(_ key: String, _ version: ObjectVersion) -> (any ObjectReader)? {
    guard let contents = objects[key], let index = Int(version.id), index < contents.count else { return nil }
    return contents[index].map { MemoryReader($0) }
  }

  public func lock(_ key: String, _ version: ObjectVersion) -> StoredLock {
    state.withLock { $0.locks["\(key) \(version.id)"] } ?? StoredLock(until: nil)
  }

  public func extend(_ key: String, _ version: ObjectVersion, to retention: Manifest.Retention) {
    state.withLock { $0.locks["\(key) \(version.id)"] = StoredLock(retention) }
  }

  public func setLegalHold(_ key: String, _ version: ObjectVersion, _ isHeld: Bool) {
    state.withLock { $0.locks["\(key) \(version.id)"]?.hasLegalHold = isHeld }
  }

  public func restore(_ key: String, _ version: ObjectVersion, _ request: ColdRestore) -> ColdState { .readable }
  public func preflight() {}
  public func spoolDirectory(stream: String) -> String? { nil }

  public func list(_ prefix: String) -> [ObjectInfo] {
    objects.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }
      .map { ObjectInfo(key: $0.key, versions: Self.versions($0.value)) }
  }
}

extension ObjectContent {
  fileprivate func bytes() throws -> [UInt8] {
    switch self {
    case .bytes(let bytes): return bytes
    case .file(let file, let size, _):
      try file.file.seek(to: 0)
      var buffer = ByteBuffer(capacity: size)
      while try file.file.read(into: &buffer, upTo: size - buffer.count + 1) > 0 {}
      return buffer.array()
    }
  }
}
