// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Links of every page of this repository.
@Suite("Links of the documentation")
struct LinkTests {
  /// Pages by their path from the top folder.
  private static let pages: [String] = {
    let skipped: Set = [".git", "Fixtures"]
    let walk = FileManager.default.enumerator(atPath: Repository.root)
    var found: [String] = []
    while let path = walk?.nextObject() as? String {
      let name = (path as NSString).lastPathComponent
      if skipped.contains(name) || name.hasPrefix(".venv") || name.hasPrefix(".build") { walk?.skipDescendants() }
      if path.hasSuffix(".md") { found.append(path) }
    }
    return found.sorted()
  }()

  /// Where a link of a page leads, nil for what is elsewhere.
  private static func place(_ target: String, from page: String) -> (file: String, anchor: String?)? {
    if target.contains("://") || target.hasPrefix("mailto:") { return nil }
    let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var names = parts[0].isEmpty ? [] : page.split(separator: "/").dropLast().map(String.init)
    for name in (parts[0].isEmpty ? page : parts[0]).split(separator: "/").map(String.init) where name != "." {
      // One that leaves the checkout leads nowhere.
      if name == "..", names.last.map({ $0 != ".." }) ?? false { names.removeLast() } else { names.append(name) }
    }
    let file = names.joined(separator: "/")
    return (file, parts.count > 1 ? parts[1] : nil)
  }

  /// What is wrong with a page's links, a sentence each.
  static func faults(_ page: String, _ text: String) throws -> [String] {
    try MarkdownPage(text).links.compactMap { link in
      guard let (file, anchor) = place(link.target, from: page) else {
        let isSafe = link.target.hasPrefix("https://") || link.target.hasPrefix("mailto:")
        return isSafe ? nil : "\(page):\(link.line): \(link.target) is no link of https"
      }
      guard !file.hasPrefix(".."), FileManager.default.fileExists(atPath: Repository.path(file)) else {
        return "\(page):\(link.line): there is no \(file)"
      }
      guard let anchor, file.hasSuffix(".md") else { return nil }
      let anchors = MarkdownPage(file == page ? text : try Repository.text(file)).anchors
      return anchors.contains(anchor) ? nil : "\(page):\(link.line): \(file) has no heading \(anchor)"
    }
  }

  @Test("each link leads to a file and a heading that are there", arguments: pages)
  func links(page: String) throws {
    #expect(try Self.faults(page, Repository.text(page)) == [])
  }

  @Test("links that lead nowhere are found")
  func broken() throws {
    let text = """
      # One thing
      [a](none.md) [b](interface.md#none) [c](#one-thing) [d](#two) [e](http://example.com) [`f`](../none/) [k](../../outside)
      ```sh
      [g](none.md)
      ```
      [h](interface.md#exit-status) `[i](none.md)` [j](https://example.com)
      """
    let found = try Self.faults("docs/README.md", text)
    #expect(found.count == 6, "\(found)")
    for word in ["no docs/none.md", "heading none", "heading two", "http://example.com", "no none", "no ../outside"] {
      #expect(found.contains { $0.contains(word) }, "\(word): \(found)")
    }
  }

  @Test("docs/README.md leads to every page and folder of docs")
  func index() throws {
    let links = try MarkdownPage(Repository.text("docs/README.md")).links
    let linked = Set(links.compactMap { Self.place($0.target, from: "docs/README.md")?.file })
    let expected = Self.pages.filter { $0.hasPrefix("docs/") && $0 != "docs/README.md" }
    #expect(expected.count > 10)
    for page in expected { #expect(linked.contains(page), "docs/README.md does not lead to \(page)") }
  }
}
