// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Compliance
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

@Suite("Pulling")
struct PullJobTests {
  private func files(_ path: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
  }

  private func names(_ directory: TemporaryDirectory) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
  }

  private func text(_ directory: TemporaryDirectory, _ name: String) throws -> String {
    try String(contentsOfFile: directory("out/\(name)"), encoding: .utf8)
  }

  @Test("the folder holds what is stored, byte for byte", arguments: StoreKind.usable)
  func whole(kind: StoreKind) throws {
    let signed = try SignedArchive(.ed25519, kind)
    let directory = try TemporaryDirectory("pull")
    let report = try signed.pull(into: directory("out")) { $0.takesBundles = true }
    #expect(report.isVerified && report.rows == 200 && report.bundles.rowsVerified == 200)
    #expect(report.days.closed == 4 && report.days.empty == 2 && report.days.missingTotal == 0)
    let bundles = try files(directory("out/bundles"))
    #expect(
      try files(directory("out")) == [
        "SHA256SUMS", "VERIFY.md", "bundles", "bundles.sha256", "bundles/\(bundles[0])", "bundles/\(bundles[1])",
        "keys",
        "keys.json", "keys/f99aba33c69e7c5e.pem", "manifests", "manifests/0000000000.json", "manifests/0000000001.json",
        "manifests/0000000002.json", "manifests/0000000003.json", "registry.json", "report.html", "report.json",
      ])
    for key in ["manifests/0000000001.json", "bundles/\(bundles[1])"] {
      let stored = try #require(try signed.place.store.read("memory-layer/\(key)", limit: 1 << 24))
      #expect(try Data(contentsOf: URL(fileURLWithPath: directory("out/\(key)"))) == Data(stored))
    }
    #expect(try names(directory) == ["out"])
    // The registry is one that the program reads, with public keys alone.
    let registry = try KeyRegistry(parsing: Array(text(directory, "registry.json").utf8), name: "registry.json")
    let key = try PublicKey(pem: Fixtures.bytes("chain/ed25519.pub.pem"))
    #expect(registry.keys.count == 2 && registry.kid(of: key) == "vector-ed25519")
  }

  @Test("a range of days, and what is missing of it")
  func range() throws {
    let signed = try SignedArchive()
    let directory = try TemporaryDirectory("pull")
    let report = try signed.pull(into: directory("out")) {
      ($0.from, $0.to) = (UTCDay("2026-11-21"), UTCDay("2026-11-22"))
    }
    #expect(report.manifests.map(\.sequence) == [1, 2])
    #expect(report.predecessor?.sequence == 0 && report.days.missingTotal == 0)
    let early = try signed.pull(into: directory("early")) { $0.from = UTCDay("2026-11-01") }
    #expect(early.days.beforeArchive == 19 && early.manifests.count == 4)
    let late = #expect(throws: Failure.self) {
      try signed.pull(into: directory("late")) { $0.from = UTCDay("2026-12-01") }
    }
    #expect(late?.status == .nothingToCheck)
    #expect(try names(directory) == ["early", "out"])
  }

  @Test("what does not verify is refused, and nothing is left", arguments: [false, true])
  func refused(bundles: Bool) throws {
    let signed = try SignedArchive()
    if bundles {
      let name = try #require(try files(signed.place.path("memory-layer/bundles")).first { $0.hasPrefix("0000000001") })
      var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: signed.place.path("memory-layer/bundles/\(name)"))))
      bytes[100] ^= 1
      try signed.place.overwrite("memory-layer/bundles/\(name)", bytes)
    } else {
      let stranger = try SignedDocument(
        parsing: Fixtures.bytes("golden-archive/memory-layer/manifests/0000000001.json"), .manifest)
      try signed.place.overwrite("memory-layer/manifests/0000000001.json", stranger.bytes)
    }
    let directory = try TemporaryDirectory("pull")
    let failure = #expect(throws: Failure.self) {
      try signed.pull(into: directory("out")) { $0.takesBundles = bundles }
    }
    #expect(failure?.status == .integrity, "\(failure as Any)")
    #expect(
      failure?.description.contains("manifest 1: ") == true
        && failure?.description.contains("--allow-unverified") == true)
    #expect(try names(directory) == [])

    let report = try signed.pull(into: directory("out")) {
      ($0.takesBundles, $0.allowsUnverified) = (bundles, true)
    }
    #expect(!report.isVerified && report.faulty >= 1)
    #expect(try text(directory, "VERIFY.md").hasPrefix("# UNVERIFIED\n"))
    #expect(try text(directory, "UNVERIFIED.txt").contains("- manifest 1: "))
    #expect(try text(directory, "report.html").contains("<title>UNVERIFIED: "))
    #expect(try JSONValue(parsing: text(directory, "report.json"))["verdict"] == "unverified")
    let guide = try GuideRunner(text(directory, "VERIFY.md"), in: directory("out"))
    #expect(try guide.run(step: "Nothing in this folder").status == 0)
    #expect(try guide.run(step: bundles ? "The bundles are" : "The manifests follow").status != 0)
  }

  @Test("keys that are not at hand are a reason to refuse")
  func unknownKey() throws {
    let signed = try SignedArchive()
    let directory = try TemporaryDirectory("pull")
    let failure = #expect(throws: Failure.self) { try signed.pull(into: directory("out"), keys: KeyRing([])) }
    #expect(failure?.status == .integrity && failure?.description.contains("signature-unverifiable") == true)
    let report = try signed.pull(into: directory("out"), keys: KeyRing([])) { $0.allowsUnverified = true }
    #expect(report.manifests.allSatisfy { $0.signature == .unverifiable } && report.keys.unknown == ["vector-ed25519"])
  }

  @Test("junk, a hole and a damaged manifest are pulled as they are on demand, and said")
  func damaged() throws {
    let signed = try SignedArchive()
    try signed.place.overwrite("memory-layer/manifests/0000000001.json", Array("{}".utf8))
    try FileManager.default.removeItem(atPath: signed.place.path("memory-layer/manifests/0000000002.json"))
    let directory = try TemporaryDirectory("pull")
    #expect(throws: (any Error).self) { try signed.pull(into: directory("out")) }
    let report = try signed.pull(into: directory("out")) {
      ($0.from, $0.to, $0.allowsUnverified) = (UTCDay("2026-11-21"), UTCDay("2026-11-23"), true)
    }
    #expect(report.manifests.map(\.sequence) == [1, 3])
    #expect(report.manifests.allSatisfy { !$0.problems.isEmpty })
    #expect(try text(directory, "manifests/0000000001.json") == "{}")
  }

  @Test("a folder that is there is left as it is", arguments: ["folder", "file", "link"])
  func taken(what: String) throws {
    let signed = try SignedArchive()
    let directory = try TemporaryDirectory("pull")
    let manager = FileManager.default
    switch what {
    case "folder":
      try manager.createDirectory(atPath: directory("out"), withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: URL(fileURLWithPath: directory("out/mine")))
    case "file": try Data("mine".utf8).write(to: URL(fileURLWithPath: directory("out")))
    default:
      try manager.createDirectory(atPath: directory("empty"), withIntermediateDirectories: true)
      try manager.createSymbolicLink(atPath: directory("out"), withDestinationPath: directory("empty"))
    }
    let before = try files(directory.path)
    let failure = #expect(throws: Failure.self) { try signed.pull(into: directory("out")) }
    #expect(failure?.status == .refused)
    #expect(try files(directory.path) == before)
  }

  @Test("an empty folder is taken, and so is the name of one with a slash")
  func empty() throws {
    let signed = try SignedArchive()
    let directory = try TemporaryDirectory("pull")
    try FileManager.default.createDirectory(atPath: directory("out"), withIntermediateDirectories: true)
    #expect(try signed.pull(into: directory("out/")).isVerified)
    #expect(try names(directory) == ["out"])
  }

  @Test("what a killed run left is removed, what a live one works in is not")
  func leftovers() throws {
    let signed = try SignedArchive()
    let directory = try TemporaryDirectory("pull")
    for name in [".out.dead.memoryctl-pull", ".out.live.memoryctl-pull", ".other.dead.memoryctl-pull"] {
      try FileManager.default.createDirectory(atPath: directory("\(name)/pull"), withIntermediateDirectories: true)
      try Data().write(to: URL(fileURLWithPath: directory("\(name)/pull/half")))
    }
    // Held as by a run: flock(1) keeps the folder's descriptor as long as its command runs.
    let holder = try Command("flock", [directory(".out.live.memoryctl-pull"), "sh", "-c", "echo held; exec sleep 600"])
    while !holder.outputSoFar.contains("held"), holder.isRunning { usleep(1000) }
    _ = try signed.pull(into: directory("out"))
    #expect(try names(directory) == [".other.dead.memoryctl-pull", ".out.live.memoryctl-pull", "out"])
    holder.signal(SIGKILL)
  }

  @Test("stored versions of the registry come along, and what strangers put beside them does not")
  func signers() throws {
    let signed = try SignedArchive()
    let content = JSONValue.object(["format": "audit-signers/v1", "version": 1])
    let document = try SignedArchive.signer(.ed25519).sign(.registry, content)
    let junk = ["1.json": document.bytes, "2.json": Array("{}".utf8), "a b<i>.json": document.bytes]
    for (name, bytes) in junk { try signed.place.overwrite("memory-layer/signers/\(name)", bytes) }
    let directory = try TemporaryDirectory("pull")
    let report = try signed.pull(into: directory("out"))
    #expect(report.signers == ["signers/1.json"] && report.notes.count == 2)
    #expect(try files(directory("out/signers")) == ["1.json"])
    #expect(try !text(directory, "report.html").contains("<i>"))
  }
}
