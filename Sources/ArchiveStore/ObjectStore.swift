// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Bytes
public import Cryptography
internal import Files

/// Where archives live: objects by key, written once, under retention.
///
/// Contract: `create` makes the object whole, durable and under its retention in one step, or not at all, and never
/// replaces one; a reader never sees a part of an object. A retention that is there already is never shortened. Keys are
/// relative paths of letters, digits, `-`, `_`, `.` and `/`. A store may keep several versions of an object: strangers can
/// add some, and delete markers, but nobody can take one away while its lock lasts. What fails throws a ``Failure``:
/// `unavailable` where trying again may help, `permission` where not.
public protocol ObjectStore: Sendable {
  /// The base URL, without secrets.
  var url: String { get }
  func create(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) throws -> CreateOutcome
  /// Adds a version on top of those that are there, under its retention.
  ///
  /// - Returns: false where the store keeps one version only, and nothing was done.
  func addVersion(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) throws -> Bool
  /// An object's versions, delete markers too, the oldest first; none when there is no such object.
  func versions(_ key: String) throws -> [ObjectVersion]
  /// - Returns: nil when there is no such version.
  func open(_ key: String, _ version: ObjectVersion) throws -> (any ObjectReader)?
  /// Opens a part of a version, of which no more than that is fetched.
  ///
  /// - Parameter range: offsets, at least one byte; status `integrity` is thrown where the object ends before.
  /// - Returns: what reads the part alone, and has the whole object's size; nil when there is no such version.
  func open(_ key: String, _ version: ObjectVersion, range: Range<Int>) throws -> (any ObjectReader)?
  /// What keeps a version from being deleted.
  func lock(_ key: String, _ version: ObjectVersion) throws -> StoredLock
  /// Makes a version's lock at least as strong as `retention`.
  func extend(_ key: String, _ version: ObjectVersion, to retention: Manifest.Retention) throws
  /// Puts a version under legal hold, or takes it off.
  func setLegalHold(_ key: String, _ version: ObjectVersion, _ isHeld: Bool) throws
  /// Asks for a readable copy of a version that lies in cold storage.
  func restore(_ key: String, _ version: ObjectVersion, _ request: ColdRestore) throws -> ColdState
  /// Whether versions can be added to what is there.
  var keepsVersions: Bool { get }
  /// Looks whether the store keeps what is put into it, before a run reads or writes anything.
  func preflight() throws
  /// Objects whose keys begin with `prefix`, which ends in `/`, by key.
  func list(_ prefix: String) throws -> [ObjectInfo]
  /// A directory on the store's own file system, where spooling there saves a copy.
  func spoolDirectory(stream: String) throws -> String?
  /// Removes what crashed runs left in a folder of objects that were never given their name.
  ///
  /// - Parameter folder: a key without a slash at its end.
  func removeLeftovers(in folder: String) throws
}

/// The parts of a key, which stays in the store's own place whatever a manifest says.
///
/// - Throws: status `integrity` for a key that would leave it, or is none.
func keyParts(_ key: String) throws(Failure) -> [Substring] {
  let parts = key.split(separator: "/", omittingEmptySubsequences: false)
  let isSound = parts.allSatisfy { part in
    !part.isEmpty && part != ".." && part != "."
      && part.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != 0x5c }
  }
  guard isSound else {
    throw Failure(.integrity, "this is no key of an archive", on: key, remedy: "look at who wrote the manifest")
  }
  return parts
}

/// What an object is made of.
public enum ObjectContent: Sendable {
  case bytes([UInt8])
  /// A spooled file of that many bytes with that SHA-256.
  case file(SpoolFile, bytes: Int, sha256: Digest)
}

/// One version of an object.
public struct ObjectVersion: Equatable, Sendable {
  /// The store's own name for it; empty where it keeps one version only.
  public let id: String
  public let bytes: Int
  /// It holds nothing and hides what is below from readers that do not look at versions.
  public let isDeleteMarker: Bool
  /// It may have to be restored before it can be read.
  public let isMaybeCold: Bool

