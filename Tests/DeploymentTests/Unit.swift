// SPDX-License-Identifier: Apache-2.0

/// A unit of systemd, or a part of one: its settings, in order.
struct Unit {
  let settings: [(name: String, value: String)]

  /// - Parameter name: of a file in `cron`.
  init(_ name: String) throws {
    settings = try Repository.text("cron/" + name).split(separator: "\n").compactMap { line in
      guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { return nil }
      return (String(line[..<equals]), String(line[line.index(after: equals)...]))
    }
  }

  /// The values of a setting.
  subscript(name: String) -> [String] { settings.filter { $0.name == name }.map(\.value) }

  /// The numbers in a setting that lists exit statuses.
  func statuses(_ name: String) -> [Int32] {
    self[name].flatMap { $0.split(separator: " ").compactMap { Int32($0) } }
  }
}
