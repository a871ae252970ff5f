// SPDX-License-Identifier: Apache-2.0
import AuditCore
import ArchiveStore
import DrillRunner
import Files

/// A new file, a line of JSON for each entry of a report after a theft.
final class SuspectFile: SuspectList.Writer {
  private let file: File

  /// - Throws: where the file is there already.
  init(_ path: String) throws(Failure) {
    do throws(FileError) { file = try File.create(path) } catch { throw DocumentFiles.notCreated(path, error) }
  }

  func write(_ line: String) throws {
    try attempt { () throws(FileError) in try file.write(Array((line + "\n").utf8)) }
  }

  func place() throws -> Int { try attempt { () throws(FileError) in try file.size() } }

  func cut(to place: Int) throws { try attempt { () throws(FileError) in try file.truncate(to: place) } }

  func finish() throws { try attempt { () throws(FileError) in try file.synchronize() } }

  private func attempt<R>(_ body: () throws(FileError) -> R) throws(Failure) -> R {
    do throws(FileError) { return try body() } catch { throw Failure.file(error) }
  }
}
