// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite("The checklist of a sign-off")
struct ChecklistTests {
  /// Runs a sign-off that gets no further than to look for what it needs behind the checklist.
  private func signoff(_ list: String) throws -> CommandOutput {
    let directory = try TemporaryDirectory("checklist")
    let file = directory("list.md")
    try Data(list.utf8).write(to: URL(fileURLWithPath: file))
    return try Command.run(
      Fixtures.product("memoryctl"),
      [
        "signoff", "--checklist", file, "--approver", "a", "--role", "r", "--module", "m", "--change", "c",
      ], environment: [:], inheritsEnvironment: false)
  }

  @Test(
    "whatever looks like a box and is no ticked item is open",
    arguments: [
      "- [ ] OPEN", "> - [ ] OPEN", "- - [ ] OPEN", "- [  ] OPEN", "\u{a0}- [ ] OPEN", "\u{2022} [ ] OPEN",
      "| [ ] OPEN | me |", "[ ] OPEN", "- \u{2610} OPEN", "- [ ](https://example.org) OPEN", "2. [ ] OPEN",
      "a. [ ] OPEN",
      "- **[ ] OPEN**", "<li><INPUT type=checkbox> OPEN", "- [\u{445}] OPEN", "- [x\u{338}] OPEN", "- [-] OPEN",
      "- [] OPEN",
      "- [x] [ ] OPEN", "- [x](https://example.org) OPEN", "<!-- - [ ] OPEN -->", "```\n- [ ] OPEN\n```", "- [x]OPEN",
      "text\r- [ ] OPEN",
    ])
  func open(_ line: String) throws {
    for list in ["- [x] done\n\(line)\n", "\(line)\n- [x] done\n", "\u{feff}\(line)\n- [x] done\n"] {
      let output = try signoff(list)
      #expect(output.status == 73 && output.errorText.contains("not ticked"), "\(list): \(output.errorText)")
      #expect(output.errorText.contains("OPEN"), "\(output.errorText)")
    }
  }

  @Test(
    "an item that nobody sees is none",
    arguments: [
      "", "all fine\n", "<!--\n- [x] done\n-->\n", "```md\n- [x] done\n```\n", "~~~\n- [x] done\n~~~\nfine\n",
    ])
  func none(_ list: String) throws {
    let output = try signoff(list)
    #expect(output.status == 73 && output.errorText.contains("has no items"), "\(list): \(output.errorText)")
  }

  @Test(
    "ticked items in the forms that Markdown has, and what is no box",
    arguments: [
      "- [x] done", "* [X] done", "+ [x] done", "1. [x] done", "12) [X] done", "  - [x] done", "> - [x] done",
      "# Title [1]\n- [x] done, see [the page](https://example.org) and [it](https://example.org)\n\n[1]: https://example.org",
      "<!-- note -->\n- [x] done\n```\ncode\n```\n- [x] more",
    ])
  func ticked(_ list: String) throws {
    let output = try signoff(list + "\n")
    #expect(output.status == 78 && output.errorText.contains("AUDIT_ARCHIVE_URL"), "\(list): \(output.errorText)")
  }
}
