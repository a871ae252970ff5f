// SPDX-License-Identifier: Apache-2.0
internal import HTMLPage

/// A few values side by side, with a label each below it.
struct ColumnChart {
  struct Column {
    let label: String
    let value: Int
    /// Shown by a cross above it.
    var isFault = false
    let words: String
  }

  let label: String
  let columns: [Column]
  /// Values are short enough to stand above every column.
  var labelsAll = false
  let format: (Int) -> String

  private static let height = 96

  var html: HTML {
    let most = max(1, columns.map(\.value).max() ?? 1)
    let step = max(1, (columns.count + 7) / 8)
    let drawn = columns.enumerated().flatMap { index, column in
      self.column(column, index, most, isLabelled: (columns.count - 1 - index) % step == 0)
    }
    let base = HTML.element("line", ["x1": "0", "x2": "100%", "y1": "116", "y2": "116"])
    return .element(
      "svg", ["class": "chart columns", "width": "100%", "height": "136", "role": "img", "aria-label": label],
      [base] + drawn)
  }

  private func column(_ column: Column, _ index: Int, _ most: Int, isLabelled: Bool) -> [HTML] {
    // No wider than a sixteenth, so that a few do not look like walls.
    let slots = max(columns.count, 8)
    func x(_ part: Double) -> String {
      let tenths = Int(((Double(index) + part) / Double(slots) * 1000).rounded())
      return "\(tenths / 10).\(tenths % 10)%"
    }
    let high =
      column.value == 0 ? 0 : max(2, Int((Double(column.value) / Double(most) * Double(Self.height)).rounded()))
    let width = Int((0.56 / Double(slots) * 1000).rounded())
    var parts: [HTML] = [
      .element(
        "rect",
        [
          "class": column.isFault ? "fault" : "", "x": x(0.22), "y": "\(116 - high)",
          "width": "\(width / 10).\(width % 10)%",
          "height": "\(high)", "rx": "2",
        ], [.element("title", [.text(column.words)])])
    ]
    guard isLabelled || labelsAll || column.isFault else { return parts }
    let value = column.isFault ? "✕ failed" : format(column.value)
    parts.append(
      .element("text", ["class": "scale", "x": x(0.5), "y": "\(112 - high)", "text-anchor": "middle"], [.text(value)]))
    if isLabelled {
      parts.append(.element("text", ["x": x(0.5), "y": "132", "text-anchor": "middle"], [.text(column.label)]))
    }
    return parts
  }
}

extension HTML {
  /// A bar as long as a part of a whole; what stands beside it says the number.
  static func bar(_ part: Int, of whole: Int, isFault: Bool = false) -> HTML {
    .element(
      "svg", ["class": isFault ? "bar fault" : "bar", "width": "100%", "height": "8", "aria-hidden": "true"],
      [
        .element("rect", ["class": "ground", "width": "100%", "height": "8", "rx": "2"]),
        .element("rect", ["width": SkylineChart.percent(part, of: max(whole, 1)), "height": "8", "rx": "2"]),
      ])
  }
}
