// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

/// Keys that were given up, or that the registry never listed.
@Suite("A key that does not count now", .enabled(if: TemporaryPostgres.isUsable))
struct KeyTheftTests {
  private let early = "2026-01-02T00:00:00Z"

  private func manifestSigner(_ kid: String, _ keys: KeySite) -> [String: String?] {
    ["AUDIT_MANIFEST_SIGNER": "local:" + keys.pem(kid)]
  }

  private func countersignatures(_ keys: KeySite) -> String { keys.path("archive/memory-layer/countersignatures") }

  @Test("a retired key's countersignature counts no more, however it is dated; another's that was added before does")
  func retired() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    for kid in ["new", "thief"] { try keys.add(kid, use: "manifests", "--not-before", "2026-01-01T00:00:00Z") }
    try keys.change("promote", ["new", "thief"])
    try keys.change("revoke", ["archive"], "--compromised-since", early)
    let countersign = ["manifest", "countersign", "--all", "--reason", "compared"]
    try keys.must(countersign, with: manifestSigner("new", keys))
    try keys.must("audit", "verify")
    #expect(try keys.run(countersign, with: manifestSigner("thief", keys)).status == 66)
    let renewed = try json(try keys.must(countersign + ["--renew", "--json"], with: manifestSigner("thief", keys)))
    #expect(renewed["manifests"]?.array?.count == 2)
    #expect(try keys.run(countersign + ["--renew"], with: manifestSigner("thief", keys)).status == 66)
    let words = Dictionary(
      uniqueKeysWithValues: try FileManager.default.subpathsOfDirectory(atPath: countersignatures(keys))
        .filter { $0.hasSuffix(".json") }.map {
          ($0, try Data(contentsOf: URL(fileURLWithPath: countersignatures(keys) + "/" + $0)))
        })
    try keys.change("retire", ["new"])
    try keys.must("audit", "verify")
    // Without the other one's, what is left is the word of a key that anybody may have found.
    for (name, word) in words where String(decoding: word, as: UTF8.self).contains("\"thief\"") {
      try FileManager.default.removeItem(atPath: countersignatures(keys) + "/" + name)
    }
    let output = try keys.run("audit", "verify", "--json")
    let untrusted = try json(output)["findings"]?.array?.filter {
      $0["reason"]?.string?.hasPrefix("untrusted: ") == true
    }
    #expect(output.status == 65 && untrusted?.count == 2, "\(output.text)")
    #expect(try keys.run(countersign, with: manifestSigner("new", keys)).status == 78)
    try keys.must(countersign, with: manifestSigner("thief", keys))
    try keys.must("audit", "verify")
  }

  @Test("nobody countersigns with a key that the registry does not list, nor believes it on the machine that has it")
  func unlisted() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    try keys.must(
      "keys", "revoke", "archive", "--compromised-since", early, "--emergency", "--signer", "local:" + keys.pem("op5"),
      "--reason", "stolen")
    let asThief = manifestSigner("thief", keys)
    let output = try keys.run("manifest", "countersign", "--all", "--reason", "mine", with: asThief)
    #expect(output.status == 78 && output.errorText.contains("is not trusted itself"), "\(output.errorText)")
    #expect(!FileManager.default.fileExists(atPath: countersignatures(keys)))
    // One that lies there is worth no more to the thief's own machine than to an auditor's.
    let text = try String(contentsOfFile: keys.path("archive/memory-layer/manifests/0000000000.json"), encoding: .utf8)
    let stored = try SignedDocument(parsing: Array(text.utf8), .manifest)
    let content = Countersignature(
      stream: "memory-layer", sequence: 0, manifest: stored.digest, createdAt: .now(), despite: ["archive"], reason: "")
    let signer = LocalSigner(
      privateKey: try PrivateKey(pem: Array(Data(contentsOf: URL(fileURLWithPath: keys.pem("thief"))))))
    try FileManager.default.createDirectory(
      atPath: countersignatures(keys) + "/0000000000", withIntermediateDirectories: true)
    try Data(signer.sign(.countersignature, content.json).bytes).write(
      to: URL(fileURLWithPath: countersignatures(keys) + "/0000000000/0123456789abcdef.json"))
    let verified = try json(try keys.run("audit", "verify", "--json", with: asThief))
    #expect(verified["findings"]?.array?.count == 2, "\(verified)")
  }

  @Test("an operator whose key was revoked in an emergency approves no upgrade; the registry's own versions go on")
  func emergency() throws {
    let keys = try KeySite.founded()
    let payload = try keys.proposeUpgrade()
    let proof = try keys.approve(payload)
    try keys.must("multisig", "verify", "--payload", payload, "--proof", proof)
    try keys.must(
      "keys", "revoke", "op3", "--compromised-since", early, "--emergency", "--signer", "local:" + keys.pem("op5"),
      "--reason", "stolen")
    let verified = try keys.run("multisig", "verify", "--payload", payload, "--proof", proof)
    #expect(verified.status == 65 && verified.text.contains("\"op3\" does not count"), "\(verified.text)")
    #expect(try keys.run("multisig", "publish", "--payload", payload, "--proof", proof).status == 65)
    #expect(!FileManager.default.fileExists(atPath: keys.path("archive/memory-layer/proofs")))
    let others = try keys.approve(payload, by: ["op1", "op2", "op4"])
    try keys.must("multisig", "verify", "--payload", payload, "--proof", others)
    try keys.change("retire", ["op5"], by: ["op1", "op2", "op3"])
  }

  @Test("collect follows no source that a proposal names by itself")
  func source() throws {
    let keys = try KeySite.founded()
    let payload = try keys.propose("retire", ["op5"], [])
    let deaf = try DeafServer()
    let proposed = try JSONValue(parsing: String(contentsOfFile: payload, encoding: .utf8))
    let signers = (proposed["signers"]?.array ?? []).map { signer in
      let members = (signer.members ?? []).filter { $0.name != "source" }
      guard signer["signer_kid"] == "op1" else { return signer }
      return JSONValue.object(
        members + [JSONValue.Member("source", .string("proxy:http://127.0.0.1:\(deaf.port)"))])
    }
    let edited = JSONValue.object(
      (proposed.members ?? []).map { $0.name == "signers" ? JSONValue.Member($0.name, .array(signers)) : $0 })
    let file = keys.fresh("json")
    try Data(edited.canonicalBytes + [0x0a]).write(to: URL(fileURLWithPath: file))
    let output = try keys.run(
      ["multisig", "collect", "--json", "--payload", file, "--dir", keys.path("approvals"), "--timeout", "5"],
      with: ["SIGNING_PROXY_API_KEY": "secret"])
    let approved = try json(output)["approved"]?.array ?? []
    #expect(approved.contains("op1") && approved.count == 5, "\(output.text)\(output.errorText)")
  }

  @Test("sign refuses a key that is not on the roster, and one under another's id")
  func roster() throws {
    let keys = try KeySite.founded()
    for payload in [try keys.propose("retire", ["op5"], []), try keys.proposeUpgrade()] {
      func sign(_ kid: String, _ more: String...) throws -> CommandOutput {
        try keys.run(
          ["multisig", "sign", "--payload", payload, "--signer", "local:" + keys.pem(kid), "--out", keys.path("out")]
            + more)
      }
      for (output, words) in [
        (try sign("thief"), "does not list this key"), (try sign("archive"), "no signer of the multisig"),
        (try sign("op1", "--kid", "op2"), "the key of \"op1\""), (try sign("thief", "--kid", "op2"), "does not list"),
      ] {
        #expect(output.status == 73 && output.errorText.contains(words), "\(output.text)\(output.errorText)")
      }
      #expect(!FileManager.default.fileExists(atPath: keys.path("out")))
      #expect(try sign("op1", "--kid", "op1").status == 0)
      try FileManager.default.removeItem(atPath: keys.path("out"))
    }
  }

  @Test("what a revoked key signed is locked for longer, and its hold stays; a stranger's is left alone")
  func evidence() throws {
    let keys = try KeySite.founded()
    try keys.must("audit", "archive")
    try keys.change("revoke", ["archive"], "--compromised-since", early)
    let bare: [String: String?] = ["AUDIT_MANIFEST_SIGNER": nil]
    for arguments in [["hold", "on", "--all"], ["retention", "extend", "--all", "--days", "800"]] {
      let output = try keys.run(arguments, with: bare)
      #expect(output.status == 0 && output.text.contains("2 manifests"), "\(output.text)\(output.errorText)")
    }
    let off = try keys.run(["hold", "off", "--all"], with: bare)
    #expect(off.status == 65 && off.errorText.contains("no lock was changed"), "\(off.errorText)")
    let path = keys.path("archive/memory-layer/manifests/0000000001.json")
    let manifest = try SignedDocument(parsing: Array(Data(contentsOf: URL(fileURLWithPath: path))), .manifest)
    let thief = LocalSigner(
      privateKey: try PrivateKey(pem: Array(Data(contentsOf: URL(fileURLWithPath: keys.pem("thief"))))))
    let forged = String(decoding: try thief.sign(.manifest, manifest.content, as: "archive").bytes, as: UTF8.self)
    try keys.alter(path) { _ in forged }
    #expect(try keys.run(["hold", "on", "--all"], with: bare).status == 65)
  }

  @Test("signer check fails for a key that the registry does not let sign, and warns of a candidate")
  func check() throws {
    let keys = try KeySite.founded()
    try keys.add("new", use: "manifests")
    let candidate = try keys.must("signer", "check", with: manifestSigner("new", keys))
    #expect(candidate.errorText.contains("is a candidate"))
    try keys.change("promote", ["new"])
    try keys.must("signer", "check", with: manifestSigner("new", keys))
    try keys.change("revoke", ["archive"], "--compromised-since", early)
    for command in ["check", "test"] {
      let output = try keys.run("signer", command)
      #expect(output.status == 78 && output.text.contains("is revoked since"), "\(output.text)\(output.errorText)")
    }
  }
}
