// SPDX-License-Identifier: Apache-2.0

extension Trial {
  /// A line for each kind of forgery, and what was missed.
  public var report: String {
    var lines = ForgeryKind.allCases.compactMap { kind in
      counts[kind].map { count in
        let excuses = count.excused.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" }
        return "\(kind): \(count.tried) tried, excused: \(excuses.isEmpty ? "none" : excuses.joined(separator: ", ")), "
          + "\(count.audited) of the quickly found looked at whole"
      }
    }
    lines.append("missed: \(missed.count) of \(tried)")
    lines += missed.prefix(40).map { "  \($0)" }
    return lines.joined(separator: "\n")
  }
}
