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

  public func create(
    _ key: String, _ content: ObjectContent, retention: Manifest.Retention
  ) throws -> CreateOutcome {
    let path = try self.path(key)
    do {
      try Directory.create(Self.parent(path))
      try record(retention, key)
      switch content {
      case .bytes(let bytes): return try create(path, bytes)
      case .file(let file): return try create(path, file)
      }
    } catch let error as FileError { throw Failure.file(error) }
  }

  private func create(_ path: String, _ bytes: [UInt8]) throws -> CreateOutcome {
    let file = try File.create(Self.temporaryName(path))
    defer { Directory.remove(file.path) }
    try file.write(bytes)
    return try publish(file, as: path)
  }

  private func create(_ path: String, _ spooled: SpoolFile) throws -> CreateOutcome {
    do { return try publish(spooled.file, as: path) } catch let error as FileError where error.crossesFileSystems {
      let copy = try File.create(Self.temporaryName(path))
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

  /// Writes what an object's lock is before the object can be seen; the first record stays.
  private func record(_ retention: Manifest.Retention, _ key: String) throws {
    let path = try self.path(".retention/\(key).json")
    try Directory.create(Self.parent(path))
    let record = JSONValue.object([
      "mode": "COMPLIANCE", "until": .string(retention.until.isoSeconds), "legalHold": .bool(retention.hasLegalHold),
    ])
    let file = try File.create(Self.temporaryName(path))
    defer { Directory.remove(file.path) }
    try file.write(record.prettyBytes)
    _ = try publish(file, as: path)
  }

  public func open(_ key: String) throws -> (any ObjectReader)? {
    let path = try self.path(key)
    do throws(FileError) {
      let file = try File.open(path)
      return FileReader(file, size: try file.size())
    } catch {
      if error.isMissing { return nil }
      throw Failure.file(error)
    }
  }

  public func list(_ prefix: String) throws -> [ObjectInfo] {
    let folder = try path(String(prefix.dropLast()))
    do throws(FileError) {
      var found: [ObjectInfo] = []
      for name in try Directory.names(folder).sorted() where !name.hasPrefix(".") {
        let file = try File.open("\(folder)/\(name)")
        guard let size = try? file.size() else { continue }  // a directory
        found.append(ObjectInfo(key: prefix + name, bytes: size))
      }
      return found
    } catch { throw Failure.file(error) }
  }

  public func spoolDirectory(stream: String) throws -> String? {
    let path = try self.path("\(stream)/.spool")
    do throws(FileError) { try Directory.create(path, mode: 0o700) } catch { throw Failure.file(error) }
    return path
  }

  /// - Throws: for a key that would leave the directory.
  private func path(_ key: String) throws -> String {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    let isSound = parts.allSatisfy { part in
      !part.isEmpty && part != ".." && part != "."
        && part.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != 0x5c }
    }
    guard isSound else {
      throw Failure(.integrity, "this is no key of an archive", on: key, remedy: "look at who wrote the manifest")
    }
    return "\(root)/\(key)"
  }

  private static func parent(_ path: String) -> String { String(path[..<path.lastIndex(of: "/")!]) }

  private static func temporaryName(_ path: String) -> String {
    let slash = path.lastIndex(of: "/")!
    return "\(path[..<slash])/.\(path[path.index(after: slash)...]).\(UInt64.random(in: 0 ... .max)).part"
  }
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
    } catch { throw Failure.file(error, remedy: "check the path") }
  }

  public func read(into buffer: inout ByteBuffer, upTo count: Int) throws -> Int {
    do throws(FileError) { return try file.read(into: &buffer, upTo: count) } catch { throw Failure.file(error) }
  }
}
