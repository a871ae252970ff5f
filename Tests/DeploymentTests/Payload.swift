// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// What a release holds, laid out once a process from the program that the tests run with.
enum Payload {
  static func folder() throws -> String { try shared.get().path }

  private static let shared = Result { () throws -> TemporaryDirectory in
    let folder = try TemporaryDirectory("payload")
    try script("payload", [Fixtures.product("memoryctl"), folder.path])
    try FileManager.default.copyItem(atPath: Repository.path("cron"), toPath: folder("cron"))
    return folder
  }

  /// Runs one of the repository's scripts.
  ///
  /// - Throws: its own words where it fails.
  @discardableResult
  static func script(_ name: String, _ arguments: [String]) throws -> CommandOutput {
    let output = try Command.run(Repository.path("scripts/" + name), arguments, timeout: 900)
    guard output.status == 0 else { throw TestSupportError("scripts/\(name): \(output.errorText)") }
    return output
  }
}
