// SPDX-License-Identifier: Apache-2.0

extension File {
  /// Puts a file in a path's place in one step, durably: readers find what was there or what is new, never a part.
  ///
  /// A symbolic link there is replaced, not followed.
  ///
  /// - Parameter mode: of the new file.
  public static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o644) throws(FileError) {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
    let sibling = "\(folder)/.\(name.prefix(100)).\(UInt64.random(in: 0 ... .max))"
    let file = try create(sibling)
    do {
      try file.write(bytes)
      try file.setMode(mode)
      try file.synchronize()
      try Directory.rename(sibling, to: path)
    } catch {
      Directory.remove(sibling)
      throw error
    }
    try Directory.synchronize(folder)
  }
}
