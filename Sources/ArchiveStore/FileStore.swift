// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Bytes
internal import Files

/// Objects as files below a directory.
///
/// An object is written under a name that readers ignore, brought to disk, made read-only, its retention recorded,
/// and only then linked to its own name: link(2) fails where that name is taken, so nothing is ever replaced, and a
/// crash leaves nothing that a reader could take for an object. A file system keeps no retention by itself: it is
/// recorded below `.retention/`, and no command of ours removes or replaces an object.
public struct FileStore: ObjectStore {
  private let root: String

  /// - Parameter path: an absolute directory, made when it does not exist.
  public init(path: String) {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    root = path
  }

  public var url: String { "file://\(root)" }

  /// The directory of the objects.
  public var directory: String { root }

  public func create(
    _ key: String, _ content: ObjectContent, retention: Manifest.Retention
  ) throws -> CreateOutcome {
    let path = try self.path(key)
    do {
      try Directory.create(Self.parent(path))
      try record(retention, key)
      switch content {
      case .bytes(let bytes): return try create(path, bytes)
      case .file(let file, _, _): return try create(path, file)
      }
    } catch let error as FileError { throw Failure.file(error) }
  }

  private func create(_ path: String, _ bytes: [UInt8]) throws -> CreateOutcome {
    let file = try File.temporary(beside: path)
    defer { Directory.remove(file.path) }
    try file.write(bytes)
    return try publish(file, as: path)
  }

  private func create(_ path: String, _ spooled: SpoolFile) throws -> CreateOutcome {
    do { return try publish(spooled.file, as: path) } catch let error as FileError where error.crossesFileSystems {
      let copy = try File.temporary(beside: path)
      defer { Directory.remove(copy.path) }
      try spooled.file.seek(to: 0)
      var buffer = ByteBuffer(capacity: 1 << 20)
      while try spooled.file.read(into: &buffer, upTo: 1 << 20) > 0 {
        try copy.write(buffer)
        buffer.clear()
      }
      return try publish(copy, as: path)
    }
  }

  /// Gives a complete file its own name.
  private func publish(_ file: File, as path: String) throws -> CreateOutcome {
    try file.setMode(0o444)
    try file.synchronize()
    do throws(FileError) { try Directory.link(file.path, as: path) } catch {
      if error.isThere { return .exists }
      throw error
    }
    try Directory.synchronize(Self.parent(path))
    return .created
  }

  /// Writes what an object's lock is before the object can be seen. One that is there, from a run that was cut off
  /// or of an object that stays, only grows.
  private func record(_ retention: Manifest.Retention, _ key: String) throws {
    var wanted = retention
    if let known = try recordedRetention(key) {
      wanted.until = max(wanted.until, known.until)
      wanted.hasLegalHold = wanted.hasLegalHold || known.hasLegalHold
      if wanted == known { return }
    }
    try write(wanted, key)
  }

  private func write(_ retention: Manifest.Retention, _ key: String) throws {
    let path = try self.path(".retention/\(key).json")
    try Directory.create(Self.parent(path))
    let record = JSONValue.object([
      "mode": "COMPLIANCE", "until": .string(retention.until.isoSeconds),
      "legalHold": .bool(retention.hasLegalHold),
    ])
    let file = try File.temporary(beside: path)
    defer { Directory.remove(file.path) }
    try file.write(record.prettyBytes)
    try file.setMode(0o444)
    try file.synchronize()
    try Directory.rename(file.path, to: path)
    try Directory.synchronize(Self.parent(path))
  }

  public func addVersion(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) -> Bool { false }

  public func versions(_ key: String) throws -> [ObjectVersion] {
    let path = try path(key)
    do throws(FileError) { return [ObjectVersion(id: "", bytes: try File.open(path).size())] } catch {
      if error.isMissing { return [] }
      throw Failure.file(error)
    }
  }

  public func lock(_ key: String, _ version: ObjectVersion) throws -> StoredLock {
    try recordedRetention(key).map { StoredLock($0) } ?? StoredLock(until: nil)
  }

  public func extend(_ key: String, _ version: ObjectVersion, to retention: Manifest.Retention) throws {
    do { try record(retention, key) } catch let error as FileError { throw Failure.file(error) }
  }

  public func setLegalHold(_ key: String, _ version: ObjectVersion, _ isHeld: Bool) throws {
    guard var retention = try recordedRetention(key) else {
      throw Failure(
        .integrity, "the record of its retention is missing", on: "\(url)/.retention/\(key).json",
        remedy: "lock it first: memoryctl retention extend")
    }
    retention.hasLegalHold = isHeld
    do { try write(retention, key) } catch let error as FileError { throw Failure.file(error) }
  }

  public func restore(_ key: String, _ version: ObjectVersion, _ request: ColdRestore) -> ColdState { .readable }

  public var keepsVersions: Bool { false }

  public func preflight() {}

