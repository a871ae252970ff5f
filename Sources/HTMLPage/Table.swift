// SPDX-License-Identifier: Apache-2.0

/// A table that scrolls by itself where it is wider than the page, by keyboard too.
public struct Table: Sendable {
  public enum Kind: Sendable {
    /// Wraps as it needs to.
    case words
    /// Stays on one line.
    case fixed
    /// Stays on one line, at the end of its column.
    case number

    fileprivate var attributes: [HTML.Attribute] {
      switch self {
      case .words: []
      case .fixed: [HTML.Attribute("class", "f")]
      case .number: [HTML.Attribute("class", "n")]
      }
    }
  }

  private let caption: String
  private let columns: [(title: String, kind: Kind)]
  private let rows: [[HTML]]
  private let showsCaption: Bool

  /// - Parameters:
  ///   - caption: what the table shows.
  ///   - showsCaption: false where a heading above says the same; screen readers are told all the same.
  ///   - rows: as many cells as there are columns; the first one names the row.
  public init(
    _ caption: String, columns: [(title: String, kind: Kind)], rows: [[HTML]], showsCaption: Bool = true
  ) {
    (self.caption, self.columns, self.rows, self.showsCaption) = (caption, columns, rows, showsCaption)
  }

  public var html: HTML {
    let head = columns.map { column in
      HTML.element("th", [HTML.Attribute("scope", "col")] + column.kind.attributes, [.text(column.title)])
    }
    let body = rows.map { row in
      HTML.element(
        "tr",
        row.enumerated().map { index, cell in
          let attributes = columns[index].kind.attributes
          guard index > 0 else { return .element("th", [HTML.Attribute("scope", "row")] + attributes, [cell]) }
          return .element("td", attributes, [cell])
        })
    }
    let table = HTML.element(
      "table",
      [
        .element("caption", showsCaption ? [:] : ["class": "hidden"], [.text(caption)]),
        .element("thead", [.element("tr", head)]), .element("tbody", body),
      ])
    return .element("div", ["class": "scroll", "role": "region", "aria-label": caption, "tabindex": "0"], [table])
  }
}
