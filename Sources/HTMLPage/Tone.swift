// SPDX-License-Identifier: Apache-2.0

/// How a thing stands: shown by a sign and a colour, and always by words, too.
public enum Tone: String, Sendable {
  case well, notice, problem, plain

  /// The sign: a tick, a triangle, a cross, a dot. Hidden from screen readers, which read the words.
  var sign: HTML {
    .element(
      "svg", ["class": rawValue, "viewBox": "0 0 20 20", "aria-hidden": "true", "focusable": "false"], strokes)
  }

  private var strokes: [HTML] {
    func path(_ shape: String, _ attributes: [HTML.Attribute]) -> HTML {
      .element("path", [HTML.Attribute("d", shape)] + attributes)
    }
    let disc = HTML.element("circle", ["cx": "10", "cy": "10", "r": "9", "fill": "currentColor"])
    let line: [HTML.Attribute] = [
      HTML.Attribute("fill", "none"), HTML.Attribute("stroke", "var(--surface)"), HTML.Attribute("stroke-width", "2"),
      HTML.Attribute("stroke-linecap", "round"), HTML.Attribute("stroke-linejoin", "round"),
    ]
    switch self {
    case .well: return [disc, path("M5.8 10.4l2.8 2.8 5.6-6", line)]
    case .notice:
      return [path("M10 1.5l9 16.5H1z", [HTML.Attribute("fill", "currentColor")]), path("M10 7.5v5M10 15.2v.1", line)]
    case .problem: return [disc, path("M6.8 6.8l6.4 6.4M13.2 6.8l-6.4 6.4", line)]
    case .plain: return [disc, path("M6 10h8", line)]
    }
  }
}
