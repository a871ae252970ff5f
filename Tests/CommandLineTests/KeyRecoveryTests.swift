// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import TestSupport
import Testing

/// What still goes when the events key counts for nothing, the database is away, or a run was cut off.
@Suite("keys, by hands that are tied", .enabled(if: TemporaryPostgres.isUsable))
struct KeyRecoveryTests {
  /// A site whose registry lists the key of the events.
  private func site() throws -> (keys: KeySite, byOld: [String: String?]) {
    let keys = try KeySite()
    for kid in KeySite.operators { try keys.add(kid, use: "multisig") }
    try keys.add("archive", use: "manifests", "--not-before", "2026-01-01T00:00:00Z")
    let byOld = try signing("events", keys)
    try keys.must(
      "keys", "add", "--kid", "events", "--signer", "local:" + keys.pem("events"), "--use", "events", "--not-before",
      "2026-01-01T00:00:00Z", with: byOld)
    try keys.must(
      approved("promote", KeySite.operators + ["archive", "events"], ["--threshold", "3"], keys), with: byOld)
    return (keys, byOld)
  }

  private func signing(_ kid: String, _ keys: KeySite) throws -> [String: String?] {
    if !FileManager.default.fileExists(atPath: keys.pem(kid)) {
      try Data(PrivateKey.generateEd25519().pem.utf8).write(to: URL(fileURLWithPath: keys.pem(kid)))
    }
    return ["AUDIT_SIGNING_KEY": nil, "AUDIT_SIGNING_ALG": "ed25519", "AUDIT_SIGNING_PRIVATE_KEY_FILE": keys.pem(kid)]
  }

  private func approved(_ command: String, _ kids: [String], _ more: [String], _ keys: KeySite) throws -> [String] {
    let payload = try keys.propose(command, kids, more)
    return ["keys", command] + kids + ["--payload", payload, "--proof", try keys.approve(payload)]
  }

  private func revokeAtOnce(
    _ kid: String, by op: String, _ keys: KeySite, with environment: [String: String?]
  ) throws -> CommandOutput {
    try keys.run(
      "keys", "revoke", kid, "--compromised-since", "2026-01-02T00:00:00Z", "--emergency", "--signer",
      "local:" + keys.pem(op), "--reason", "op5's thief", with: environment)
  }

  @Test("one stolen operator's key casts doubt on the events key: three of five still take it back, and the thief out")
  func lockedOut() throws {
    let (keys, byOld) = try site()
    let doubted = try revokeAtOnce("events", by: "op5", keys, with: byOld)
    #expect(
      doubted.status == 78 && doubted.errorText.contains("could not be recorded in the chain now"),
      "\(doubted.errorText)")
    #expect(try keys.events("signer.revoked").isEmpty)
    // The other way round it works, too: the thief's key is doubted although no event can be signed.
    let thief = try revokeAtOnce("op5", by: "op1", keys, with: byOld)
    #expect(thief.status == 78 && thief.errorText.contains("is revoked since"), "\(thief.errorText)")
    let listed = try json(try keys.must("keys", "list", "--json"))
    #expect(listed["unratified"]?.array?.count == 2)

    let out = try approved("retire", ["op4"], [], keys)
    let stands = try keys.run(out, with: byOld)
    #expect(stands.status == 78 && stands.errorText.contains("version 2 of the registry is in force"))
    #expect(stands.errorText.contains("run the same command again"), "\(stands.errorText)")
    #expect(try json(try keys.must("keys", "list", "--json"))["version"] == 2)
    #expect(try keys.events("signer.retired").isEmpty)

