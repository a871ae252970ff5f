// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Files

extension String {
  /// With spaces behind it, as a column of a table.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - utf8.count)) }
}

/// Results that could not be written to standard output.
enum Results {
  /// - Parameter status: what the run would have exited with.
  /// - Throws: that status for an error, or `unavailable` where it would have been success.
  static func check(_ error: FileError?, _ status: ExitStatus = .success) throws {
    guard let error else { return }
    throw Failure(
      status == .success ? .unavailable : status, "the results could not be written: \(error)",
      remedy: "give standard output room, then run it again", cause: error)
  }

  /// Writes a part of a result to standard output.
  static func write(_ text: String) throws { try check(Process.write(text, to: 1)) }
}
