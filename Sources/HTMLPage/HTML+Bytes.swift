// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

extension HTML {
  /// The piece as UTF-8.
  ///
  /// - Complexity: linear in what comes out.
  public var bytes: [UInt8] {
    var out: [UInt8] = []
    render(into: &out)
    return out
  }

  func render(into out: inout [UInt8]) {
    switch self {
    case .text(let text): Self.escape(text, into: &out)
    case .group(let pieces): for piece in pieces { piece.render(into: &out) }
    case .node(let name, let attributes, let children):
      out.append(0x3c)
      out += name.utf8
      for attribute in attributes { Self.render(attribute, into: &out) }
      if children.isEmpty {
        if Self.shapes.contains(name) {
          out += "/>".utf8
          return
        }
        out.append(0x3e)
        if Self.voids.contains(name) { return }
      } else {
        out.append(0x3e)
        for child in children { child.render(into: &out) }
      }
      out += "</".utf8
      out += name.utf8
      out.append(0x3e)
    }
  }

  /// Elements that hold nothing, and have no end.
  private static let voids: Set<String> = ["br", "col", "hr", "img", "input", "link", "meta", "wbr"]
  /// Those of SVG that are closed at once where they hold nothing.
  private static let shapes: Set<String> = ["circle", "line", "path", "polyline", "rect", "use"]

  private static func render(_ attribute: Attribute, into out: inout [UInt8]) {
    out.append(0x20)
    out += attribute.name.utf8
    let isLink = attribute.name == "href" || attribute.name == "src"
    let value = isLink && !isLocal(attribute.value) ? "#" : attribute.value
    guard !value.isEmpty else { return }
    out += "=\"".utf8
    escape(value, into: &out)
    out.append(0x22)
  }

  /// Writes text that reads as itself and as nothing else, in content and between quotes.
  ///
  /// Control characters, and those that turn the direction of writing, are named rather than obeyed: a stranger's name
  /// for an object must not look like another one.
  static func escape(_ text: String, into out: inout [UInt8]) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;".utf8
      case "<": out += "&lt;".utf8
      case ">": out += "&gt;".utf8
      case "\"": out += "&quot;".utf8
      case "'": out += "&#39;".utf8
      case "\t", "\n": out.append(UInt8(scalar.value))
      default:
        if scalar.isHidden {
          out += "\\u{\(String(scalar.value, radix: 16))}".utf8
        } else {
          out += UTF8.encode(scalar)!
        }
      }
    }
  }
}
