// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuditCore

@Suite("Text of strangers")
struct VisibleTextTests {
  @Test(
    "hidden characters are named, the rest stays",
    arguments: [
      ("plain, and ünïcödé 漢字", "plain, and ünïcödé 漢字"), ("a\nverified: 6 manifests", "a\\u{a}verified: 6 manifests"),
      ("\u{1b}[2K\r", "\\u{1b}[2K\\u{d}"), ("\u{202e}gnp.exe", "\\u{202e}gnp.exe"),
      ("\u{9b}8m\u{7f}", "\\u{9b}8m\\u{7f}"),
    ])
  func named(_ text: String, _ shown: String) { #expect(text.visible == shown) }

  @Test("lines stay lines where they are ours")
  func lines() { #expect("one\ntwo\u{1b}[1m".visibleLines == "one\ntwo\\u{1b}[1m") }

  @Test("a failure is one line, whatever it is about")
  func failure() {
    let failure = Failure(.integrity, "signed by \"\nintact: 6 rows\u{1b}[8m\"", on: "m\u{0}", remedy: "look")
    #expect(failure.description == "m\\u{0}: signed by \"\\u{a}intact: 6 rows\\u{1b}[8m\"; look")
  }
}
