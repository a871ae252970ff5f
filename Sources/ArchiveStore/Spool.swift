// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Files
internal import Synchronization

/// A directory for what is on its way to the store. Nothing in it has to survive a run.
public struct Spool: Sendable {
  public let directory: String

  /// Uses `directory`, and removes what crashed runs left in it: files that no process has locked.
  public init(directory: String) throws(Failure) {
    self.directory = directory
    do throws(FileError) {
      try Directory.create(directory, mode: 0o700)
      for name in try Directory.names(directory) where name.hasSuffix(Self.suffix) {
        let path = "\(directory)/\(name)"
        if let file = try? File.open(path), file.tryLock() { Directory.remove(path) }
      }
    } catch { throw Failure.file(error, remedy: "name another directory with --spool or TMPDIR") }
  }

  private static let suffix = ".memoryctl-spool"

  /// Makes an empty file that is removed when its last reference goes.
  public func makeFile() throws(FileError) -> SpoolFile {
    while true {
      let file = try File.create("\(directory)/\(UInt64.random(in: 0 ... .max))\(Self.suffix)")
      // Another run that starts just now may have taken the file for one left behind before it was locked.
      if file.tryLock() && file.isNamed { return SpoolFile(file) }
    }
  }
}

/// A spooled file; its name goes with it.
public final class SpoolFile: Sendable {
  public let file: File
  private let listener = Mutex<(@Sendable (Int) -> Void)?>(nil)

  init(_ file: File) { self.file = file }

  deinit { Directory.remove(file.path) }

  /// Hears how many of its bytes are on their way to a store, where that takes time.
  var onSent: (@Sendable (Int) -> Void)? {
    get { listener.withLock { $0 } }
    set { listener.withLock { $0 = newValue } }
  }
}
