// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

@Suite("scripts/release", .serialized) struct ReleaseTests {
  private static let tools = Repository.path(".venv-release/bin")
  private static let first = Result { try release() }

  /// A release of the program that the tests run with, unpacked beside itself.
  private static func release() throws -> (folder: TemporaryDirectory, name: String) {
    let folder = try TemporaryDirectory("release")
    try Payload.script("release", ["--program", Fixtures.product("memoryctl"), "--out", folder.path])
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    try #require(files.count == 2 && files[1] == files[0] + ".sha256")
    let unpacked = try Command.run("tar", ["-xzf", files[0]], directory: folder.path)
    try #require(unpacked.status == 0, "\(unpacked.errorText)")
    return (folder, String(files[0].dropLast(".tar.gz".count)))
  }

  @Test("the same commit and program give the same bytes")
  func isReproducible() throws {
    let (first, name) = try Self.first.get()
    let (second, again) = try Self.release()
    #expect(name == again)
    #expect(name.hasPrefix("memoryctl-\(Tool.version)-linux-"))
    let compared = try Command.run("cmp", [first("\(name).tar.gz"), second("\(name).tar.gz")])
    #expect(compared.status == 0, "\(compared.text)")
  }

  @Test("its sums are those of its files, all of them")
  func sumsAreRight() throws {
    let (folder, name) = try Self.first.get()
    let outer = try Command.run("sha256sum", ["--check", "--strict", "\(name).tar.gz.sha256"], directory: folder.path)
    #expect(outer.status == 0, "\(outer.errorText)")
    let inner = try Command.run("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], directory: folder(name))
    #expect(inner.status == 0, "\(inner.errorText)")
    let listed = try Command.run("bash", ["-c", "cut -c 67- SHA256SUMS | sort"], directory: folder(name))
    let there = try Command.run(
      "bash", ["-c", "find . -type f ! -name SHA256SUMS -printf '%P\\n' | sort"], directory: folder(name))
    #expect(listed.text == there.text)
    for file in ["bin/memoryctl", "LICENSE", "cron/install", "cron/crontab", "sbom.spdx.json"] {
      #expect(there.text.contains("\(file)\n"))
    }
  }

  @Test("what is in the archive belongs to root and says nothing of who made it")
  func archiveIsNeutral() throws {
    let (folder, name) = try Self.first.get()
    let output = try Command.run("tar", ["-tvzf", folder("\(name).tar.gz"), "--numeric-owner"])
    let lines = output.text.split(separator: "\n")
    #expect(lines.count > 50)
    for line in lines {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      #expect(words[1] == "0/0" && words[5].hasPrefix(name), "\(line)")
      #expect(["-rw-r--r--", "-rwxr-xr-x", "drwxr-xr-x"].contains(String(words[0])), "\(line)")
    }
    #expect(Set(lines.map { $0.split(separator: " ")[3...4].joined(separator: " ") }).count == 1)
  }

  @Test("the bill of materials is valid SPDX, and names what is compiled in and linked")
  func billIsValid() throws {
    let (folder, name) = try Self.first.get()
    let file = folder("\(name)/sbom.spdx.json")
    let checked = try Command.run(Self.tools + "/pyspdxtools", ["-i", file])
    #expect(checked.status == 0, "\(checked.text)\(checked.errorText)")
    let bill = try JSONValue(parsing: [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))))
    let packages = Set(bill["packages"]?.array?.compactMap { $0["name"]?.string } ?? [])
    for package in ["memoryctl", "swift-nio", "swift-argument-parser", "hummingbird"] {
      #expect(packages.contains(package))
    }
    for library in ["libpq", "libcurl", "libssl", "libzstd", "libexpat"] {
      #expect(packages.contains { $0.hasPrefix(library) }, "\(library)")
    }
  }

  @Test("git writes the commit into the sources of a release, and a checkout has none")
  func commitIsStamped() throws {
    let commit = try Command.run("git", ["rev-parse", "HEAD"], directory: Repository.root).text.dropLast()
    let stamped = try Command.run(
      "bash", ["-c", "git archive HEAD Sources/AuditCore/Commit.swift | tar -xO"], directory: Repository.root)
    #expect(stamped.text.contains("stamp = \"\(commit)\"\n"))
    #expect(Tool.commit == nil)
    let version = try Command.run(Fixtures.product("memoryctl"), ["--version"])
    #expect(version.text == "\(Tool.version)\n")
  }
}
