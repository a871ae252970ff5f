// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import HTMLPage

/// A value a day over any number of days, as one outline.
struct SkylineChart {
  let title: String
  /// From the first day on, one each; nil where there is none.
  let values: [Int?]
  let first: UTCDay
  let format: (Int) -> String

  private static let height = 100

  var html: HTML {
    let known = values.compactMap { $0 }.sorted()
    let top = Self.top(known)
    return .element(
      "figure", ["class": "skyline"],
      [
        .element("figcaption", [.element("strong", [.text(title)]), .text(words(known, top))]),
        .element(
          "svg",
          ["class": "chart", "width": "100%", "height": "132", "role": "img", "aria-label": title + words(known, top)],
          grid(top) + [outline(top)] + ticks),
      ])
  }

  /// What the highest step stands for: a night far beyond all others does not make the others flat.
  private static func top(_ sorted: [Int]) -> Int {
    guard let most = sorted.last else { return 0 }
    let usual = sorted[sorted.count * 99 / 100]
    return usual > 0 && most / 3 > usual ? usual + usual / 4 : most
  }

  private func words(_ sorted: [Int], _ top: Int) -> String {
    guard let most = sorted.last else { return ": no night yet" }
    let words = ": half of the nights have \(format(sorted[sorted.count / 2])) or more, the largest \(format(most))"
    return most == top ? words : words + "; steps are cut off at \(format(top))"
  }

  private func grid(_ most: Int) -> [HTML] {
    [0, Self.height].flatMap { y -> [HTML] in
      let line = HTML.element("line", ["x1": "0", "x2": "100%", "y1": "\(y + 12)", "y2": "\(y + 12)"])
      // The base has no number of its own.
      guard y < Self.height else { return [line] }
      return [
        line,
        .element(
          "text", ["class": "scale", "x": "100%", "y": "\(y + 9)", "text-anchor": "end"], [.text(format(most))]),
      ]
    }
  }

  /// Steps, a day wide each, in a drawing of its own that is stretched to the width there is.
  private func outline(_ most: Int) -> HTML {
    var path = "M0 \(Self.height)"
    var height = Self.height
    for (index, value) in values.enumerated() {
      let next = Self.height - Self.scaled(value ?? 0, most)
      if next != height {
        path += "H\(index)V\(next)"
        height = next
      }
    }
    path += "H\(values.count)V\(Self.height)z"
    return .element(
      "svg",
      [
        "x": "0", "y": "12", "width": "100%", "height": "\(Self.height)",
        "viewBox": "0 0 \(max(values.count, 1)) \(Self.height)",
        "preserveAspectRatio": "none",
      ], [.element("path", ["d": path])])
  }

  private static func scaled(_ value: Int, _ most: Int) -> Int {
    guard most > 0, value > 0 else { return 0 }
    return min(height, max(1, Int((Double(value) / Double(most) * Double(height)).rounded())))
  }

  /// Months or years along the base: at most six, so that they fit a phone.
  private var ticks: [HTML] {
    let (year, month, _) = first.civil
    let months = max(1, values.count / 30)
    let step = [1, 2, 3, 6, 12, 24, 48].first { months / $0 <= 6 } ?? 60
    var ticks: [HTML] = []
    var number = year * 12 + month - 1
    number += (step - number % step) % step
    while let day = UTCDay(year: number / 12, month: number % 12 + 1, day: 1),
      Int(day.number - first.number) < values.count
    {
      let place = Int(day.number - first.number)
      number += step
      guard place >= 0 else { continue }
      let x = Self.percent(place, of: values.count)
      let name =
        step >= 12 ? "\(day.civil.year)" : "\(Formats.months[day.civil.month - 1].prefix(3)) \(day.civil.year % 100)"
      let isLast = place * 10 > values.count * 9
      ticks.append(.element("line", ["x1": x, "x2": x, "y1": "112", "y2": "117"]))
      ticks.append(
        .element("text", ["x": x, "y": "129", "text-anchor": isLast ? "end" : "start"], [.text(name)]))
    }
    return ticks
  }

  /// Of a hundred, with a decimal.
  static func percent(_ part: Int, of whole: Int) -> String {
    let tenths = whole == 0 ? 0 : Int((Double(part) / Double(whole) * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10)%"
  }
}
