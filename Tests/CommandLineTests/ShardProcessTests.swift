// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

@Suite("Shards as processes of an Indexed Job", .enabled(if: TemporaryPostgres.isUsable))
struct ShardProcessTests {
  private static let count = 4

  private func job(_ index: Int, _ run: String, _ count: Int = count) -> [String: String?] {
    ["JOB_COMPLETION_INDEX": "\(index)", "AUDIT_SHARDS": "\(count)", "AUDIT_RUN": run]
  }

  private func verdict(_ site: Site, _ run: String, _ index: Int) -> String {
    site.directory("archive/memory-layer/checks/\(run)/\(index)-of-\(Self.count).json")
  }

  @Test("200 bundles: one process is killed at several instants and retried, and the join gives one process's document")
  func killed() throws {
    let site = try Site()
    try site.makeChain(rows: 2000, days: 200)
    #expect(try site.run("audit", "archive").status == 0)
    #expect(try site.bundles().count == 200)
    let whole = try site.run("audit", "verify", "--json")
    #expect(whole.status == 0)
    let pods = try [0, 1, 3].map { try site.start("audit", "verify", change: job($0, "night")) }
    for delay in [0, 20, 60, 120, 200] {
      let pod = try site.start("audit", "verify", change: job(2, "night"))
      usleep(UInt32(delay) * 1000)
      pod.signal(SIGKILL)
      let status = try pod.wait().status
      #expect(status == -SIGKILL || status == 0)
      let isThere = FileManager.default.fileExists(atPath: verdict(site, "night", 2))
      #expect(isThere || status != 0)
      #expect(delay > 0 || status == -SIGKILL && !isThere)
    }
    for pod in pods { #expect(try pod.wait().status == 0) }
    #expect(try site.run("audit", "verify", change: job(2, "night")).status == 0)
    let joined = try site.run("audit", "verify", "--join", "night", "--json")
    #expect(joined.status == 0, "\(joined.errorText)")
    #expect(joined.text == whole.text)

    let kept = FileManager.default.contents(atPath: verdict(site, "night", 2))
    let again = try site.run("audit", "verify", "--shard", "2/4", "--run", "night", "--json", change: job(0, "x", 9))
    #expect(again.status == 0)
    let document = try json(again)
    #expect(
      names(document) == [
        "verdict", "run", "shard", "of", "rows", "manifests", "end", "anomaliesTotal", "findingsTotal", "finishedAt",
        "isEarlier", "object",
      ])
    #expect(document["isEarlier"] == true && document["manifests"] == 50 && document["end"] == 200)
    #expect(FileManager.default.contents(atPath: verdict(site, "night", 2)) == kept)
  }

  @Test("what is wrong is the join's to say: shards exit 0, the join 65, with the document of one process")
  func broken() throws {
    let site = try Site()
    let made = try site.run("dev", "chain", "--rows", "240", "--days", "12", "--broken", "hash", "--at", "130")
    #expect(made.status == 0)
    #expect(try site.run("audit", "archive").status == 65)
    let bundle = site.directory("archive/memory-layer/bundles/\(try site.bundles()[3])")
    var bytes = try #require(FileManager.default.contents(atPath: bundle))
    bytes[bytes.count / 2] ^= 4
    try FileManager.default.removeItem(atPath: bundle)
    try bytes.write(to: URL(fileURLWithPath: bundle))
    try FileManager.default.removeItem(atPath: site.directory("archive/memory-layer/manifests/0000000007.json"))
    let whole = try site.run("audit", "verify", "--json")
    #expect(whole.status == 65)
    for index in 0..<2 {
      let shard = try site.run("audit", "verify", "--shard", "\(index)/2", "--run", "r")
      #expect(shard.status == 0, "\(shard.errorText)")
      #expect(shard.text.contains("broken"), "\(shard.text)")
    }
    let joined = try site.run("audit", "verify", "--join", "r", "--json")
    #expect(joined.status == 65 && joined.text == whole.text)
    // A verdict that somebody changed counts for nothing.
    let path = site.directory("archive/memory-layer/checks/r/1-of-2.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try FileManager.default.removeItem(atPath: path)
    try text.replacingOccurrences(of: "\"findingsTotal\": 1", with: "\"findingsTotal\": 0")
      .write(toFile: path, atomically: true, encoding: .utf8)
    let forged = try site.run("audit", "verify", "--join", "r", "--json")
    #expect(
      forged.status == 65 && forged.text.isEmpty && forged.errorText.contains("1-of-2.json"), "\(forged.errorText)")
  }

