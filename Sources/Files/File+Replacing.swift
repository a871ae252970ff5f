// SPDX-License-Identifier: Apache-2.0

extension File {
  /// Puts a file in a path's place in one step, durably: readers find what was there or what is new, never a part.
  ///
  /// A symbolic link there is replaced, not followed. What a crash left of an earlier call is removed.
  ///
  /// - Parameter mode: of the new file.
  public static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o644) throws(FileError) {
    let file = try whole(path, bytes, mode)
    defer { Directory.remove(file.path) }
    try Directory.rename(file.path, to: path)
    try Directory.synchronize(Directory.split(path).folder)
  }

  /// Makes a file that must not be there in one step, durably: it is there whole or not at all.
  public static func createWhole(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(FileError) {
    let file = try whole(path, bytes, mode)
    defer { Directory.remove(file.path) }
    try Directory.link(file.path, as: path)
    try Directory.synchronize(Directory.split(path).folder)
  }

  /// A complete file that has not got its name yet.
  private static func whole(_ path: String, _ bytes: [UInt8], _ mode: UInt32) throws(FileError) -> File {
    let (folder, name) = Directory.split(path)
    // A folder that may not be listed may take files all the same.
    try? removeLeftovers(in: folder, of: String(name))
    let file = try temporary(beside: path)
    do {
      try file.write(bytes)
      try file.setMode(mode)
      try file.synchronize()
      return file
    } catch {
      Directory.remove(file.path)
      throw error
    }
  }
}
