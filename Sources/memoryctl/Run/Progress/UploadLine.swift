// SPDX-License-Identifier: Apache-2.0

/// What a terminal shows of one upload under way.
struct UploadLine {
  /// Bytes that the server has been sent.
  var sent = 0
  var total: Int
  /// When it began, by the clock of ``Process/monotonicSeconds()``.
  let started: Double

  /// The longest form that leaves the last column free.
  ///
  /// `  0000000042  [####      ]  40 %, 12 of 30 MiB, 25 MiB/s`, and with fewer columns less of it.
  func text(_ name: String, now: Double, columns: Int) -> String {
    let percent = total > 0 ? Int(Double(sent) / Double(total) * 100) : 100
    let rate = Double(sent) / max(now - started, 0.001)
    let share = String(repeating: " ", count: max(0, 3 - "\(percent)".utf8.count)) + "\(percent) %"
    let counts = "\(sent >> 20) of \(total >> 20) MiB"
    let forms = [
      "  \(name)  [\(progressBar(sent, of: total, width: 20))] \(share), \(counts), \(Int(rate) >> 20) MiB/s",
      "  \(name)  [\(progressBar(sent, of: total, width: 10))] \(share)", "  \(name) \(share)",
    ]
    return forms.first { $0.utf8.count < columns } ?? ""
  }
}

/// A bar of `width` characters, filled as far as `done` is of `whole`.
func progressBar(_ done: Int, of whole: Int, width: Int) -> String {
  let filled = whole > 0 ? min(width, Int(Double(done) / Double(whole) * Double(width))) : width
  return String(repeating: "#", count: filled) + String(repeating: " ", count: width - filled)
}
