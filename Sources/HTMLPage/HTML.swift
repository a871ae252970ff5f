// SPDX-License-Identifier: Apache-2.0

/// A piece of a page, as a value.
///
/// Names of elements and attributes are the program's own; texts and attributes' values may be anything, and are
/// escaped where they are rendered. There is no way to put markup in as it stands.
///
/// ```swift
/// HTML.element("p", ["class": "note"], ["head ", .code(hash)])
/// ```
public indirect enum HTML: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  case text(String)
  case node(name: String, attributes: [Attribute], children: [HTML])
  /// Pieces behind each other.
  case group([HTML])

  public struct Attribute: Sendable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }

  /// - Parameters:
  ///   - name: of lower-case letters, as of the HTML or SVG standard; never a script's.
  ///   - attributes: in their order. `style` and `on…` have no place: the page's policy refuses them.
  public static func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [HTML] = []
  ) -> HTML {
    element(name, attributes.map { Attribute($0.key, $0.value) }, children)
  }

  public static func element(_ name: String, _ attributes: [Attribute], _ children: [HTML] = []) -> HTML {
    precondition(isName(name) && name != "script" && name != "style", "no element of a page: \(name)")
    for attribute in attributes {
      precondition(
        isName(attribute.name) && attribute.name != "style" && !attribute.name.hasPrefix("on"),
        "no attribute of a page: \(attribute.name)")
    }
    return .node(name: name, attributes: attributes, children: children)
  }

  /// An element without attributes.
  public static func element(_ name: String, _ children: [HTML]) -> HTML { element(name, [Attribute](), children) }

  public init(stringLiteral value: String) { self = .text(value) }

  private static func isName(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == 0x2d
      }
  }
}

extension HTML {
  /// Whether a link stays in the page or beside it: it names no scheme and no host.
  ///
  /// Such values of `href` and `src` alone are rendered; another one becomes `#`.
  static func isLocal(_ link: String) -> Bool {
    guard !link.hasPrefix("//"), !link.contains("\\") else { return false }
    let path = link.utf8.prefix { $0 != 0x2f && $0 != 0x3f && $0 != 0x23 }  // up to / ? #
    return path.allSatisfy { $0 != 0x3a && $0 > 0x20 }
  }
}