  private func recordedRetention(_ key: String) throws -> Manifest.Retention? {
    let recordKey = ".retention/\(key).json"
    guard let bytes = try read(recordKey, limit: 4096) else { return nil }
    guard let record = try? JSONValue(parsing: bytes), let hold = record["legalHold"]?.bool,
      let until = record["until"]?.string.flatMap({ Timestamp($0) })
    else {
      throw Failure(
        .integrity, "the record of a retention cannot be read", on: "\(url)/\(recordKey)",
        remedy: "look at who changed it; the manifest says what it was")
    }
    return Manifest.Retention(until: until, hasLegalHold: hold)
  }

  public func open(_ key: String, _ version: ObjectVersion) throws -> (any ObjectReader)? {
    let path = try self.path(key)
    do throws(FileError) {
      let file = try File.open(path)
      return FileReader(file, size: try file.size())
    } catch {
      if error.isMissing { return nil }
      throw Failure.file(error)
    }
  }

  public func open(_ key: String, _ version: ObjectVersion, range: Range<Int>) throws -> (any ObjectReader)? {
    guard let reader = try open(key, version) as? FileReader else { return nil }
    return try PartReader(try reader.starting(at: range.lowerBound), range, skipped: range.lowerBound, name: key)
  }

  public func list(_ prefix: String) throws -> [ObjectInfo] {
    let folder = Self.parent(try path(prefix + "-"))
    do throws(FileError) {
      var found: [ObjectInfo] = []
      for name in try Directory.names(folder).sorted() where !name.hasPrefix(".") {
        do throws(FileError) {
          let bytes = try File.open("\(folder)/\(name)").size()
          found.append(ObjectInfo(key: prefix + name, versions: [ObjectVersion(id: "", bytes: bytes)]))
        } catch {
          // What is no file has a name all the same; opening it says what it is. So has what is not called just so, as
          // its name is no text.
          guard error.isNoFile || error.isMissing else { throw error }
          found.append(ObjectInfo(key: prefix + name, versions: [ObjectVersion(id: "", bytes: 0)]))
        }
      }
      return found
    } catch { throw Failure.file(error) }
  }

  public func spoolDirectory(stream: String) throws -> String? {
    let path = try self.path("\(stream)/.spool")
    do throws(FileError) { try Directory.create(path, mode: 0o700) } catch { throw Failure.file(error) }
    return path
  }

  public func removeLeftovers(in folder: String) throws {
    for folder in [try path(folder), try path(".retention/\(folder)")] {
      do throws(FileError) {
        try File.removeLeftovers(in: folder)
        guard folder.hasSuffix("/checks") else { continue }
        // A folder a run.
        for run in try Directory.names(folder) { try? File.removeLeftovers(in: "\(folder)/\(run)") }
      } catch { throw Failure.file(error) }
    }
  }

  /// - Throws: for a key that would leave the directory.
  private func path(_ key: String) throws -> String {
    let parts = try keyParts(key)
    var path = root
    for part in parts.dropLast() {
      path += "/\(part)"
      // A link must not lead us out of the directory.
      do throws(FileError) { try Directory.refuseLink(path) } catch { throw Failure.file(error) }
    }
    return "\(root)/\(key)"
  }

  private static func parent(_ path: String) -> String { String(path[..<path.lastIndex(of: "/")!]) }
}

/// Reads a file as an object.
public final class FileReader: ObjectReader {
  private let file: File
  public let size: Int

  init(_ file: File, size: Int) {
    self.file = file
    self.size = size
  }

  /// Opens any file of the machine's.
  public convenience init(path: String) throws(Failure) {
    do throws(FileError) {
      let file = try File.open(path)
      self.init(file, size: try file.size())
    } catch { throw Self.failure(error, path) }
  }

  /// Opens any file of the machine's; nil when it does not exist.
  convenience init?(ifThere path: String) throws(Failure) {
    do throws(FileError) {
      let file = try File.open(path)
      self.init(file, size: try file.size())
    } catch {
      if error.isMissing { return nil }
      throw Self.failure(error, path)
    }
  }

  /// Here nobody speaks of an archive's objects, but of a file that somebody named.
  private static func failure(_ error: FileError, _ path: String) -> Failure {
    guard error.isNoFile else { return Failure.file(error, remedy: "check the path") }
    return Failure(
      .configuration, "it is a directory, a link or a device, and no plain file", on: path,
      remedy: "name a file; an archive's folder is named by --archive file:///FOLDER", cause: error)
  }

  /// The same, from an offset on.
  func starting(at offset: Int) throws -> FileReader {
    do throws(FileError) { try file.seek(to: offset) } catch { throw Failure.file(error) }
    return self
  }

  public func read(into buffer: inout ByteBuffer, upTo count: Int) throws -> Int {
    do throws(FileError) { return try file.read(into: &buffer, upTo: count) } catch { throw Failure.file(error) }
  }
}
