// SPDX-License-Identifier: Apache-2.0

/// What a terminal shows of a job under way, in one line that fits.
struct ProgressLine {
  var rows = 0
  var bytes = 0
  /// Rows to come in all; 0 where that is not known.
  var expected = 0

  /// Adds to what is to come; a manifest's word for it may be anything.
  mutating func expect(_ more: Int) {
    let (sum, overflow) = expected.addingReportingOverflow(more)
    expected = overflow ? .max : sum
  }

  /// The longest form that leaves the last column free: a terminal may wrap behind it.
  ///
  /// `[#####     ] 1000 rows, 12 MiB, 900 rows/s, 3 s left`, and with fewer columns less of it.
  func text(seconds: Double, columns: Int) -> String {
    let rate = Double(rows) / max(seconds, 0.001)
    let counts = ["\(rows) rows", "\(bytes >> 20) MiB", "\(Int(rate)) rows/s"]
    var forms = [counts.joined(separator: ", "), "\(counts[0]), \(counts[2])", counts[0], "\(rows)"]
    if expected >= rows, expected > 0, rate > 0 {
      let left = "\(Int(min(Double(expected - rows) / rate, 1e9)) + 1) s left"
      forms =
        [
          "[\(progressBar(rows, of: expected, width: 20))] \(forms[0]), \(left)",
          "[\(progressBar(rows, of: expected, width: 10))] \(counts[0]), \(left)", "\(counts[0]), \(left)",
          "\(rows * 100 / expected) %, \(left)",
        ] + forms
    }
    return forms.first { $0.utf8.count < columns } ?? ""
  }
}
