// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

@Suite("A fork of the registry, by the command line", .enabled(if: TemporaryPostgres.isUsable))
struct KeyForkTests {
  @Test("what decides by keys exits 65 and signs nothing while two versions are approved; a pin settles it")
  func undecided() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    let old = try String(contentsOfFile: keys.file, encoding: .utf8)
    try keys.change("retire", ["op5"])
    // One machine knows this version 2; the archive holds another one by then, which the same signers have approved.
    let mine: [String: String?] = ["AUDIT_SIGNERS_FILE": keys.path("mine.json")]
    try FileManager.default.moveItem(atPath: keys.file, toPath: keys.path("mine.json"))
    try FileManager.default.removeItem(atPath: keys.registry(2))
    try Data(old.utf8).write(to: URL(fileURLWithPath: keys.file))
    try keys.change("revoke", ["op4"])
    let manifests = { try FileManager.default.contentsOfDirectory(atPath: keys.path("archive/memory-layer/manifests")) }
    let before = try manifests()
    for command in [
      ["manifest", "verify", "0"], ["manifest", "pull", "--out", keys.path("pulled")], ["audit", "status"],
      ["audit", "archive", "--until", "now"], ["audit", "verify"], ["keys", "list"],
      ["audit", "drill", "--staging", keys.site.source], ["audit", "replay", "--staging", keys.site.source],
      ["manifest", "countersign", "--all", "--reason", "unseen"],
      ["keys", "retire", "op3", "--propose", keys.fresh("json")],
    ] {
      let output = try keys.run(command, with: mine)
      #expect(output.status == 65, "\(command): \(output.status) \(output.errorText)")
      #expect((output.text + output.errorText).contains("a fork"), "\(command): \(output.text)\(output.errorText)")
    }
    #expect(try manifests() == before && !FileManager.default.fileExists(atPath: keys.path("pulled")))
    // Who starts from before the fork, or pins the version that counts, goes on.
    for command in [["manifest", "verify", "0"], ["audit", "archive", "--until", "now"]] { try keys.must(command) }
    let digest = try #require(try json(keys.must("keys", "list", "--json"))["digest"]?.string)
    try keys.must(
      "manifest", "verify", "0", with: ["AUDIT_SIGNERS_FILE": nil, "AUDIT_SIGNERS_PIN": "2:" + digest])
  }
}
