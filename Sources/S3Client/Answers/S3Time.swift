// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// Times in S3's documents and headers about locks.
enum S3Time {
  /// Reads `2026-11-23T02:00:00Z` with a fraction of any length: AWS writes three digits, Ceph nine.
  static func parse(_ text: String) -> Timestamp? {
    guard let point = text.firstIndex(of: ".") else { return Timestamp(text) }
    let fraction = text[text.index(after: point)...].prefix { $0.isASCII && $0.isNumber }
    guard !fraction.isEmpty, text[fraction.endIndex...] == "Z" else { return nil }
    return Timestamp("\(text[..<point]).\(fraction.prefix(6))Z")
  }
}
