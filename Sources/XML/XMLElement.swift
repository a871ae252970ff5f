// SPDX-License-Identifier: Apache-2.0

/// An element of a small XML document: what S3 and STS answer with.
///
/// Names are local ones: `xsi:type` is `type`. Comments, processing instructions and the places of text between child
/// elements are not kept.
public struct XMLElement: Equatable, Sendable {
  public let name: String
  public let attributes: [String: String]
  public internal(set) var children: [XMLElement]
  /// Character data directly within, joined; empty where it is white space between child elements.
  public internal(set) var text: String

  public init(_ name: String, attributes: [String: String] = [:], children: [XMLElement] = [], text: String = "") {
    self.name = name
    self.attributes = attributes
    self.children = children
    self.text = text
  }

  /// The first child of this name.
  public subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

  /// Every child of this name, in document order.
  public func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

  /// The text at the end of a path of child names; nil when an element on the way is missing.
  public func text(at path: String...) -> String? {
    var element = self
    for name in path {
      guard let child = element[name] else { return nil }
      element = child
    }
    return element.text
  }

  /// The element itself or the first one of this name below it, depth first.
  public func first(_ name: String) -> XMLElement? {
    if self.name == name { return self }
    for child in children {
      if let found = child.first(name) { return found }
    }
    return nil
  }
}
