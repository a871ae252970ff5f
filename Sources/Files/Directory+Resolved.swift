// SPDX-License-Identifier: Apache-2.0
internal import Glibc

extension Directory {
  /// The absolute path without links, `.` and `..`; what of it is not there yet is taken as it will be made.
  ///
  /// The corresponding C function is realpath(3), of the part that is there. Nil where not even that can be looked at.
  public static func resolved(_ path: String) -> String? {
    var existing = path
    var missing: [Substring] = []
    while true {
      if let found = unsafe realpath(existing.isEmpty ? "." : existing, nil) {
        defer { unsafe free(found) }
        return joined(unsafe String(cString: found), missing.reversed())
      }
      guard errno == ENOENT || errno == ENOTDIR else { return nil }
      while existing.count > 1, existing.hasSuffix("/") { existing.removeLast() }
      let slash = existing.lastIndex(of: "/")
      missing.append(slash.map { existing[existing.index(after: $0)...] } ?? existing[...])
      existing = slash.map { $0 == existing.startIndex ? "/" : String(existing[..<$0]) } ?? ""
    }
  }

  private static func joined(_ path: String, _ names: [Substring]) -> String {
    var parts = path.split(separator: "/")
    for name in names where name != "." && !name.isEmpty {
      if name == ".." { _ = parts.popLast() } else { parts.append(name) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
