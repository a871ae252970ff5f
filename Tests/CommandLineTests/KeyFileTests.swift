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
}
