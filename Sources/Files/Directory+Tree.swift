// SPDX-License-Identifier: Apache-2.0
internal import Glibc

extension Directory {
  /// Removes a directory and all that is in it; links are removed, never followed. What cannot be removed stays.
  public static func removeTree(_ path: String) {
    var info = stat()
    guard lstat(path, &info) == 0 else { return }
    guard info.st_mode & S_IFMT == S_IFDIR else { return remove(path) }
    for name in (try? names(path)) ?? [] { removeTree("\(path)/\(name)") }
    rmdir(path)
  }

  /// Whether something has this name: a file, a directory, or a link, wherever that leads.
  public static func isThere(_ path: String) -> Bool {
    var info = stat()
    return lstat(path, &info) == 0
  }
}
