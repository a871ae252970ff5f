// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The support that other suites stand on.
struct CommandTests {
  @Test func capturesBothStreamsAndStatus() throws {
    let input = [UInt8]("in".utf8)
    let output = try Command.run("sh", ["-c", "cat; pwd; echo err >&2; exit 65"], input: input, directory: "/usr")
    #expect(output.status == 65)
    #expect(output.text == "in/usr\n")
    #expect(output.errorText == "err\n")
  }

  @Test func environmentIsAddedToRemovedFromOrLeftOut() throws {
    let changed: [String: String?] = ["ADDED": "yes", "HOME": nil]
    #expect(try Command.run("env", environment: changed).text.contains("ADDED=yes\n"))
    #expect(try !Command.run("env", environment: changed).text.contains("\nHOME="))
    let bare = try Command.run("env", environment: ["ADDED": "yes"], inheritsEnvironment: false)
    #expect(bare.text.split(separator: "\n").allSatisfy { $0.hasPrefix("PATH=") || $0 == "ADDED=yes" })
  }

  @Test func signalEndsAProgramAndIsItsStatus() throws {
    let command = try Command("sh", ["-c", "echo up; exec sleep 60"])
    while command.outputSoFar != "up\n" { usleep(1000) }
    #expect(command.isRunning)
    command.signal(SIGTERM)
    #expect(try command.wait().status == -SIGTERM)
  }

  @Test func programThatRunsTooLongIsKilled() {
    #expect(throws: TestSupportError.self) { try Command.run("sleep", ["60"], timeout: 0.05) }
  }

  @Test func fixturesAndDirectoriesAreFound() throws {
    #expect(try Fixtures.text("jcs.json").hasPrefix("{"))
    var path = ""
    do {
      let directory = try TemporaryDirectory()
      path = directory.path
      #expect(FileManager.default.fileExists(atPath: path))
    }
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(Fixtures.product("memoryctl").hasSuffix("/memoryctl"))
    #expect(FileManager.default.isExecutableFile(atPath: Fixtures.product("memoryctl")))
  }
}
