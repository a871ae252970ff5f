// SPDX-License-Identifier: Apache-2.0

/// How a key of KMS is named: its id, its ARN, `alias/…`, or an alias's ARN.
public struct KMSKeyID: Equatable, Sendable, CustomStringConvertible {
  public let text: String
  /// The region that an ARN names.
  public let region: String?

  public var description: String { text }

  /// nil for what KMS would not take for any of them.
  public init?(_ text: String) {
    self.text = text
    guard text.hasPrefix("arn:") else {
      region = nil
      guard text.hasPrefix("alias/") ? Self.isAlias(text[...]) : Self.isID(text[...]) else { return nil }
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[2] == "kms", !parts[1].isEmpty, !parts[3].isEmpty else { return nil }
    guard parts[4].utf8.count == 12, parts[4].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    let isKey = parts[5].hasPrefix("key/") && Self.isID(parts[5].dropFirst(4))
    guard isKey || Self.isAlias(parts[5]) else { return nil }
    region = String(parts[3])
  }

  /// A UUID, or `mrk-` and 32 digits for a key of several regions.
  private static func isID(_ text: Substring) -> Bool {
    let isHex = { (part: Substring) in part.allSatisfy { $0.isASCII && $0.isHexDigit } }
    if text.hasPrefix("mrk-") { return text.utf8.count == 36 && isHex(text.dropFirst(4)) }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.map(\.utf8.count) == [8, 4, 4, 4, 12] && parts.allSatisfy(isHex)
  }

  private static func isAlias(_ text: Substring) -> Bool {
    let name = text.utf8.dropFirst(6)
    guard text.hasPrefix("alias/"), (1...250).contains(name.count) else { return false }
    return name.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2f, 0x5f, 0x2d: true
      default: false
      }
    }
  }
}
