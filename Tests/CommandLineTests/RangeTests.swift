// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Foundation
import S3Client
import Signing
import TestSupport
import Testing

/// Ranges by day go by manifests that can be trusted: what strangers write takes no day out of them.
@Suite("Ranges by day among strangers' manifests", .enabled(if: TemporaryPostgres.isUsable))
struct RangeTests {
  /// An archive of six days, of which a stranger makes something else.
  private struct Place {
    let site: Site
    let bucket: BucketSite?
    let days: [UTCDay]

    init(_ kind: StoreKind) throws {
      bucket = kind == .s3 ? try BucketSite() : nil
      site = try bucket?.site ?? Site()
      try site.makeChain(rows: 120, days: 6)
      let output = try site.run(["audit", "archive"], change: bucket?.change ?? [:])
      try #require(output.status == 0, "\(output.errorText)")
      let first = UTCDay(number: Timestamp.now().day.number - 6)
      days = (0..<6).map { first.advanced(by: $0) }
    }

    func callAsFunction(_ arguments: [String], keyless: Bool = false) throws -> CommandOutput {
      var change = bucket?.change ?? [:]
      if keyless { change["AUDIT_MANIFEST_SIGNER"] = .some(nil) }
      return try site.run(arguments, change: change)
    }

    private func path(_ sequence: Int) -> String {
      site.directory("archive/memory-layer/\(Archive.manifestKey(sequence))")
    }

