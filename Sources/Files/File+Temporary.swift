// SPDX-License-Identifier: Apache-2.0

extension File {
  private static let suffix = ".part"

  /// Creates an empty file beside `path`, hidden, for what is to get that name once it is whole; it is locked as long as
  /// it is open.
  public static func temporary(beside path: String) throws(FileError) -> File {
    let (folder, name) = Directory.split(path)
    while true {
      let random = UInt64.random(in: 0 ... .max)
      let file = try create("\(folder)/\(hidden(name)).\(random)\(suffix)")
      // Another run that starts just now may have taken the file for a leftover before it was locked.
      if file.tryLock() && file.isNamed { return file }
    }
  }

  /// Removes what crashed runs left of files that never got their name: those that no process has locked.
  ///
  /// - Parameter name: of the file that was to be; nil for any.
  public static func removeLeftovers(in folder: String, of name: String? = nil) throws(FileError) {
    let start = name.map { hidden($0[...]) + "." } ?? "."
    for entry in try Directory.names(folder) where entry.hasPrefix(start) && entry.hasSuffix(suffix) {
      let path = "\(folder)/\(entry)"
      let number = entry.dropFirst(start.count).dropLast(suffix.count)
      guard name == nil || (!number.isEmpty && number.allSatisfy(\.isNumber)) else { continue }
      if let file = try? open(path), file.tryLock() { Directory.remove(path) }
    }
  }

  /// A name may have 255 bytes, and what is added to it needs some of them.
  private static func hidden(_ name: Substring) -> String { ".\(name.prefix(200))" }
}
