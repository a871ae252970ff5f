// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import Files
import Pipeline

/// A bucket with versions and Object Lock, or a store that keeps one version of each object, in memory.
final class SimulatedStore: ObjectStore, @unchecked Sendable {
  // Threads take turns: one at a time touches this.

  struct Version {
    let id: String
    let bytes: [UInt8]
    var isDeleteMarker = false
    var lock: StoredLock
    let createdAt: Timestamp
    /// Who wrote it is no run of ours.
    var isStrangers = false
    var cold = Cold.warm
  }

  enum Cold: Equatable {
    case warm
    case frozen
    case thawing(Timestamp)
    case thawed(Timestamp)
  }

  let keepsVersions: Bool
  let clock: WorldClock
  var objects: [String: [Version]] = [:]
  var faults = Faults()
  /// What no run may ever do.
  private(set) var violations: [String] = []
  private var nextVersion = 0
  /// Effects that runs have had.
  private(set) var writes = 0

  init(_ clock: WorldClock, keepsVersions: Bool) { (self.clock, self.keepsVersions) = (clock, keepsVersions) }

  /// The same objects in a store of their own.
  func copy() -> SimulatedStore {
    let other = SimulatedStore(clock, keepsVersions: keepsVersions)
    other.objects = objects
    other.nextVersion = nextVersion
    return other
  }

  var url: String { "memory://bucket" }

  func spoolDirectory(stream: String) -> String? { nil }

  func preflight() throws { try look("preflight") }

  // MARK: Faults

  private func look(_ call: @autoclosure () -> String) throws {
    Turns.pass()
    clock.tick()
    if faults.strikes(.read, call()) { throw refused() }
  }

  private func refused() -> Failure {
    switch faults.pick([0, 0, 0, 1]) {
    case 1:
      faults.note(.permission, "the store denies it")
      return Failure(.permission, "denied")
    default:
      faults.note(.unavailable, "the store is slow or away")
      return Failure(.unavailable, "slow down")
    }
  }

  /// Runs a request that has an effect: it may fail before that, or be lost behind it.
  private func effect<R>(_ call: String, again: R, _ body: () throws -> R) throws -> R {
    Turns.pass()
    clock.tick()
    guard faults.strikes(.write, call) else {
      writes += 1
      return try body()
    }
    let kind = faults.pick([0, 1, 1, 2, 3])
    if kind == 0 { throw refused() }
    if kind == 3 {
      faults.note(.unavailable, "the archive's disk is full")
      throw Failure.file(FileError("write", "memory", code: 28))
    }
    writes += 1
    let result = try body()
    // The acknowledgement was lost: the client asks again, and hears that it is there, or gives up.
    if kind == 1 { return again }
    _ = result
    throw refused()
  }

  // MARK: Writing

  func create(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) throws -> CreateOutcome {
    let bytes = try self.bytes(content)
    checkRetention(key, retention)
    return try effect("create \(key)", again: .exists) {
      if let newest = objects[key]?.last, !newest.isDeleteMarker { return .exists }
      add(key, bytes, StoredLock(retention))
      return .created
    }
  }

  func addVersion(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) throws -> Bool {
    guard keepsVersions else { return false }
    let bytes = try self.bytes(content)
    checkRetention(key, retention)
    return try effect("add a version of \(key)", again: true) {
      add(key, bytes, StoredLock(retention))
      return true
    }
  }

  private func add(_ key: String, _ bytes: [UInt8], _ lock: StoredLock) {
    objects[key, default: []].append(Version(id: newID(), bytes: bytes, lock: lock, createdAt: clock.now))
  }

  func newID() -> String {
    guard keepsVersions else { return "" }
    nextVersion += 1
    return "v\(nextVersion)"
  }

  /// - Precondition: the lock comes with the object in one request, as the protocol has no other way.
  private func checkRetention(_ key: String, _ retention: Manifest.Retention) {
    // The runs' clock is a day off at most.
    if retention.until < clock.now.advanced(bySeconds: 364 * 86_400) {
      violations.append("\(key) is to be locked until \(retention.until) only")
    }
  }

  private func bytes(_ content: ObjectContent) throws -> [UInt8] {
    switch content {
    case .bytes(let bytes): return bytes
    case .file(let spooled, let count, let sha256):
      let file = try File.open(spooled.file.path)
      var buffer = ByteBuffer(capacity: count)
      while try file.read(into: &buffer, upTo: 1 << 16) > 0 {}
      let bytes = buffer.array()
      if bytes.count != count || Naive.sha256(bytes) != sha256 { violations.append("a spooled file is not as it says") }
      return bytes
    }
  }