  @Test("a join by default has no verdict for shards that left signatures out; by their options it has")
  func weaker() throws {
    let site = try Site()
    try site.makeChain(rows: 60, days: 6)
    #expect(try site.run("audit", "archive").status == 0)
    for (run, options) in [("n", ["--no-signatures"]), ("s", ["--signatures", "sample:10"])] {
      let shard = try site.run(["audit", "verify", "--shard", "0/1", "--run", run] + options)
      #expect(shard.status == 0, "\(shard.errorText)")
      let refused = try site.run("audit", "verify", "--join", run, "--json")
      #expect(refused.status == 78 && refused.text.isEmpty)
      #expect(refused.errorText.contains(options.joined(separator: " ")), "\(refused.errorText)")
      let joined = try site.run(["audit", "verify", "--join", run, "--json"] + options)
      #expect(joined.status == 0, "\(joined.errorText)")
      #expect(try joined.text == site.run(["audit", "verify", "--json"] + options).text)
    }
  }

  @Test("in a bucket", .enabled(if: SeaweedS3.isUsable))
  func bucket() throws {
    let place = try BucketSite()
    try place.site.makeChain(rows: 120, days: 12)
    #expect(try place.run("audit", "archive").status == 0)
    let whole = try place.run("audit", "verify", "--json")
    let pods = try (0..<3).map {
      try place.site.start("audit", "verify", change: place.change.merging(job($0, "b", 3)) { $1 })
    }
    for pod in pods { #expect(try pod.wait().status == 0) }
    let joined = try place.run("audit", "verify", "--join", "b", "--json")
    #expect(joined.status == 0 && joined.text == whole.text, "\(joined.errorText)")
    #expect(try place.keys("checks/b").count == 3)
  }

  @Test("what a shard has to be told, and what contradicts")
  func usage() throws {
    let site = try Site()
    try site.makeChain(rows: 30)
    #expect(try site.run("audit", "archive").status == 0)
    let cases: [(arguments: [String], change: [String: String?], status: Int32, words: String)] = [
      (["--shard", "1"], [:], 64, "of how many"),
      (["--shard", "4/4", "--run", "r"], [:], 64, "count from 0"),
      (["--shard", "x/4", "--run", "r"], [:], 64, "takes I/N"),
      (["--shard", "1/4"], [:], 78, "AUDIT_RUN"),
      (["--shard", "1/4", "--run", "a/b"], [:], 64, "run's name"),
      (["--run", "r"], [:], 64, "--shard"),
      (["--retention-days", "500"], [:], 64, "--shard"),
      (["--join", "r", "--shard", "0/1"], [:], 64, "--join"),
      (["--join", "r", "--no-signatures"], [:], 66, "no verdict"),
      (["--shard", "0/1", "--run", "r", "--database", site.source], [:], 64, "archive"),
      (["--shard", "0/1", "--run", "r", "FILE"], [:], 64, "archive"),
      ([], ["JOB_COMPLETION_INDEX": "1"], 78, "AUDIT_SHARDS"),
      ([], ["JOB_COMPLETION_INDEX": "4", "AUDIT_SHARDS": "4", "AUDIT_RUN": "r"], 78, "no shard 4 of 4"),
      ([], ["JOB_COMPLETION_INDEX": "1", "AUDIT_SHARDS": "0", "AUDIT_RUN": "r"], 78, "AUDIT_SHARDS"),
      (["--join", "r"], [:], 66, "no verdict"),
      (["--shard", "0/1", "--run", "r"], ["AUDIT_MANIFEST_SIGNER": nil, "AUDIT_SIGNING_KEY": nil], 78, "no signer"),
      (["--shard", "0/1", "--run", "r", "--stream", "other"], [:], 66, "no manifest"),
    ]
    for row in cases {
      let output = try site.run(["audit", "verify"] + row.arguments, change: row.change)
      #expect(output.status == row.status, "\(row.arguments) \(row.change): \(output.errorText)")
      #expect(output.errorText.contains(row.words), "\(row.arguments) \(row.change): \(output.errorText)")
    }
    // A number of shards alone makes no shard of a run by hand.
    #expect(try site.run("audit", "verify", change: ["AUDIT_SHARDS": "4"]).text.hasPrefix("intact: 30 rows"))
    #expect(!FileManager.default.fileExists(atPath: site.directory("archive/memory-layer/checks")))
  }
}
