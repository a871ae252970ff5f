// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import memoryctl

@Suite("Colours")
struct ColourTests {
  @Test(
    "they are for terminals that have them, and for who wants them",
    arguments: [
      (["TERM": "xterm"], true), (["TERM": "xterm", "NO_COLOR": ""], true),
      (["TERM": "xterm", "NO_COLOR": "1"], false),
      (["TERM": "dumb"], false), ([:], false),
    ] as [([String: String], Bool)])
  func wanted(_ environment: [String: String], _ isWanted: Bool) {
    #expect(Colour.isWanted(environment) == isWanted)
  }

  @Test("the verdict is painted on a terminal alone", .enabled(if: TemporaryPostgres.isUsable))
  func verdict() throws {
    let site = try Site()
    try site.makeChain(rows: 40)
    let verify = "audit verify --database \(site.source)"
    func onTerminal(_ change: [String: String]) throws -> String {
      let environment = site.environment.merging(["TERM": "xterm"]) { $1 }.merging(change) { $1 }
      return try Command.run(
        "script", ["-qec", "\(site.program) \(verify)", site.directory("typescript")], environment: environment,
        inheritsEnvironment: false
      ).text
    }
    #expect(try onTerminal([:]).contains("\u{1b}[32mintact: 40 rows\u{1b}[0m"))
    #expect(try !onTerminal(["NO_COLOR": "1"]).contains("\u{1b}[32m"))
    #expect(try site.run(verify.split(separator: " ").map(String.init)).text.hasPrefix("intact: 40 rows"))
  }
}
