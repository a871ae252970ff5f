// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@testable import memoryctl

@Suite("The progress line")
struct ProgressLineTests {
  private func text(_ rows: Int, of expected: Int, _ columns: Int) -> String {
    var line = ProgressLine()
    line.rows = rows
    line.bytes = 12 << 20
    line.expected = expected
    return line.text(seconds: 10, columns: columns)
  }

  @Test("it says as much as fits")
  func forms() {
    #expect(text(5000, of: 10_000, 80) == "[##########          ] 5000 rows, 12 MiB, 500 rows/s, 11 s left")
    #expect(text(5000, of: 10_000, 40) == "[#####     ] 5000 rows, 11 s left")
    #expect(text(5000, of: 10_000, 30) == "5000 rows, 11 s left")
    #expect(text(5000, of: 10_000, 20) == "50 %, 11 s left")
    #expect(text(5000, of: 0, 80) == "5000 rows, 12 MiB, 500 rows/s")
    #expect(text(5000, of: 0, 20) == "5000 rows")
    #expect(text(5000, of: 0, 3) == "")
  }

  @Test(
    "a terminal of 20 columns gets lines of fewer, a dumb one none",
    .enabled(if: TemporaryPostgres.isUsable))
  func terminals() throws {
    let site = try Site()
    try site.makeChain(rows: 3000)
    func run(_ terminal: String, _ arguments: String) throws -> String {
      try Command.run(
        "script", ["-qec", "stty cols 20; \(site.program) \(arguments)", site.directory("typescript")],
        environment: site.environment.merging(["TERM": terminal]) { $1 }, inheritsEnvironment: false
      ).text
    }
    let verify = "audit verify --database \(site.source)"
    let lines = try run("xterm", verify).components(separatedBy: "\r\u{1b}[K")
    #expect(lines.count > 2)
    #expect(lines.dropFirst().dropLast().allSatisfy { $0.count < 20 }, "\(lines)")
    #expect(lines.last?.contains("intact") == true)
    #expect(try !run("dumb", verify).contains("\u{1b}"))
    #expect(try !run("", verify).contains("\u{1b}"))
  }

  @Test("it fits any terminal")
  func fits() {
    for columns in 1...120 {
      for rows in [0, 1, 999_999_999, 12_345_678_901] {
        for expected in [0, rows, rows * 3, .max] { #expect(text(rows, of: expected, columns).count < columns) }
      }
    }
  }
}
