// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Files
import Signing

/// The small files that commands read and write.
enum DocumentFiles {
  static func read(_ path: String, _ option: String, limit: Int = 8 << 20) throws(Failure) -> [UInt8] {
    guard let bytes = readSmallFile(path == "-" ? "/dev/stdin" : path, limit: limit) else {
      throw Failure(
        .usage, "this file cannot be read, or has more than \(limit >> 20) MiB", on: "\(option) \(path)",
        remedy: "check the path")
    }
    return bytes
  }

  /// Reads a file that must be what a format says.
  static func read<R>(
    _ path: String, _ option: String, _ body: ([UInt8]) throws(DocumentError) -> R
  ) throws(Failure) -> R {
    let bytes = try read(path, option)
    do throws(DocumentError) { return try body(bytes) } catch {
      throw Failure(
        .integrity, error.reason, on: path, remedy: "ask for another copy of it; nothing was done", cause: error)
    }
  }

  static func proposal(_ path: String) throws(Failure) -> Proposal {
    try read(path, "--payload") { (bytes) throws(DocumentError) in try Proposal(parsing: bytes) }
  }

  static func proof(_ path: String) throws(Failure) -> Proof {
    try read(path, "--proof") { (bytes) throws(DocumentError) in
      let json: JSONValue
      do throws(JSONParseError) { json = try JSONValue(parsing: bytes) } catch {
        throw DocumentError("not a JSON document: \(error)")
      }
      return try Proof(json: json)
    }
  }

  /// Writes a file that must not be there: whole under its name, or not at all.
  static func create(_ path: String, _ bytes: [UInt8]) throws(Failure) {
    do throws(FileError) { try File.createWhole(path, bytes) } catch { throw notCreated(path, error) }
  }

  static func notCreated(_ path: String, _ error: FileError) -> Failure {
    guard error.isThere else { return Failure.file(error) }
    return Failure(.refused, "the file exists, and is not replaced", on: path, remedy: "give another name, or move it")
  }

  /// Replaces a file in one step, or makes it.
  static func replace(_ path: String, _ bytes: [UInt8]) throws(Failure) {
    do throws(FileError) { try File.replace(path, with: bytes) } catch { throw Failure.file(error) }
  }
}
