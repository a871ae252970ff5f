// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTMLPage
import Testing

@Suite("HTML")
struct HTMLTests {
  private func text(_ html: HTML) -> String { String(decoding: html.bytes, as: UTF8.self) }

  struct Case: Sendable, CustomTestStringConvertible {
    let value: String
    let expected: String
    var testDescription: String { expected }
  }

  @Test(
    "what a stranger wrote reads as itself, in text and between quotes",
    arguments: [
      Case(value: "</title><script>alert(1)</script>", expected: "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"),
      Case(value: "\" onload=\"x", expected: "&quot; onload=&quot;x"),
      Case(value: "' & &amp;", expected: "&#39; &amp; &amp;amp;"),
      Case(value: "a\u{0}b\u{1b}[0m\u{7f}\u{9b}", expected: "a\\u{0}b\\u{1b}[0m\\u{7f}\\u{9b}"),
      Case(value: "txt.\u{202e}lmth", expected: "txt.\\u{202e}lmth"),
      Case(value: "zero\u{200b}width\u{feff}", expected: "zero\\u{200b}width\\u{feff}"),
      Case(value: "Žluťoučký 😂 \u{2028}", expected: "Žluťoučký 😂 \\u{2028}"),
      Case(value: "line\r\nline\t", expected: "line\\u{d}\nline\t"),
    ])
  func escaping(_ row: Case) {
    #expect(text(.text(row.value)) == row.expected)
    #expect(text(.element("p", ["title": row.value])) == "<p title=\"\(row.expected)\"></p>")
  }

  @Test(
    "a link leaves neither the page nor its folder",
    arguments: [
      ("#days", true), ("manifests/0000000000.json", true), ("a?b:c", true), ("#a:b", true), ("", true),
      ("javascript:alert(1)", false), (" javascript:alert(1)", false), ("JAVASCRIPT:x", false),
      ("//example.org", false),
      ("https://example.org", false), ("\\\\example.org", false), ("data:text/html,x", false),
      ("java\nscript:x", false),
    ])
  func links(_ link: String, _ isKept: Bool) {
    let rendered = text(.element("a", ["href": link]))
    let kept = link.isEmpty ? "<a href></a>" : "<a href=\"\(link)\"></a>"
    #expect(rendered == (isKept ? kept : "<a href=\"#\"></a>"))
  }

  @Test("elements that hold nothing have no end; SVG's are closed at once")
  func ends() {
    #expect(text(.element("br")) == "<br>")
    #expect(text(.element("rect", ["x": "1"])) == "<rect x=\"1\"/>")
    #expect(text(.element("td")) == "<td></td>")
    #expect(text(.element("details", ["open": ""], ["a", .group(["b", "c"])])) == "<details open>abc</details>")
  }

  @Test("a table names its columns and rows, and can be scrolled by keyboard")
  func table() {
    let table = Table("Nights", columns: [("Day", .fixed), ("Rows", .number)], rows: [["1 May", "12"]])
    let rendered = text(table.html)
    #expect(rendered.contains("<caption>Nights</caption>"))
    #expect(rendered.contains("<th scope=\"col\" class=\"n\">Rows</th>"))
    #expect(rendered.contains("<th scope=\"row\" class=\"f\">1 May</th><td class=\"n\">12</td>"))
    #expect(rendered.hasPrefix("<div class=\"scroll\" role=\"region\" aria-label=\"Nights\" tabindex=\"0\">"))
  }
}

@Suite("Pages")
struct PageTests {
  @Test("a page lets in nothing but its own stylesheet, by its hash")
  func policy() throws {
    let page = Page("A <title>", header: ["header"], main: [.section("a", "A", ["body"])], footer: ["footer"])
    let text = String(decoding: page.bytes, as: UTF8.self)
    let style = try #require(text.split(separator: "<style>").last?.split(separator: "</style>").first)
    let hash = Base64.encode(SHA256.hash(Array(style.utf8)).bytes)
    let own = "style-src 'sha256-\(hash)'"
    #expect(page.policy == "default-src 'none'; \(own); img-src data:; base-uri 'none'; form-action 'none'")
    #expect(text.contains("content=\"\(page.policy.replacing("'", with: "&#39;"))\""))
    #expect(page.headers.contains { $0 == ("Content-Security-Policy", page.policy + "; frame-ancestors 'none'") })
    #expect(text.contains("<title>A &lt;title&gt;</title>"))
    for landmark in ["<header>", "<main id=\"main\"", "<footer>", "href=\"#main\"", "<html lang=\"en\">"] {
      #expect(text.contains(landmark), "\(landmark)")
    }
    for foreign in ["<script", "http://", "https://", "url(", "@import", "style=\""] {
      #expect(!text.contains(foreign), "\(foreign)")
    }
  }

  @Test("rules of a page's own change its policy")
  func rules() {
    let own = Page("A", style: PageStyle.shared.adding("p{color:red}"), header: [], main: [], footer: [])
    #expect(own.policy != Page("A", header: [], main: [], footer: []).policy)
  }
}

@Suite("Formats")
struct FormatsTests {
  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-12_345, "-12,345")])
  func counts(_ value: Int, _ text: String) { #expect(Formats.count(value) == text) }

  @Test("extremes trap nowhere")
  func extremes() {
    #expect(Formats.count(.min) == "-9,223,372,036,854,775,808")
    #expect(Formats.bytes(.max) == "9 EB")
    #expect(Formats.duration(milliseconds: .max).hasSuffix(" min"))
    #expect(Formats.share(.max - 1, of: .max) == "> 99.9 %")
  }

  @Test(
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9949, "9.9 kB"), (9950, "10 kB"), (999_499, "999 kB"),
      (999_500, "1.0 MB"), (1_500_000_000, "1.5 GB"),
    ])
  func bytes(_ value: Int, _ text: String) { #expect(Formats.bytes(value) == text) }

  @Test(
    arguments: [
      (0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (59_949, "59.9 s"), (59_950, "1 min 00 s"),
      (192_400, "3 min 12 s"), (3_599_499, "59 min 59 s"), (3_599_500, "1 h 00 min"), (7_500_000, "2 h 05 min"),
    ])
  func durations(_ value: Int, _ text: String) { #expect(Formats.duration(milliseconds: value) == text) }

  @Test(arguments: [(0, 5, "0 %"), (1, 3, "33.3 %"), (5, 5, "100 %"), (1, 100_000, "< 0.1 %"), (0, 0, "0 %")])
  func shares(_ part: Int, _ whole: Int, _ text: String) { #expect(Formats.share(part, of: whole) == text) }

  @Test("days and minutes, in UTC")
  func times() throws {
    #expect(Formats.minute(try #require(Timestamp("2026-11-03T02:05:59Z"))) == "3 Nov 2026, 02:05 UTC")
    #expect(Formats.count(1, "row") == "1 row" && Formats.count(2000, "row") == "2,000 rows")
    #expect(Formats.count(2, "anomaly", "anomalies") == "2 anomalies")
  }
}
