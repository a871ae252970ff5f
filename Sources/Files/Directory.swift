// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What is done to names in a file system.
public enum Directory {
  /// Creates a directory and those above it, durably; one that is there is fine.
  public static func create(_ path: String, mode: UInt32 = 0o755) throws(FileError) {
    if mkdir(path, mode_t(mode)) != 0 {
      if errno == EEXIST { return }
      guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
        throw FileError("create", path, code: errno)
      }
      try create(String(path[..<slash]), mode: mode)
      guard mkdir(path, mode_t(mode)) == 0 || errno == EEXIST else { throw FileError("create", path, code: errno) }
    }
    // A file in it is only as safe as its own name.
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    try synchronize(parent.isEmpty ? "/" : parent)
  }

  /// The folder that a path's last part is in, and that part.
  public static func split(_ path: String) -> (folder: String, name: Substring) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
    return (slash == path.startIndex ? "/" : String(path[..<slash]), path[path.index(after: slash)...])
  }

  /// Throws where a path's last part is a symbolic link.
  public static func refuseLink(_ path: String) throws(FileError) {
    var info = stat()
    guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFLNK else { return }
    throw FileError("follow", path, code: ELOOP)
  }

  /// Gives a file another name, in one step, in the place of what has that name.
  public static func rename(_ path: String, to name: String) throws(FileError) {
    guard Glibc.rename(path, name) == 0 else { throw FileError("rename", name, code: errno) }
  }

  /// Makes the names in a directory durable.
  public static func synchronize(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", path, code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError("fsync", path, code: errno) }
  }

  /// Gives a file a second name, which must be free.
  public static func link(_ path: String, as name: String) throws(FileError) {
    guard Glibc.link(path, name) == 0 else { throw FileError("link", name, code: errno) }
  }

  public static func remove(_ path: String) { unlink(path) }

  /// Names in a directory, unsorted; none when it does not exist.
  public static func names(_ path: String) throws(FileError) -> [String] {
    guard let stream = opendir(path) else {
      if errno == ENOENT { return [] }
      throw FileError("list", path, code: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
