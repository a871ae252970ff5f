// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// What pages are put together from.
extension HTML {
  /// Text in the fixed-width face: hashes, keys, ids.
  public static func code(_ text: String) -> HTML { .element("code", [.text(text)]) }

  /// `23 Nov 2026`, which programs can read, too.
  public static func day(_ day: UTCDay) -> HTML {
    .element("time", ["datetime": day.description], [.text(Formats.day(day))])
  }

  /// `23 Nov 2026, 02:00 UTC`, which programs can read, too.
  public static func minute(_ time: Timestamp) -> HTML {
    guard time.isFinite else { return "–" }
    return .element("time", ["datetime": time.isoSeconds], [.text(Formats.minute(time))])
  }

  /// A paragraph.
  public static func paragraph(_ children: HTML...) -> HTML { .element("p", children) }

  /// A paragraph in the quieter ink.
  public static func aside(_ children: HTML...) -> HTML { .element("p", ["class": "muted"], children) }

  /// A part of the page with a heading, that links can point to.
  public static func section(_ id: String, _ title: String, _ children: [HTML]) -> HTML {
    .element(
      "section", ["id": id, "aria-labelledby": "\(id)-title"],
      [.element("h2", ["id": "\(id)-title"], [.text(title)])] + children)
  }

  /// Links to sections of the page.
  public static func navigation(_ sections: [(id: String, title: String)]) -> HTML {
    let links = sections.map { section in
      HTML.element("li", [.element("a", ["href": "#\(section.id)"], [.text(section.title)])])
    }
    return .element("nav", ["aria-label": "Sections"], [.element("ul", links)])
  }

  /// The page's `h1`: the answer, and a sentence or two to it.
  public static func verdict(_ tone: Tone, _ title: String, _ words: [HTML]) -> HTML {
    .element(
      "div", ["class": "verdict \(tone.rawValue)"],
      [tone.sign, .element("div", [.element("h1", [.text(title)])] + words.map { .element("p", [$0]) })])
  }

  /// A few figures side by side.
  public static func facts(_ facts: [Fact]) -> HTML {
    .element(
      "dl", ["class": "facts"],
      facts.map { fact in
        let note = fact.note.map { [HTML.element("small", [$0])] } ?? []
        return .element("div", [.element("dt", [.text(fact.name)]), .element("dd", [fact.value] + note)])
      })
  }

  public struct Fact: Sendable {
    public let name: String
    public let value: HTML
    public let note: HTML?

    public init(_ name: String, _ value: HTML, _ note: HTML? = nil) {
      (self.name, self.value, self.note) = (name, value, note)
    }
  }

  /// Names and what they stand for, below each other.
  public static func pairs(_ pairs: [(name: String, value: HTML)]) -> HTML {
    .element(
      "dl", ["class": "pairs"],
      pairs.map { .element("div", [.element("dt", [.text($0.name)]), .element("dd", [$0.value])]) })
  }

  /// A word with its sign.
  public static func badge(_ tone: Tone, _ word: String) -> HTML {
    .element("span", ["class": "badge"], [tone.sign, .text(word)])
  }

  /// What is to be known, and what to do about it.
  public struct Notice: Sendable {
    public let tone: Tone
    public let title: String
    public let detail: HTML?
    public let command: String?
    public let more: HTML?

    /// - Parameters:
    ///   - detail: what it means and what to do.
    ///   - command: a line for a shell.
    ///   - more: what is below all that.
    public init(_ tone: Tone, _ title: String, _ detail: HTML? = nil, command: String? = nil, more: HTML? = nil) {
      (self.tone, self.title, self.detail, self.command, self.more) = (tone, title, detail, command, more)
    }

    /// Breaks between words alone, not behind the hyphens of an option.
    fileprivate var commandLine: HTML? {
      let words = command?.split(separator: " ").map { HTML.element("span", ["class": "f"], [.text(String($0))]) }
      guard let words, let first = words.first else { return nil }
      return .element("pre", [.element("code", words.dropFirst().reduce(into: [first]) { $0 += [" ", $1] })])
    }
  }

  /// Notices below each other.
  public static func notices(_ notices: [Notice]) -> HTML {
    .element(
      "ol", ["class": "notices"],
      notices.map { notice in
        var words: [HTML] = [.element("p", [.element("strong", [.text(notice.title)])])]
        if let detail = notice.detail { words.append(.element("p", [detail])) }
        words += [notice.commandLine, notice.more].compactMap { $0 }
        return .element("li", [notice.tone.sign, .element("div", words)])
      })
  }

  /// What is folded away until somebody asks for it.
  public static func folded(_ summary: String, isOpen: Bool = false, _ children: [HTML]) -> HTML {
    let open = isOpen ? [Attribute("open", "")] : []
    return .element("details", open, [.element("summary", [.text(summary)])] + children)
  }
}
