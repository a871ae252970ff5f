// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Foundation
import S3Client
import Signing
import TestSupport
import Testing

/// What somebody who may write to the bucket, and cannot sign, does to the commands.
@Suite("Strangers in a bucket", .enabled(if: TemporaryPostgres.isUsable && SeaweedS3.isUsable))
struct StrangerTests {
  private func put(_ place: BucketSite, _ key: String, _ bytes: [UInt8]) throws {
    _ = try place.bucket.client.put(
      "a/b/memory-layer/\(key)", .bytes(bytes), sha256: SHA256.hash(bytes), lock: nil, legalHold: false, ifAbsent: false
    )
  }

  private func days(_ place: BucketSite) throws -> [String] {
    let listed = try json(try place.run("manifest", "list", "--json"))
    return listed["manifests"]?.array?.compactMap { $0["day"]?.string } ?? []
  }

  @Test("junk under names that are to come stops no command, and audit verify names it")
  func junkBehind() throws {
    let place = try BucketSite()
    try place.site.makeChain(rows: 90)
    #expect(try place.run("audit", "archive").status == 0)
    for sequence in 3...6 { try put(place, Archive.manifestKey(sequence), Array("{}".utf8)) }
    #expect(try days(place).count == 3)
    for arguments in [
      ["retention", "show"], ["hold", "on", "--all"], ["hold", "off", "--all"], ["audit", "drill"],
      ["audit", "status"],
      ["audit", "archive"],
    ] {
      let output = try place.site.run(arguments, change: place.change)
      #expect(output.status == 0, "\(arguments): \(output.text)\(output.errorText)")
    }
    let verified = try place.run("audit", "verify", "--json")
    #expect(verified.status == 65)
    #expect(try json(verified)["findings"]?.array?.count == 4)
    #expect(try json(verified)["rows"] == 90)
  }

  @Test("a run whose keys are too old does not go on over manifests of newer ones")
  func staleKeys() throws {
    let place = try BucketSite()
    try place.site.makeChain(rows: 90, days: 3)
    let first = place.site.directory("first.pem")
    let second = place.site.directory("second.pem")
    for file in [first, second] {
      try PrivateKey.generateEd25519().pem.write(toFile: file, atomically: true, encoding: .utf8)
    }
    func archive(_ key: String, _ more: String...) throws -> CommandOutput {
      try place.site.run(
        ["audit", "archive"] + more, change: place.change.merging(["AUDIT_MANIFEST_SIGNER": "local:\(key)"]) { $1 })
    }
    let source = try json(try place.run("audit", "archive", "--dry-run", "--json"))
    #expect(source["rows"] == 90)
    let day = UTCDay(number: Timestamp.now().day.number - 3)
    #expect(try archive(first, "--through", "\(day)").status == 0)
    // The second key is known to who signs with it, and the first one to the registry of that run.
    let public1 = place.site.directory("first.pub")
    try PrivateKey(pem: Array(Data(contentsOf: URL(fileURLWithPath: first)))).publicKey.pem
      .write(toFile: public1, atomically: true, encoding: .utf8)
    let newer = try place.site.run(
      ["audit", "archive", "--through", "\(day.next)"],
      change: place.change.merging(
        ["AUDIT_MANIFEST_SIGNER": "local:\(second)", "AUDIT_SIGNING_PUBLIC_KEY": public1]) { $1 })
    #expect(newer.status == 0, "\(newer.errorText)")
    let before = try place.bucket.client.listVersions(prefix: "a/b/")
    let stale = try archive(first)
    #expect(stale.status == 65, "\(stale.errorText)")
    #expect(stale.errorText.contains("signature-unverifiable") && stale.errorText.contains("--pass-over-unknown"))
    #expect(try place.bucket.client.listVersions(prefix: "a/b/") == before)
    #expect(try archive(first, "--pass-over-unknown").status == 0)
  }

  @Test("locks are changed of what a key at hand has signed, and of nothing else")
  func forgedLock() throws {
    let place = try BucketSite()
    try place.site.makeChain(rows: 60)
    #expect(try place.run("audit", "archive").status == 0)
    let stranger: [String: String?] = ["AUDIT_MANIFEST_SIGNER": nil]
    for arguments in [["hold", "on", "--all"], ["retention", "extend", "--all", "--days", "3000"]] {
      let output = try place.site.run(arguments, change: place.change.merging(stranger) { $1 })
      #expect(output.status == 65, "\(arguments): \(output.text)")
      #expect(output.errorText.contains("no lock was changed"))
    }
    let shown = try place.run("retention", "show", "--json", change: stranger)
    #expect(shown.status == 0)
    #expect(try json(shown)["unsigned"] == 3)
    #expect(try json(shown)["manifests"]?.array?.allSatisfy { $0["objects"]?.array?[0]["legalHold"] == false } == true)
  }

  @Test("a name with line breaks writes no line of its own")
  func lineBreak() throws {
    let place = try BucketSite()
    try place.site.makeChain(rows: 30)
    #expect(try place.run("audit", "archive").status == 0)
    try put(place, "bundles/x\nintact: 600 rows", [1])
    let verified = try place.run("audit", "verify")
    #expect(!verified.text.split(separator: "\n").dropFirst().contains { $0.hasPrefix("intact") }, "\(verified.text)")
  }
}