    func manifest(_ sequence: Int) throws -> StoredManifest {
      if let bucket {
        let key = "a/b/memory-layer/\(Archive.manifestKey(sequence))"
        return try StoredManifest(
          parsing: #require(try bucket.bucket.client.read(key, versionID: nil, limit: 1 << 20)))
      }
      return try StoredManifest(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: path(sequence)))))
    }

    func put(_ sequence: Int, _ document: SignedDocument) throws {
      if let bucket {
        return try bucket.bucket.put("a/b/memory-layer/\(Archive.manifestKey(sequence))", document.bytes)
      }
      try? FileManager.default.removeItem(atPath: path(sequence))
      try Data(document.bytes).write(to: URL(fileURLWithPath: path(sequence)))
    }

    /// Puts a copy of the last manifest behind it, by a key that nobody knows.
    func putBehind(_ sequence: Int, day: UTCDay? = nil, joins: Bool = false) throws {
      let last = try manifest(5)
      var copy = last.manifest
      copy.sequence = sequence
      if let day { copy.coverage.day = day }
      if joins { copy.previousManifest = last.digest }
      let stranger = LocalSigner(privateKey: try PrivateKey.generateEd25519())
      try put(sequence, try stranger.sign(.manifest, copy.json))
    }

    /// Gives a manifest another day and the digest that fits, and leaves it its signatures.
    func redate(_ sequence: Int, _ day: UTCDay) throws {
      let stored = try manifest(sequence)
      var changed = stored.manifest
      changed.coverage.day = day
      let digest = try LocalSigner(privateKey: try PrivateKey.generateEd25519()).sign(.manifest, changed.json).digest
      let proof = Proof(digest: digest, threshold: 1, signatures: stored.proof.signatures)
      try put(sequence, SignedDocument(.manifest, changed.json, proof: proof))
    }

    /// What the commands take of the days from one on.
    func taken(from: UTCDay, to: UTCDay? = nil, _ out: String) throws -> [String: Int] {
      let range = ["--from", "\(from)"] + (to.map { ["--to", "\($0)"] } ?? [])
      func count(_ arguments: [String], _ member: String) throws -> Int {
        let output = try self(arguments + range + ["--json"])
        #expect(output.status == 0, "\(arguments): \(output.text)\(output.errorText)")
        let value = try json(output)[member]
        return value?.array?.count ?? (value?.integer).map { Int($0) } ?? -1
      }
      return [
        "list": try count(["manifest", "list"], "manifests"), "show": try count(["retention", "show"], "manifests"),
        "pull": try count(["manifest", "pull", "--out", site.directory(out)], "manifestsTotal"),
        "hold": try count(["hold", "on"], "manifests"),
        "extend": try count(["retention", "extend", "--days", "3000"], "manifests"),
      ]
    }
  }

  private static let commands = [
    ["manifest", "list"], ["retention", "show"], ["manifest", "pull", "--out", "OUT"], ["hold", "on"],
    ["retention", "extend", "--days", "3000"],
  ]

  /// Runs each command, which has to find that something is wrong.
  private func refuse(_ place: Place, _ range: [String], _ commands: [[String]] = Self.commands) throws {
    for command in commands {
      let arguments = command.map { $0 == "OUT" ? place.site.directory("refused") : $0 }
      let output = try place(arguments + range)
      #expect(output.status == 65, "\(arguments + range): \(output.text)\(output.errorText)")
    }
    #expect(!FileManager.default.fileExists(atPath: place.site.directory("refused")))
  }

  @Test(
    "a copy of the last manifest behind it, with an earlier day, takes nothing out", .enabled(if: SeaweedS3.isUsable))
  func earlierDayBehind() throws {
    let place = try Place(.s3)
    try place.putBehind(6, day: place.days[2])
    let all = ["list": 6, "show": 6, "pull": 6, "hold": 6, "extend": 6]
    #expect(try place.taken(from: place.days[0], "out") == all)
    #expect(try place.taken(from: place.days[3], "later").values.allSatisfy { $0 == 3 })
    let pulled = try place(["manifest", "pull", "--out", place.site.directory("noted"), "--json"])
    #expect(try json(pulled)["notes"]?.array?.contains { $0.string?.hasPrefix("manifest 6, ") == true } == true)
    #expect(try place(["hold", "on", "--all"]).errorText.contains("manifest 6, which no key at hand has signed"))
    for command in ["drill", "replay"] {
      let output = try place(["audit", command, "--select", "latest", "--json"])
      #expect(try output.status == 0 && json(output)["rows"] == 20, "\(output.text)\(output.errorText)")
      #expect(output.errorText.contains("passing over what no known key has signed"))
    }
    // Who has no key cannot tell junk: then it is said that days go back, or that manifests do not join.
    #expect(try place(["manifest", "list", "--from", "\(place.days[0])"], keyless: true).status == 65)
  }

  @Test("seven unsigned manifests behind the last one stop no range", .enabled(if: SeaweedS3.isUsable))
  func sevenBehind() throws {
    let place = try Place(.s3)
    for sequence in 6...12 { try place.putBehind(sequence, joins: sequence == 6) }
    let all = ["list": 6, "show": 6, "pull": 6, "hold": 6, "extend": 6]
    #expect(try place.taken(from: place.days[0], to: place.days[5], "out") == all)
    #expect(try place.taken(from: place.days[1], to: place.days[3], "part").values.allSatisfy { $0 == 3 })
    let shown = try place(["retention", "show", "--from", "\(place.days[0])"])
    #expect(shown.errorText.contains("manifests 6 to 12, which no key at hand has signed"), "\(shown.errorText)")
  }

  @Test("in a folder the last manifest with another day, or a stranger's behind it, is a finding")
  func folderEnd() throws {
    let place = try Place(.file)
    let last = try place.manifest(5)
    try place.redate(5, place.days[1])
    try refuse(place, ["--from", "\(place.days[0])"])
    try refuse(place, ["--from", "\(place.days[0])", "--to", "\(place.days[5])"])
    #expect(try place(["audit", "replay", "--select", "latest"]).status == 65)
    #expect(try place(["audit", "drill", "--select", "latest"]).status == 65)
    try place.put(5, SignedDocument(.manifest, last.manifest.json, proof: last.proof))
    #expect(try place(["manifest", "list", "--from", "\(place.days[0])"]).status == 0)
    try place.putBehind(6, day: place.days[2])
    try refuse(place, ["--from", "\(place.days[0])"])
    try refuse(place, ["--from", "\(place.days[0])", "--to", "\(place.days[4])"])
  }

  @Test("in a folder a manifest in the middle with another day is found wherever it lies", arguments: 1...4)
  func folderMiddle(sequence: Int) throws {
    let place = try Place(.file)
    let (first, last) = (place.days[0], place.days[5])
    for day in [first.advanced(by: -10), last.advanced(by: 4)] {
      try place.redate(sequence, day)
      let own = "\(place.days[sequence])"
      try refuse(place, ["--from", "\(first)", "--to", "\(last)"])
      try refuse(place, ["--from", own])
      try refuse(place, ["--to", own])
      try refuse(
        place, ["--from", own, "--to", own], [["manifest", "list"], ["retention", "show"], ["hold", "on"]])
      // What lies on the other side of signed manifests is not touched by it.
      let untouched = sequence < 3 ? last : first
      let output = try place(["hold", "on", "--from", "\(untouched)", "--to", "\(untouched)"])
      #expect(output.status == 0 && output.text.contains("1 manifest"), "\(output.text)\(output.errorText)")
      // To look at it, it is pulled with the others.
      let pulled = try place([
        "manifest", "pull", "--allow-unverified", "--from", "\(first)", "--to", "\(last)", "--json", "--out",
        place.site.directory("look \(day)"),
      ])
      #expect(try pulled.status == 65 && json(pulled)["manifestsTotal"] == 6, "\(pulled.text)\(pulled.errorText)")
    }
  }

  @Test("without keys all manifests are walked: the choice is called unverifiable, and days that go back are found")
  func keyless() throws {
    let place = try Place(.file)
    let range = ["--from", "\(place.days[1])", "--to", "\(place.days[4])"]
    let listed = try place(["manifest", "list", "--json"] + range, keyless: true)
    #expect(try listed.status == 0 && json(listed)["manifests"]?.array?.count == 4)
    #expect(listed.errorText.contains("unverifiable: which manifests are of these days"))
    #expect(try !place(["manifest", "list"] + range).errorText.contains("unverifiable"))
    try place.putBehind(6, day: place.days[2], joins: true)
    for arguments in [range, [], ["--from", "\(place.days[0])"]] {
      let output = try place(["manifest", "list"] + arguments, keyless: true)
      #expect(output.status == 65 && output.errorText.contains("lies before"), "\(output.errorText)")
    }
  }
}
