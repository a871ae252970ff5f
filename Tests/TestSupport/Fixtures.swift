// SPDX-License-Identifier: Apache-2.0
public import Foundation
internal import Glibc

/// Files that tests read, and programs that the package builds.
public enum Fixtures {
  /// `Tests/Fixtures`.
  public static let directory = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures").path

  public static func path(_ name: String) -> String { directory + "/" + name }

  public static func url(_ name: String) -> URL { URL(fileURLWithPath: path(name)) }

  public static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url(name))) }

  public static func text(_ name: String) throws -> String { try String(contentsOf: url(name), encoding: .utf8) }

  /// A program of this package, built beside the tests that run.
  public static func product(_ name: String) -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let length = readlink("/proc/self/exe", &path, Int(PATH_MAX))
    let own = String(decoding: path.prefix(max(length, 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    let beside = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent(name).path
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    // The runner may be the toolchain's own helper, which is handed the bundle to load.
    for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
      let built = URL(fileURLWithPath: argument).deletingLastPathComponent().appendingPathComponent(name).path
      if FileManager.default.isExecutableFile(atPath: built) { return built }
    }
    return beside
  }
}
