// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import ArchiveStore
internal import Bytes
internal import Cryptography
internal import Files

/// The folder of a pull while it is made: under a name of its own beside the final one, which it gets when it is whole.
///
/// The corresponding calls are mkdir(2), fsync(2) of every file and folder, and one rename(2): a run that is killed and
/// a disk that is full leave nothing under the final name. What killed runs left is removed by the next pull to it.
final class PullFolder: @unchecked Sendable {  // its files are made on several threads, its list is kept by one
  private let target: String
  private let parent: String
  private let wrapper: String
  private let lock: File
  private var isPublished = false
  /// SHA-256 by path.
  private var sums: [String: Digest] = [:]

  /// Name of the folder within its wrapper; bundles in it are read as those of a stream of this name.
  static let stream = "pull"

  /// - Throws: status `refused` where the name is taken by anything but an empty folder.
  init(for path: String) throws {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    let (folder, last) = Directory.split(path)
    let name = String(last)
    guard !name.isEmpty, name != ".", name != "..", path.utf8.allSatisfy({ $0 != 0 }) else {
      throw Failure(.usage, "this is no name for a new folder", on: "--out", remedy: "name one that is not there yet")
    }
    target = path
    parent = folder
    try Self.refuseTaken(path)
    do throws(FileError) {
      try Directory.create(parent)
      Self.removeLeftovers(of: name, in: parent)
      let random = String(UInt64.random(in: 0 ... .max), radix: 16)
      wrapper = "\(parent)/.\(name.prefix(200)).\(random)\(Self.suffix)"
      try Directory.create(wrapper, mode: 0o700)
      lock = try File.open(wrapper)
      _ = lock.tryLock()
      try Directory.create("\(wrapper)/\(Self.stream)")
    } catch { throw Failure.file(error, remedy: "name another folder with --out") }
  }

  deinit { if !isPublished { Directory.removeTree(wrapper) } }

  private static let suffix = ".memoryctl-pull"

  /// Where bundles of the folder can be read from, as an archive's.
  var store: FileStore { FileStore(path: wrapper) }

  private func path(_ name: String) -> String { "\(wrapper)/\(Self.stream)/\(name)" }

  private static func refuseTaken(_ path: String) throws(Failure) {
    guard Directory.isThere(path) else { return }
    do throws(FileError) {
      try Directory.refuseLink(path)
      if try Directory.names(path).isEmpty { return }
    } catch {}
    throw Failure(
      .refused, "it is there already, and a pull replaces nothing", on: path,
      remedy: "name a folder that is not there yet")
  }

  /// Refuses a folder within another one, whatever links lead to either.
  ///
  /// - Throws: status `refused`.
  static func refuse(_ path: String, within folder: String) throws(Failure) {
    guard let folder = Directory.resolved(folder), let path = Directory.resolved(path) else { return }
    guard path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/") else { return }
    throw Failure(
      .refused, "it lies in the archive itself, where nothing but objects belongs", on: path,
      remedy: "name a folder elsewhere with --out")
  }

  private static func removeLeftovers(of name: String, in parent: String) {
    for found in (try? Directory.names(parent)) ?? []
    where found.hasPrefix(".\(name.prefix(200)).") && found.hasSuffix(suffix) {
      let path = "\(parent)/\(found)"
      if let file = try? File.open(path), file.tryLock() { Directory.removeTree(path) }
    }
  }

  /// Writes a file of the folder.
  func write(_ name: String, _ bytes: [UInt8]) throws(Failure) {
    do throws(FileError) {
      let file = try makeFile(name)
      try file.write(bytes)
      try finish(file)
    } catch { throw Failure.file(error) }
    sums[name] = SHA256.hash(bytes)
  }

  /// Copies an object into a file of the folder; may run on several threads at once.
  ///
  /// - Returns: what was copied; ``list(_:_:)`` has to be told.
  func copy(_ reader: any ObjectReader, as name: String, limit: Int) throws -> (bytes: Int, sha256: Digest) {
    do {
      let file = try makeFile(name)
      var sha = SHA256()
      var count = 0
      var piece = ByteBuffer(capacity: 1 << 20)
      while count <= limit, try reader.read(into: &piece, upTo: 1 << 20) > 0 {
        unsafe sha.update(piece.unsafeBytes)
        count += piece.count
        try file.write(piece)
        piece.clear()
      }
      try finish(file)
      return (count, sha.finalize())
    } catch let error as FileError { throw Failure.file(error) }
  }

  /// Takes a file that ``copy(_:as:limit:)`` made into the sums.
  func list(_ name: String, _ sha256: Digest) { sums[name] = sha256 }

  private func makeFile(_ name: String) throws(FileError) -> File {
    if let slash = name.lastIndex(of: "/") { try Directory.create(path(String(name[..<slash]))) }
    return try File.create(path(name))
  }

  private func finish(_ file: File) throws(FileError) {
    try file.setMode(0o444)
    try file.synchronize()
  }

  /// Writes `SHA256SUMS`, and gives the folder its name.
  ///
  /// - Parameter announce: is told the SHA-256 of `SHA256SUMS` before the folder has its name: nothing in the folder can
  ///   say later what it was.
  /// - Returns: the SHA-256 of `SHA256SUMS`, which stands for the whole folder.
  func publish(_ announce: (Digest) -> Void) throws(Failure) -> Digest {
    let lines = sums.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { "\($1.hex)  \($0)\n" }
    let list = Array(lines.joined().utf8)
    try write("SHA256SUMS", list)
    do throws(FileError) {
      let folders = Set(sums.keys.compactMap { name in name.lastIndex(of: "/").map { String(name[..<$0]) } })
      for folder in folders { try Directory.synchronize(path(folder)) }
      try Directory.synchronize("\(wrapper)/\(Self.stream)")
    } catch { throw Failure.file(error) }
    let sum = SHA256.hash(list)
    announce(sum)
    // Fails where somebody has put something there since.
    do throws(FileError) { try Directory.rename("\(wrapper)/\(Self.stream)", to: target) } catch {
      try Self.refuseTaken(target)
      throw Failure.file(error)
    }
    isPublished = true
    Directory.removeTree(wrapper)
    do throws(FileError) { try Directory.synchronize(parent) } catch { throw Failure.file(error) }
    return sum
  }
}
