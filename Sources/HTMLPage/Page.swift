// SPDX-License-Identifier: Apache-2.0

/// A self-contained document: one file that asks for nothing from anywhere, and runs nothing.
public struct Page: Sendable {
  public let title: String
  private let style: PageStyle
  private let header: [HTML]
  private let main: [HTML]
  private let footer: [HTML]

  /// - Parameters:
  ///   - title: of the window, and of what is printed.
  ///   - header: what is above the main part: the name of the thing, and links to the sections.
  ///   - main: with the page's only `h1`, and a section each below it.
  public init(_ title: String, style: PageStyle = .shared, header: [HTML], main: [HTML], footer: [HTML]) {
    self.title = title
    self.style = style
    self.header = header
    self.main = main
    self.footer = footer
  }

  /// What a server says by `Content-Security-Policy`; the page itself says it, too.
  ///
  /// The one stylesheet is let in by its hash, so that markup from elsewhere could not even paint.
  public var policy: String { style.policy }

  /// Headers that a server sends along, beside the page's type.
  public var headers: [(name: String, value: String)] {
    [
      ("Content-Security-Policy", "\(policy); frame-ancestors 'none'"), ("X-Content-Type-Options", "nosniff"),
      ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
      ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
  }

  public static var contentType: String { "text/html; charset=utf-8" }

  /// The document in UTF-8.
  ///
  /// - Complexity: linear in what comes out.
  public var bytes: [UInt8] {
    var out: [UInt8] = []
    out += "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n".utf8
    let head: [HTML] = [
      .element("meta", ["charset": "utf-8"]),
      .element("meta", ["http-equiv": "Content-Security-Policy", "content": policy]),
      .element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
      .element("meta", ["name": "referrer", "content": "no-referrer"]),
      .element("meta", ["name": "color-scheme", "content": "light dark"]), .element("title", [.text(title)]),
    ]
    for piece in head {
      piece.render(into: &out)
      out.append(0x0a)
    }
    // An icon of nothing: a browser would ask the server for one otherwise.
    out += "<link rel=\"icon\" href=\"data:,\">\n<style>\(style.text)</style>\n</head>\n<body>\n".utf8
    for piece in body {
      piece.render(into: &out)
      out.append(0x0a)
    }
    out += "</body>\n</html>\n".utf8
    return out
  }

  private var body: [HTML] {
    [
      .element("a", ["class": "skip", "href": "#main"], ["Skip to the content"]), .element("header", header),
      .element("main", ["id": "main", "tabindex": "-1"], main), .element("footer", footer),
    ]
  }
}
