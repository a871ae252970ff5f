// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc

/// An empty directory that goes, with all that is in it, when nothing refers to it any more.
public final class TemporaryDirectory: Sendable {
  public let path: String

  public init(_ purpose: String = "test") throws {
    path = try Self.make(purpose)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of an entry.
  public func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Makes a directory that stays until somebody removes it.
  static func make(_ purpose: String) throws -> String {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    var template = Array("\(parent)/memoryctl-\(purpose)-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TestSupportError("mkdtemp in \(parent): errno \(errno)") }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// Why a test's surroundings could not be made.
public struct TestSupportError: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
