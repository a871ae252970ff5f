// SPDX-License-Identifier: Apache-2.0
public import Bytes
internal import Glibc

/// Why a file operation failed.
public struct FileError: Error, CustomStringConvertible, Sendable {
  public let operation: String
  public let path: String
  /// `errno`.
  public let code: Int32

  public init(_ operation: String, _ path: String, code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  public var isFull: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
  public var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  public var isThere: Bool { code == EEXIST }
  /// What lies there is a symbolic link, a directory or a device, where a file must be.
  public var isNoFile: Bool { code == ELOOP || code == EISDIR || code == ENXIO }
  public var isForbidden: Bool { code == EACCES || code == EPERM || code == EROFS }
  /// Who reads the pipe has gone.
  public var isBrokenPipe: Bool { code == EPIPE }
  public var crossesFileSystems: Bool { code == EXDEV || code == EMLINK }

  public var description: String { "\(operation) \(path): \(String(cString: strerror(code)))" }
}

/// An open file; the corresponding C calls are open(2), read(2), write(2), fsync(2) and flock(2).
public final class File: Sendable {
  public let path: String
  private let descriptor: Int32

  private init(_ descriptor: Int32, _ path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// Opens for reading; symbolic links at the end of the path are refused.
  public static func open(_ path: String) throws(FileError) -> File {
    try open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)  // a FIFO would keep us waiting for its writer
  }

  /// Creates a file that must not exist, readable and writable by its owner alone.
  public static func create(_ path: String) throws(FileError) -> File {
    try open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  }

  /// Creates a file that has no name, in a directory.
  public static func unnamed(in directory: String) throws(FileError) -> File {
    var last = FileError("create in", directory, code: EEXIST)
    for _ in 0..<16 {
      let path = "\(directory)/.memoryctl-\(getpid())-\(UInt64.random(in: 0 ... .max))"
      do throws(FileError) {
        let file = try create(path)
        unlink(path)
        return file
      } catch { last = error }
      if !last.isThere { break }
    }
    throw last
  }

  private static func open(_ path: String, _ flags: Int32, _ mode: mode_t) throws(FileError) -> File {
    let descriptor = Glibc.open(path, flags | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw FileError("open", path, code: errno) }
    return File(descriptor, path)
  }

  /// Bytes in the file.
  public func size() throws(FileError) -> Int {
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw FileError("stat", path, code: errno) }
    guard info.st_mode & S_IFMT == S_IFREG else { throw FileError("read", path, code: EISDIR) }
    return Int(info.st_size)
  }

  /// Appends up to `count` bytes to `buffer`.
  ///
  /// - Returns: bytes read; 0 at the end.
  public func read(into buffer: inout ByteBuffer, upTo count: Int) throws(FileError) -> Int {
    var got = 0
    buffer.write(upTo: count) { target in
      repeat { got = Glibc.read(descriptor, target, count) } while got < 0 && errno == EINTR
      return max(got, 0)
    }
    guard got >= 0 else { throw FileError("read", path, code: errno) }
    return got
  }

  /// The whole of a small file; symbolic links are followed, as settings and mounted secrets lie behind them.
  ///
  /// - Returns: nil when it is longer than `limit` bytes.
  public static func contents(_ path: String, limit: Int) throws(FileError) -> [UInt8]? {
    let file = try open(path, O_RDONLY | O_NONBLOCK, 0)
    var buffer = ByteBuffer()
    while try file.read(into: &buffer, upTo: 1 << 16) > 0 {
      if buffer.count > limit { return nil }
    }
    return buffer.array()
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
      let done = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if done < 0 && errno == EINTR { continue }
      guard done >= 0 else { throw FileError("write", path, code: errno) }
      rest = UnsafeRawBufferPointer(rebasing: rest[done...])
    }
  }

  public func write(_ bytes: borrowing ByteBuffer) throws(FileError) { try write(bytes.unsafeBytes) }

  public func write(_ bytes: [UInt8]) throws(FileError) {
    var buffer = ByteBuffer(capacity: bytes.count)
    bytes.withUnsafeBytes { buffer.append($0) }
    try write(buffer)
  }

  public func seek(to offset: Int) throws(FileError) {
    guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw FileError("seek", path, code: errno) }
  }

  /// Whether a directory still names the file.
  public var isNamed: Bool {
    var info = stat()
    return fstat(descriptor, &info) == 0 && info.st_nlink > 0
  }

  /// Cuts the file off, and goes on from there.
  public func truncate(to size: Int = 0) throws(FileError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw FileError("truncate", path, code: errno) }
    try seek(to: size)
  }

  /// Waits until the bytes are on stable storage.
  public func synchronize() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError("fsync", path, code: errno) }
  }

  public func setMode(_ mode: UInt32) throws(FileError) {
    guard fchmod(descriptor, mode_t(mode)) == 0 else { throw FileError("chmod", path, code: errno) }
  }

  /// Takes an exclusive lock that ends with the last descriptor of the file.
  ///
  /// - Returns: false when another process holds it.
  public func tryLock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }
}
