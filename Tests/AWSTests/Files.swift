// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Writes a text into a file, with the directories above it.
func writeFile(_ path: String, _ text: String) throws {
  let url = URL(fileURLWithPath: path)
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try text.write(to: url, atomically: true, encoding: .utf8)
}
