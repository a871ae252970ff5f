// SPDX-License-Identifier: Apache-2.0
internal import Bytes
internal import Glibc

extension File {
  /// Puts a file in the place of what has its name, in one step: who reads it sees the old or the new, never a part.
  ///
  /// - Parameter mode: what others may do with it.
  public static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o644) throws(FileError) {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
    let sibling = "\(directory)/.\(name).\(UInt64.random(in: 0 ... .max))"
    do throws(FileError) {
      let file = try create(sibling)
      try file.write(bytes)
      try file.setMode(mode)
      try file.synchronize()
      try Directory.rename(sibling, to: path)
      try Directory.synchronize(directory)
    } catch {
      Directory.remove(sibling)
      throw FileError(error.operation, path, code: error.code)
    }
  }
}