  public init(id: String, bytes: Int, isDeleteMarker: Bool = false, isMaybeCold: Bool = false) {
    self.id = id
    self.bytes = bytes
    self.isDeleteMarker = isDeleteMarker
    self.isMaybeCold = isMaybeCold
  }
}

public enum CreateOutcome: Equatable, Sendable {
  case created
  /// An object of this key is there already; its content may be another.
  case exists
}

public struct ObjectInfo: Equatable, Sendable {
  public let key: String
  /// The oldest first.
  public let versions: [ObjectVersion]

  public init(key: String, versions: [ObjectVersion]) {
    self.key = key
    self.versions = versions
  }

  /// Of the oldest version that holds something.
  public var bytes: Int { versions.first { !$0.isDeleteMarker }?.bytes ?? 0 }
}

/// Reads one object from its beginning to its end.
public protocol ObjectReader: AnyObject, Sendable {
  /// Bytes of the whole object.
  var size: Int { get }
  /// Appends up to `count` bytes to `buffer`.
  ///
  /// - Returns: bytes read; 0 at the end.
  func read(into buffer: inout ByteBuffer, upTo count: Int) throws -> Int
}

extension ObjectReader {
  /// SHA-256 of what is left to read.
  public func digest() throws -> Digest {
    var sha = SHA256()
    var piece = ByteBuffer(capacity: 1 << 20)
    while try read(into: &piece, upTo: 1 << 20) > 0 {
      unsafe sha.update(piece.unsafeBytes)
      piece.clear()
    }
    return sha.finalize()
  }
}

extension ObjectStore {
  /// A store whose objects are whole or not there leaves nothing.
  public func removeLeftovers(in folder: String) throws {}

  /// Opens the oldest version of an object.
  ///
  /// - Returns: nil when there is no such object.
  public func open(_ key: String) throws -> (any ObjectReader)? {
    guard let version = try versions(key).first(where: { !$0.isDeleteMarker }) else { return nil }
    return try open(key, version)
  }

  /// The lock of an object's oldest version; nil when there is no such object.
  public func lock(_ key: String) throws -> StoredLock? {
    try versions(key).first { !$0.isDeleteMarker }.map { try lock(key, $0) }
  }

  /// Reads a small object whole.
  ///
  /// - Parameter limit: bytes that it may have; more is a failure.
  /// - Returns: nil when there is no such object.
  public func read(_ key: String, limit: Int) throws -> [UInt8]? {
    guard let reader = try open(key) else { return nil }
    return try read(reader, key, limit: limit)
  }

  /// Reads an opened object whole.
  public func bytes(of reader: any ObjectReader, _ key: String, limit: Int) throws -> [UInt8] {
    try read(reader, key, limit: limit)
  }

  func read(_ reader: any ObjectReader, _ key: String, limit: Int) throws -> [UInt8] {
    guard reader.size <= limit else {
      throw Failure(
        .integrity, "it has \(reader.size) bytes, more than such an object may have", on: "\(url)/\(key)",
        remedy: "look at who wrote it")
    }
    var buffer = ByteBuffer(capacity: reader.size)
    while try reader.read(into: &buffer, upTo: max(1, reader.size - buffer.count)) > 0 {
      if buffer.count > limit { break }
    }
    return buffer.array()
  }
}

extension Failure {
  /// From an error of the file system.
  public static func file(_ error: any Error, remedy: String? = nil) -> Failure {
    guard let error = error as? FileError else { return Failure(.bug, "\(error)", cause: error) }
    if error.isFull {
      return Failure(
        .unavailable, "\(error)", remedy: "free space there, then run again: nothing is lost", cause: error)
    }
    if error.isNoFile {
      return Failure(
        .integrity, "\(error)", remedy: "an archive holds plain files alone: look at who put it there", cause: error)
    }
    let status: ExitStatus = error.isForbidden ? .permission : error.isMissing ? .configuration : .unavailable
    return Failure(status, "\(error)", remedy: remedy ?? "check the path and its permissions", cause: error)
  }
}
