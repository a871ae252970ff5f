// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography

/// A file that was verified by itself.
public struct VerifiedFile: Sendable {
  /// What came of comparing it with the older tools' manifest.
  public enum Comparison: String, Sendable {
    case matches, differs
    case notCompared = "not compared"
  }

  public let name: String
  public let bytes: Int
  let sha256: Digest
  public let comparison: Comparison

  public var digestHex: String { sha256.hex }

  /// The fields of `--json`.
  public var json: JSONValue {
    .object([
      "name": .string(name), "bytes": .count(bytes), "sha256": .digest(sha256),
      "manifest": .string(comparison.rawValue),
    ])
  }
}
