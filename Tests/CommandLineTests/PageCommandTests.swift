// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

@Suite("Pages of commands", .enabled(if: TemporaryPostgres.isUsable))
struct PageCommandTests {
  private func archived(rows: Int = 60) throws -> Site {
    let site = try Site()
    try site.makeChain(rows: rows)
    let output = try site.run("audit", "archive")
    guard output.status == 0 else { throw TestSupportError(output.errorText) }
    return site
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test("audit status --html writes the page in one step, and prints what it prints")
  func status() throws {
    let site = try archived()
    let file = site.directory("status.html")
    try "an older page".write(toFile: file, atomically: true, encoding: .utf8)
    let plain = try site.run("audit", "status", "--json")
    let output = try site.run("audit", "status", "--json", "--html", file)
    #expect(output.status == 0 && output.text == plain.text)
    let page = try text(file)
    #expect(page.contains("<h1>The archive is well</h1>"))
    let head = try #require(try json(plain)["headHash"]?.string)
    #expect(page.contains(head) && page.contains("Manifests 0 to 2"))
    let names = try FileManager.default.contentsOfDirectory(atPath: site.directory.path)
    #expect(!names.contains { $0.hasPrefix(".status") }, "\(names)")
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o644)
    let printed = try site.run("audit", "status", "--html", "-")
    #expect(printed.status == 0 && printed.text.hasPrefix("<!DOCTYPE html>") && printed.text.hasSuffix("</html>\n"))
  }

  @Test("what is wrong is drawn, too, and exits with 65")
  func problems() throws {
    let site = try archived()
    let file = site.directory("status.html")
    let manifest = site.directory("archive/memory-layer/manifests/0000000001.json")
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: manifest)
    try "{}".write(toFile: manifest, atomically: false, encoding: .utf8)
    let output = try site.run("audit", "status", "--json", "--html", file)
    #expect(output.status == 65)
    let problems = try json(output)["problems"]?.array?.compactMap(\.string) ?? []
    #expect(problems.contains { $0.contains("manifests/0000000001.json") }, "\(problems)")
    #expect(try text(file).contains("<h1>The archive needs attention</h1>"))
    // Where the page cannot be written either, what was found counts.
    let nowhere = try site.run("audit", "status", "--json", "--html", site.directory("no/such/folder/x.html"))
    #expect(nowhere.status == 65 && nowhere.errorText.contains("could not be written"))
    #expect(try json(nowhere)["verdict"] == "attention")
  }

  @Test("a page that cannot be written is no success, and the result is printed all the same")
  func unwritable() throws {
    let site = try archived()
    let output = try site.run("audit", "status", "--json", "--html", site.directory("no/such/folder/x.html"))
    #expect(output.status == 78 && output.errorText.contains("--html"), "\(output.errorText)")
    #expect(try json(output)["verdict"] == "well")
    let folder = try site.run("audit", "status", "--html", site.directory("archive"))
    #expect(folder.status != 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: site.directory.path)
    #expect(!names.contains { $0.hasPrefix(".archive") }, "\(names)")
    #expect(try site.run("audit", "status").status == 0)
  }

  @Test(
    "what contradicts itself is refused",
    arguments: [
      ["--html", "-", "--json"], ["--html", ""], ["--html", "folder/"], ["--html", "postgresql://u:pw@h/d"],
    ])
  func usage(_ arguments: [String]) throws {
    let site = try Site()
    for command in [["audit", "status"], ["audit", "drill"]] {
      let output = try site.run(command + arguments)
      #expect(output.status == 64 && !output.errorText.contains("pw@"), "\(output.errorText)")
    }
  }

  @Test("audit drill --html draws the drill, and --report an earlier one")
  func drill() throws {
    let site = try archived()
    let file = site.directory("drill.html")
    let none = try site.run("audit", "drill", "--report", "latest", "--html", file)
    #expect(none.status == 66 && !FileManager.default.fileExists(atPath: file))
    let drill = try json(try site.run("audit", "drill", "--json", "--html", file))
    let key = try #require(drill["report"]?.string)
    let page = try text(file)
    #expect(page.contains(": passed</h1>") && page.contains(key) && page.contains("The altered row was found"))
    for step in drill["steps"]?.array ?? [] { #expect(page.contains(try #require(step["name"]?.string))) }

    for name in ["latest", key, String(key.dropFirst("drills/".count))] {
      let again = try site.run("audit", "drill", "--report", name, "--json", "--html", file)
      #expect(again.status == 0, "\(again.errorText)")
      #expect(try json(again)["report"] == .string(key))
      #expect(try text(file) == page)
    }
    let stranger = try site.run(
      "audit", "drill", "--report", "latest", "--html", file, change: ["AUDIT_MANIFEST_SIGNER": nil])
    #expect(stranger.status == 65)
    #expect(try text(file).contains("could not be verified here"))
    // The status page leads to the drill's steps.
    let status = try site.run("audit", "status", "--html", "-").text
    #expect(status.contains("href=\"#drill-") && status.contains("negative control"))
  }

  @Test("a drill that fails has a page as well")
  func failedDrill() throws {
    let site = try archived()
    let bundle = site.directory("archive/memory-layer/bundles/\(try #require(try site.bundles().last))")
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: bundle)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: bundle))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(fileURLWithPath: bundle))
    let file = site.directory("drill.html")
    #expect(try site.run("audit", "drill", "--html", file).status == 65)
    let page = try text(file)
    #expect(page.contains(": failed</h1>") && page.contains("It failed at") && page.contains("It was not reached"))
  }
}
