// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

extension SignerEntry {
  static let longestID = 200

  /// Why a new signer may not go by an id; nil where it may.
  ///
  /// Old registries may list what this refuses: it is asked of new ids alone. Two that look alike are told apart by the
  /// fingerprints of their keys.
  public static func fault(ofID kid: String) -> String? {
    guard !kid.isEmpty, kid.utf8.count <= longestID else {
      return "an id has 1 to \(longestID) bytes, and not \(kid.utf8.count)"
    }
    let scalars = Array(kid.unicodeScalars)
    guard !scalars[0].properties.isWhitespace, !scalars[scalars.count - 1].properties.isWhitespace else {
      return "the id \"\(kid.visible)\" begins or ends with a blank"
    }
    guard let odd = scalars.first(where: { !isPlain($0) }) else { return nil }
    return "the id \"\(kid.visible)\" holds U+\(String(odd.value, radix: 16, uppercase: true)), which cannot be seen"
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == " " { return true }
    guard !scalar.properties.isWhitespace, !scalar.properties.isDefaultIgnorableCodePoint, !scalar.isHidden else {
      return false
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
    default: return true
    }
  }
}