    // The dismissal itself makes the key count again, and is recorded by it.
    let word = try #require(listed["unratified"]?.array?.first { $0["signer_kid"] == "events" })
    let dismiss = ["--dismiss", SignedDocument.digest(of: word).hex]
    try keys.must(approved("revoke", [], dismiss, keys) + dismiss, with: byOld)
    #expect(try keys.events("signer.revocation_dismissed").count == 1)
    // And what was left open is completed, once, though a later version is in force by now.
    for _ in 0..<2 { try keys.must(out, with: byOld) }
    #expect(try keys.events("signer.retired").map { $0["signer_kid"] } == ["op4"])
    #expect(try json(try keys.must("keys", "list", "--json"))["version"] == 3)
    try keys.must(approved("revoke", ["op5"], ["--compromised-since", "2026-01-02T00:00:00Z"], keys), with: byOld)
    #expect(try keys.events("signer.revoked").map { $0["signer_kid"] } == ["op5"])
    try keys.must("audit", "verify", "--database", keys.site.source, with: byOld)
  }

  @Test("a stolen events key: the replacement is added, promoted, and signs the event of its own promotion")
  func replaced() throws {
    let (keys, byOld) = try site()
    #expect(try revokeAtOnce("events", by: "op1", keys, with: byOld).status == 78)
    let byNew = try signing("events2", keys)
    let add = ["keys", "add", "--kid", "events2", "--signer", "local:" + keys.pem("events2"), "--use", "events"]
    let added = try keys.run(add, with: byOld)
    #expect(added.status == 78 && added.errorText.contains("is a candidate in"), "\(added.errorText)")
    // A candidate, and a key that nobody lists, record nothing either.
    #expect(try keys.run(add, with: byNew).status == 78)
    #expect(try keys.run(add, with: signing("stranger", keys)).status == 78)
    #expect(try keys.events("signer.added").contains { $0["signer_kid"] == "events2" } == false)
    let promotion = try approved("promote", ["events2"], [], keys)
    #expect(try keys.run(promotion, with: byOld).status == 78)
    try keys.must(promotion, with: byNew)
    #expect(try keys.events("signer.promoted").filter { $0["signer_kid"] == "events2" }.count == 1)
    for _ in 0..<2 { try keys.must(add, with: byNew) }
    #expect(try keys.events("signer.added").filter { $0["signer_kid"] == "events2" }.count == 1)
    #expect(try revokeAtOnce("events", by: "op1", keys, with: byNew).status == 0)
    #expect(try keys.events("signer.revoked").count == 1)
  }

  @Test("the founding, cut off before its events or before the operator's own file: run again, it is whole")
  func founding() throws {
    let keys = try KeySite()
    for kid in KeySite.operators { try keys.add(kid, use: "multisig") }
    let list = try String(contentsOfFile: keys.file, encoding: .utf8)
    let first = try approved("promote", KeySite.operators, ["--threshold", "3"], keys)
    let away = ["DATABASE_URL": "postgresql://postgres@127.0.0.1:\(try FaultServer.closedPort())/x"]
    let cut = try keys.run(first, with: away)
    #expect(cut.status == 69 && cut.errorText.contains("version 1 of the registry is in force"), "\(cut.errorText)")
    #expect(try json(try keys.must("keys", "list", "--json"))["version"] == 1)
    #expect(try keys.events("signer.promoted").isEmpty)
    // As if it had been cut off a moment earlier.
    try Data(list.utf8).write(to: URL(fileURLWithPath: keys.file))
    #expect(try keys.run("keys", "test").status == 78)
    for _ in 0..<2 { try keys.must(first) }
    #expect(try keys.events("signer.promoted").count == 5)
    #expect(try json(try keys.must("keys", "list", "--json"))["version"] == 1)
    // Another first version, well approved by its own signers, is not taken for the one that is there.
    let payload = first[first.count - 3]
    try Data(list.utf8).write(to: URL(fileURLWithPath: keys.file))
    try FileManager.default.moveItem(atPath: keys.registry(1), toPath: keys.path("1.json"))
    let other = try approved("promote", Array(KeySite.operators.dropLast()), ["--threshold", "3"], keys)
    try FileManager.default.moveItem(atPath: keys.path("1.json"), toPath: keys.registry(1))
    #expect(payload != other[other.count - 3])
    let refused = try keys.run(other)
    #expect(refused.status == 78 && refused.errorText.contains("AUDIT_SIGNERS_PIN"), "\(refused.errorText)")
  }

  @Test("a change that another one has overtaken: 75, and the version that came first stays")
  func overtaken() throws {
    let keys = try KeySite.founded()
    let late = try approved("retire", ["op5"], [], keys)
    try keys.change("retire", ["op4"])
    let refused = try keys.run(late)
    #expect(refused.status == 75 && refused.errorText.contains("another version 2 has come first"))
    #expect(try json(try keys.must("keys", "list", "--json"))["version"] == 2)
  }
}
