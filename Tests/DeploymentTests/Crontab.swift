// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// A line of a system's crontab: five fields, a user, a command.
struct Crontab {
  let fields: [String]
  let user: String
  let command: String

  /// The job's name: the second word of `audit archive`.
  var job: String {
    let words = command.split(separator: " ").map(String.init)
    return words.firstIndex(of: "audit").map { words[$0 + 1] } ?? ""
  }

  /// The same hours as systemd writes them.
  var calendar: String {
    func two(_ field: String) -> String {
      field.split(separator: ",").map { $0.count == 1 && $0 != "*" ? "0\($0)" : String($0) }.joined(separator: ",")
    }
    return "*-\(two(fields[3]))-\(two(fields[2])) \(two(fields[1])):\(two(fields[0])):00 UTC"
  }

  static func shipped() throws -> [Crontab] {
    try Repository.text("cron/crontab").split(separator: "\n").compactMap { line in
      guard let first = line.first, first.isNumber || first == "*" else { return nil }
      let words = line.split(separator: " ", maxSplits: 6).map(String.init)
      guard words.count == 7, words[4] == "*" else { throw TestSupportError("no line of a crontab: \(line)") }
      return Crontab(fields: Array(words[..<5]), user: words[5], command: words[6])
    }
  }
}
