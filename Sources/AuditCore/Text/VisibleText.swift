// SPDX-License-Identifier: Apache-2.0

extension Unicode.Scalar {
  /// Whether it is not seen where it stands, but does something: control characters, and those that turn the direction
  /// of writing or take no room.
  public var isHidden: Bool {
    guard value > 0x7e else { return value < 0x20 }
    return value <= 0x9f || (0x200b...0x200f).contains(value) || (0x2028...0x202e).contains(value)
      || (0x2060...0x206f).contains(value) || value == 0xfeff || value == 0x061c
  }
}

extension String {
  /// Whether both are the same bytes; their own equality takes other spellings of a character for the same, as the sign of
  /// kelvin for a K.
  public func isSameText(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

  /// The text on one line, hidden characters named in the place of obeyed: a stranger's id or name must not pass for a
  /// line of ours, or tell a terminal what to do.
  public var visible: String { visible { _ in false } }

  /// As ``visible``, but lines stay lines.
  public var visibleLines: String { visible { $0 == "\n" } }

  private func visible(except isKept: (Unicode.Scalar) -> Bool) -> String {
    guard unicodeScalars.contains(where: { $0.isHidden && !isKept($0) }) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      if scalar.isHidden && !isKept(scalar) {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
