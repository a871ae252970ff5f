// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

/// What lies where a version of the registry is expected, and is none.
@Suite("Files in the place of the registry", .enabled(if: TemporaryPostgres.isUsable))
struct KeyFileTests {
  @Test("a version without its proof is no list of signers", arguments: [["registry"], ["proof"], []])
  func proofless(names: [String]) throws {
    let keys = try KeySite.founded()
    let document = try JSONValue(parsing: String(contentsOfFile: keys.registry(1), encoding: .utf8))
    let json =
      names.isEmpty
      ? try #require(document["registry"])
      : .object((document.members ?? []).filter { names.contains($0.name) })
    try Data(json.prettyBytes).write(to: URL(fileURLWithPath: keys.path("bare.json")))
    try keys.must("audit", "archive")
    for command in [["audit", "verify"], ["audit", "verify", "--database", keys.site.source], ["keys", "list"]] {
      let output = try keys.run(command, with: ["AUDIT_SIGNERS_FILE": keys.path("bare.json")])
      #expect(output.status == 78 && output.errorText.contains("signers/<version>.json"), "\(output.errorText)")
    }
  }

  @Test("objects of odd names beside the versions are named")
  func oddNames() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    let names = ["02.json", "0.json", "2.json.bak", String(repeating: "9", count: 30) + ".json"]
    for name in names {
      try Data("{}".utf8).write(to: URL(fileURLWithPath: keys.path("archive/memory-layer/signers/\(name)")))
    }
    let output = try keys.run("audit", "verify", "--json")
    let found = try json(output)["findings"]?.array?.compactMap { $0["object"]?.string } ?? []
    #expect(output.status == 65 && names.allSatisfy { name in found.contains { $0.hasSuffix("signers/\(name)") } })
    try keys.must("audit", "archive", "--until", "now")
  }
}
