// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

@Suite("commands that were cut off, and run again", .enabled(if: TemporaryPostgres.isUsable))
struct ResumedChangeTests {
  @Test("a change of the registry brings the operator's file up too, takes leftovers away, and turns nothing back")
  func change() throws {
    let keys = try KeySite.founded()
    try keys.add("new", use: "manifests")
    let payload = try keys.propose("promote", ["new"], [])
    let command = ["keys", "promote", "new", "--payload", payload, "--proof", try keys.approve(payload)]
    let before = try Data(contentsOf: URL(fileURLWithPath: keys.file))
    try keys.must(command)
    let after = try Data(contentsOf: URL(fileURLWithPath: keys.file))
    #expect(before != after)
    // As a run leaves it that ended between the version and the file.
    try before.write(to: URL(fileURLWithPath: keys.file))
    let signers = "archive/memory-layer/signers", locks = "archive/.retention/memory-layer/signers"
    let left = ["\(signers)/.2.json.5.part", "\(locks)/.2.json.json.5.part", ".signers.json.5.part"].map(keys.path)
    let others = [".signers.json.old.part", ".signers.json.part"].map(keys.path)
    for path in left + others { try Data([1]).write(to: URL(fileURLWithPath: path)) }
    try keys.must(command)
    #expect(try Data(contentsOf: URL(fileURLWithPath: keys.file)) == after)
    #expect(try keys.events("signer.promoted").count { $0["signer_kid"] == "new" } == 1)
    #expect(left.filter { FileManager.default.fileExists(atPath: $0) } == [])
    try keys.change("retire", ["archive"], "--reason", "rotation")
    #expect(others.filter { FileManager.default.fileExists(atPath: $0) } == others)
    let newest = try Data(contentsOf: URL(fileURLWithPath: keys.file))
    // What stands is recorded once more by nobody, and nothing leads back from version 3 to version 2.
    let again = try keys.run(command)
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: keys.file)) == newest)
  }
}
