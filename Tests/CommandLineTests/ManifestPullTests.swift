// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import TestSupport
import Testing

@Suite("What compliance pulls", .enabled(if: TemporaryPostgres.isUsable))
struct ManifestPullTests {
  /// Runs the guide of a folder by the system's tools, in another place.
  private func check(_ folder: String, in site: Site, steps: Int) throws -> [String] {
    let place = site.directory("elsewhere \(UInt64.random(in: 0 ... .max))")
    try FileManager.default.moveItem(atPath: folder, toPath: place)
    let guide = try GuideRunner(String(contentsOfFile: "\(place)/VERIFY.md", encoding: .utf8), in: place)
    #expect(guide.steps.count == steps)
    return try guide.steps.flatMap { step in
      let output = try guide.run(step.commands)
      #expect(output.status == 0, "\(step.title): \(output.text)\(output.errorText)")
      return output.text.split(separator: "\n").map(String.init)
    }
  }

  @Test("a chain of ours, pulled and checked by standard tools", arguments: ["ed25519", "rsa"])
  func pull(key: String) throws {
    let site = try Site()
    try site.makeChain(rows: 300)
    let change: [String: String?] = ["AUDIT_MANIFEST_SIGNER": "local:" + Fixtures.path("chain/\(key).pem")]
    #expect(try site.run(["audit", "archive", "--max-rows", "70"], change: change).status == 0)
    let out = site.directory("out")
    let pulled = try site.run(["manifest", "pull", "--bundles", "--out", out, "--json"], change: change)
    #expect(pulled.status == 0, "\(pulled.errorText)")
    let document = try json(pulled)
    #expect(
      names(document) == [
        "format", "verdict", "archive", "stream", "tool", "pulledAt", "from", "to", "first", "last", "manifestsTotal",
        "faulty", "rows", "days", "predecessor", "bundles", "anomaliesTotal", "earliestRetentionEnd", "problems",
        "notes",
        "out", "sha256sums",
      ])
    #expect(document["verdict"] == "verified" && document["rows"] == 300)
    #expect(document["bundles"]?["signatures"]?["valid"] == 300)
    let sums = [UInt8](try Data(contentsOf: URL(fileURLWithPath: out + "/SHA256SUMS")))
    #expect(document["sha256sums"]?.string == SHA256.hash(sums).hex)
    #expect(pulled.errorText.contains("\"sha256sums\":\"\(SHA256.hash(sums).hex)\""), "\(pulled.errorText)")
    let lines = try check(out, in: site, steps: 10)
    #expect(lines.contains { $0.hasSuffix("SHA256SUMS itself: \(SHA256.hash(sums).hex)") })
    let recomputed = lines.compactMap { $0.firstMatch(of: #/OK: (\d+) rows have the hashes/#).flatMap { Int($0.1) } }
    #expect(recomputed.reduce(0, +) > 100, "\(lines)")
  }

  @Test("a list as a table, as CSV and as JSON says the same")
  func list() throws {
    let site = try Site()
    try site.makeChain(rows: 90)
    #expect(try site.run("audit", "archive").status == 0)
    let table = try site.run("manifest", "list")
    let csv = try site.run("manifest", "list", "--csv")
    let document = try json(try site.run("manifest", "list", "--json"))
    let entries = try #require(document["manifests"]?.array)
    #expect(table.status == 0 && csv.status == 0 && entries.count == 3)
    #expect(
      names(entries[0]) == [
        "sequence", "day", "part", "last", "rows", "total", "anomalies", "headHash", "bundle", "retainedUntil",
        "digestHex", "signature", "signers",
      ])
    let lines = table.text.split(separator: "\n")
    #expect(lines.count == 4 && lines[0].hasPrefix("  SEQUENCE  DAY"))
    let records = csv.text.components(separatedBy: "\r\n")
    #expect(records.count == 5 && records[4].isEmpty && records[0].hasPrefix("sequence,day,part,last,"))
    for (index, entry) in entries.enumerated() {
      let day = try #require(entry["day"]?.string)
      #expect(lines[index + 1].contains(day) && records[index + 1].hasPrefix("\(index),\(day),0,true,"))
      #expect(entry["signature"] == "valid")
    }
    let stranger = try site.run("manifest", "list", "--csv", change: ["AUDIT_MANIFEST_SIGNER": nil])
    #expect(stranger.text.contains(",unverifiable,"))
    #expect(try site.run("manifest", "list", "--csv", "--json").status == 64)
    #expect(try site.run("manifest", "list", "--csv", "--from", "2090-01-01").status == 66)
    let path = site.directory("archive/memory-layer/manifests/0000000002.json")
    try FileManager.default.removeItem(atPath: path)
    try "{}".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try site.run("manifest", "list", "--csv").status == 65)
  }

  @Test("anomalies that the archive names do not keep it from being pulled, and are said")
  func anomalies() throws {
    let site = try Site()
    #expect(try site.run("dev", "chain", "--rows", "200", "--days", "2", "--broken", "hash", "--at", "120").status == 0)
    #expect(try site.run("audit", "archive").status == 65)
    let out = site.directory("out")
    let pulled = try site.run("manifest", "pull", "--bundles", "--out", out)
    #expect(pulled.status == 0, "\(pulled.text)\(pulled.errorText)")
    #expect(pulled.text.contains("1 anomalies"), "\(pulled.text)")
    let page = try String(contentsOfFile: out + "/report.html", encoding: .utf8)
    #expect(page.contains("hash-mismatch") && page.contains("They name 1 anomaly"))
    let lines = try check(out, in: site, steps: 10)
    #expect(lines.contains { $0.hasPrefix("OK: the rows of 1 bundles are one chain") })
  }

  @Test("a full disk and a killed run leave no folder, and the next run none of their leavings")
  func interrupted() throws {
    let site = try Site()
    try site.makeChain(rows: 300)
    #expect(try site.run("audit", "archive").status == 0)
    func limited(_ first: String) throws -> CommandOutput {
      try Command.run(
        "sh",
        [
          "-c", "\(first) ulimit -f 8; exec \"$0\" \"$@\"", site.program, "manifest", "pull", "--bundles", "--out",
          site.directory("out"),
        ], environment: site.environment, inheritsEnvironment: false)
    }
    func found() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: site.directory.path).filter { $0.contains("out") }
    }
    let full = try limited("trap '' XFSZ;")
    #expect(full.status == 69 && full.errorText.contains("free space"), "\(full.status) \(full.errorText)")
    #expect(try found().isEmpty)
    let killed = try limited("")
    #expect(killed.status == -SIGXFSZ)
    #expect(try found().count == 1 && found()[0].hasPrefix(".out."))
    #expect(try site.run("manifest", "pull", "--out", site.directory("out")).status == 0)
    #expect(try found() == ["out"])
    #expect(try site.run("manifest", "pull", "--out", site.directory("out")).status == 73)
    #expect(try site.run("manifest", "pull", "--out", "postgresql://u:secret@h/d").status == 64)
  }

  @Test(
    "what strangers put on top of a bucket's objects does not get into the folder", .enabled(if: SeaweedS3.isUsable))
  func strangers() throws {
    let place = try BucketSite()
    try place.site.makeChain(rows: 90)
    #expect(try place.run("audit", "archive").status == 0)
    let key = try #require(try place.keys("manifests").dropFirst().first)
    let original = try #require(try place.bucket.client.read(key, versionID: nil, limit: 1 << 20))
    try place.bucket.put(key, Array("{}".utf8))
    try place.bucket.put("a/b/memory-layer/manifests/0000000003.json", Array("{}".utf8))
    let out = place.site.directory("out")
    let pulled = try place.run("manifest", "pull", "--bundles", "--out", out)
    #expect(pulled.status == 0, "\(pulled.text)\(pulled.errorText)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: out + "/manifests/0000000001.json")) == Data(original))
    _ = try check(out, in: place.site, steps: 10)
  }

  @Test(
    "the public key of a key of KMS comes along; a proxy's that gives none is said", .enabled(if: Ministack.isUsable))
  func services() throws {
    let site = try Site()
    try site.makeChain(rows: 30)
    let server = try Ministack.shared()
    var change: [String: String?] = try server.environment().mapValues { $0 }
    change["AUDIT_MANIFEST_SIGNER"] = "kms:\(try server.createKey(spec: "ECC_NIST_EDWARDS25519")):ed25519"
    #expect(try site.run(["audit", "archive"], change: change).status == 0)
    let pulled = try site.run(["manifest", "pull", "--out", site.directory("out")], change: change)
    #expect(pulled.status == 0, "\(pulled.errorText)")
    #expect(pulled.text.contains("key arn:aws:kms:"))
    _ = try check(site.directory("out"), in: site, steps: 6)

    let key = try PrivateKey(pem: Fixtures.bytes("chain/ed25519.pem"))
    let proxy = try SigningProxyServer(.own(key), kid: "prod-key", apiKey: "API-KEY")
    try site.removeArchive()
    let through: [String: String?] = [
      "AUDIT_MANIFEST_SIGNER": "proxy:" + proxy.url, "SIGNING_PROXY_API_KEY": "API-KEY",
    ]
    let archived = try site.run(["audit", "archive"], change: through)
    #expect(archived.status == 0, "\(archived.errorText)")
    let kept = try site.run(["manifest", "pull", "--out", site.directory("kept")], change: through)
    #expect(kept.status == 0, "\(kept.errorText)")
    #expect(kept.text.contains("note: \"prod-key\" is kept by a service"), "\(kept.text)")
    let listed = through.merging(["AUDIT_SIGNERS_FILE": Fixtures.path("registry.json")]) { $1 }
    #expect(try site.run(["manifest", "pull", "--out", site.directory("out")], change: listed).status == 0)
    _ = try check(site.directory("out"), in: site, steps: 6)
    withExtendedLifetime(proxy) {}
  }
}