  func extend(_ key: String, _ version: ObjectVersion, to retention: Manifest.Retention) throws {
    let index = try index(key, version)
    try effect("extend \(key)", again: ()) {
      let until = objects[key]![index].lock.until
      objects[key]![index].lock.until = max(until ?? retention.until, retention.until)
      objects[key]![index].lock.isCompliance = true
      if retention.hasLegalHold { objects[key]![index].lock.hasLegalHold = true }
    }
  }

  func setLegalHold(_ key: String, _ version: ObjectVersion, _ isHeld: Bool) throws {
    let index = try index(key, version)
    try effect("hold \(key)", again: ()) { objects[key]![index].lock.hasLegalHold = isHeld }
  }

  // MARK: Reading

  private func index(_ key: String, _ version: ObjectVersion) throws -> Int {
    guard let index = objects[key]?.firstIndex(where: { $0.id == version.id }) else {
      throw Failure(.integrity, "there is no such version", on: key)
    }
    return index
  }

  func versions(_ key: String) throws -> [ObjectVersion] {
    try look("versions of \(key)")
    return (objects[key] ?? []).map(Self.version)
  }

  private static func version(_ version: Version) -> ObjectVersion {
    ObjectVersion(
      id: version.id, bytes: version.bytes.count, isDeleteMarker: version.isDeleteMarker,
      isMaybeCold: version.cold != .warm)
  }

  func open(_ key: String, _ version: ObjectVersion) throws -> (any ObjectReader)? {
    try look("open \(key)")
    guard let found = objects[key]?.first(where: { $0.id == version.id }), !found.isDeleteMarker else { return nil }
    switch found.cold {
    case .warm: break
    case .thawed(let until) where clock.now < until: break
    default:
      faults.note(.tryLater, "\(key) is cold")
      throw Failure(.tryLater, "it lies in cold storage", on: key)
    }
    return SimulatedReader(found.bytes) { [self] in try look("read \(key)") }
  }

  func lock(_ key: String, _ version: ObjectVersion) throws -> StoredLock {
    try look("lock of \(key)")
    return objects[key]![try index(key, version)].lock
  }

  func list(_ prefix: String) throws -> [ObjectInfo] {
    try look("list \(prefix)")
    return objects.keys.filter { $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains("/") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .map { ObjectInfo(key: $0, versions: objects[$0]!.map(Self.version)) }
  }

  // MARK: Cold storage

  /// The bucket's rules put away what is old.
  func freeze(olderThan time: Timestamp) {
    for key in objects.keys.sorted() {
      for index in objects[key]!.indices where objects[key]![index].createdAt < time {
        if objects[key]![index].cold == .warm { objects[key]![index].cold = .frozen }
      }
    }
  }

  func restore(_ key: String, _ version: ObjectVersion, _ request: ColdRestore) throws -> ColdState {
    try look("restore \(key)")
    let index = try index(key, version)
    switch objects[key]![index].cold {
    case .warm: return .readable
    case .thawed(let until) where clock.now < until: return .readable
    case .thawing(let ready) where clock.now < ready: return .waiting
    case .thawing(let ready):
      objects[key]![index].cold = .thawed(ready.advanced(bySeconds: Int64(request.days) * 86_400))
      return .readable
    default:
      objects[key]![index].cold = .thawing(clock.now.advanced(bySeconds: 5 * 3600))
      return .asked
    }
  }
}

/// Reads an object that may break off.
private final class SimulatedReader: ObjectReader {
  private let bytes: [UInt8]
  private let check: @Sendable () throws -> Void
  private let offset = Offset()
  private final class Offset: @unchecked Sendable { var value = 0 }

  init(_ bytes: [UInt8], _ check: @escaping @Sendable () throws -> Void) { (self.bytes, self.check) = (bytes, check) }

  var size: Int { bytes.count }

  func read(into buffer: inout ByteBuffer, upTo count: Int) throws -> Int {
    if offset.value < bytes.count { try check() }
    let piece = bytes[offset.value..<min(offset.value + count, bytes.count)]
    piece.withUnsafeBytes { buffer.append($0) }
    offset.value += piece.count
    return piece.count
  }
}
