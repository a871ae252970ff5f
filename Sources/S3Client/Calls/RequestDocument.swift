// SPDX-License-Identifier: Apache-2.0

/// XML that S3 is sent: elements and text, no attributes but the namespace.
enum RequestDocument {
  static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

  static func root(_ name: String, _ content: String...) -> String {
    "<\(name) xmlns=\"\(namespace)\">\(content.joined())</\(name)>"
  }

  static func element(_ name: String, _ content: String...) -> String { "<\(name)>\(content.joined())</\(name)>" }

  static func element(_ name: String, text: String) -> String { element(name, escaped(text)) }

  static func element(_ name: String, _ value: Bool) -> String { element(name, value ? "true" : "false") }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
