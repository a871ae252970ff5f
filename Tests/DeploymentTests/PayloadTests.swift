// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

/// Man pages and completions, against the commands that the program itself names.
@Suite("man pages and completions") struct PayloadTests {
  /// A command, its full name, and its own commands' names.
  private struct Entry {
    let name: [String]
    let commands: [String]
  }

  private static func entries() throws -> [Entry] {
    let output = try Command.run(Fixtures.product("memoryctl"), ["--experimental-dump-help"])
    var entries: [Entry] = []
    func walk(_ command: JSONValue, _ parents: [String]) {
      let name = parents + [command["commandName"]?.string ?? ""]
      let commands = command["subcommands"]?.array ?? []
      entries.append(Entry(name: name, commands: commands.compactMap { $0["commandName"]?.string }))
      for command in commands { walk(command, name) }
    }
    walk(try #require(try JSONValue(parsing: output.standardOutput)["command"]), [])
    try #require(entries.contains { $0.name == ["memoryctl", "audit", "archive"] })
    return entries
  }

  @Test("every command has a page that says what it is called")
  func pages() throws {
    let folder = try Payload.folder() + "/share/man/man1"
    let entries = try Self.entries()
    for entry in entries {
      let page = folder + "/" + entry.name.joined(separator: ".") + ".1"
      let output = try Command.run(
        "man", ["--warnings", "-l", page], environment: ["MANWIDTH": "200", "LC_ALL": "C.UTF-8"])
      #expect(output.status == 0, "\(page): \(output.errorText)")
      #expect(output.text.contains(entry.name.joined(separator: " ")), "\(page)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == entries.count)
  }

  @Test("bash completes every command")
  func bash() throws {
    let script = """
      source "$1"
      shift
      function=$(complete -p memoryctl | sed -E 's/.*-F ([^ ]+) .*/\\1/')
      COMP_WORDS=("$@" "") COMP_CWORD=$# COMP_LINE="$* "
      COMP_POINT=${#COMP_LINE}
      "$function" memoryctl "" "${@: -1}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let file = try Payload.folder() + "/share/bash-completion/completions/memoryctl"
    try expectCompletions { try Command.run("bash", ["-c", script, "bash", file] + $0) }
  }

  @Test("fish completes every command")
  func fish() throws {
    let file = try Payload.folder() + "/share/fish/vendor_completions.d/memoryctl.fish"
    let home = try TemporaryDirectory("home")
    try expectCompletions { words in
      try Command.run(
        "fish", ["-c", "source \(file); complete -C '\(words.joined(separator: " ")) ' | cut -f 1"],
        environment: ["HOME": home.path])
    }
  }

  private func expectCompletions(_ ask: ([String]) throws -> CommandOutput) throws {
    for entry in try Self.entries() where !entry.commands.isEmpty {
      let output = try ask(entry.name)
      let answers = Set(output.text.split(separator: "\n").map(String.init))
      // The program lists help as a command; completions leave it out below the first level.
      let commands = Set(entry.commands).subtracting(["help"])
      #expect(commands.isSubset(of: answers), "\(entry.name): \(answers), \(output.errorText)")
    }
  }

  @Test("zsh finds the function for the command, and it names every command")
  func zsh() throws {
    let folder = try Payload.folder() + "/share/zsh/site-functions"
    let home = try TemporaryDirectory("home")
    let script =
      "fpath=(\(folder) $fpath); autoload -Uz compinit; compinit -u -d \(home("dump")); print $_comps[memoryctl]"
    let output = try Command.run("zsh", ["-fc", script], environment: ["HOME": home.path])
    #expect(output.text == "_memoryctl\n", "\(output.errorText)")
    let syntax = try Command.run("zsh", ["-n", folder + "/_memoryctl"])
    #expect(syntax.status == 0, "\(syntax.errorText)")
    let text = try String(contentsOfFile: folder + "/_memoryctl", encoding: .utf8)
    for entry in try Self.entries() {
      for command in entry.commands { #expect(text.contains("'\(command):"), "\(entry.name) \(command)") }
    }
  }
}
