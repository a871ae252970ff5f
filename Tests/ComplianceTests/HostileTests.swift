// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
@testable import Compliance
import Foundation
import Signing
import TestSupport
import Testing

/// What a stranger may have written into a row, a name or a bucket does nothing but stand there.
@Suite("Hostile content")
struct HostileTests {
  private static let words =
    "<script>alert(1)</script><img src=x onerror=alert(1)>`$(touch /tmp/x)`\n# OK\n```sh\nexit 0\n```\n"
    + "=cmd|'/C calc'!A0\u{7f}\u{202e}"

  private func hostile() throws -> SignedArchive {
    try SignedArchive { manifest in
      guard manifest.sequence == 1 else { return }
      manifest.tool = Self.words
      manifest.source.database = Self.words
      manifest.source.table = Self.words
      var log = AnomalyLog()
      log.append(Anomaly(.orphan, row: 3, id: Self.words, detail: Self.words))
      manifest.chain.anomalies = log
    }
  }

  @Test("the report shows it as text, the guide has nothing of it, and the guide's commands take it as it is")
  func page() throws {
    let signed = try hostile()
    let folder = try CarriedFolder(signed, bundles: false)
    let page = try folder.text("report.html")
    #expect(!page.contains("<script") && !page.contains("<img") && !page.contains("\u{202e}"))
    #expect(page.contains("&lt;script&gt;alert(1)"))
    #expect(page.contains("They name 1 anomaly of the log itself"))
    let guide = try folder.text("VERIFY.md")
    #expect(!guide.contains("alert") && !guide.contains("# OK") && !guide.contains("touch"))
    for step in folder.guide.steps {
      let output = try folder.guide.run(step.commands)
      #expect(output.status == 0, "\(step.title): \(output.text)\(output.errorText)")
    }
    #expect(try JSONValue(parsing: folder.text("report.json"))["anomalies"]?.array?.first?["id"]?.string == Self.words)
  }

  @Test("ids of keys are no markup, no path and no formula")
  func keyID() throws {
    let kid = "../../=x,\"\n<b>" + Self.words
    let signer = LocalSigner(hmacKey: Array("vector-key".utf8), kid: kid)
    let signed = try SignedArchive()
    let manifest = try signed.archive.manifest(1).manifest
    try signed.place.overwrite("memory-layer/manifests/0000000001.json", signer.sign(.manifest, manifest.json).bytes)
    let directory = try TemporaryDirectory("pull")
    _ = try signed.pull(into: directory("out")) { $0.allowsUnverified = true }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["out"])
    let page = try String(contentsOfFile: directory("out/report.html"), encoding: .utf8)
    #expect(!page.contains("<b>") && !page.contains("<script"))
    let guide = try String(contentsOfFile: directory("out/VERIFY.md"), encoding: .utf8)
    #expect(!guide.contains("alert"))
    let entry = try signed.entry(1)
    #expect(entry.csv.contains(",\"../../=x,\"\"\n<b>") && entry.csv.hasSuffix("\r\n"))
    #expect(!entry.text.contains("\n"))
  }

  @Test("a bundle's name leads nowhere else", arguments: ["../../../evil", "bundles/../../evil", "/etc/passwd", ""])
  func traversal(key: String) throws {
    let signed = try SignedArchive { if $0.sequence == 1 { $0.bundle?.key = key } }
    let directory = try TemporaryDirectory("pull")
    let failure = #expect(throws: Failure.self) { try signed.pull(into: directory("a/b/out")) }
    #expect(failure?.status == .integrity && failure?.description.contains("no name for the bundle") == true)
    let report = try signed.pull(into: directory("a/b/out")) { ($0.takesBundles, $0.allowsUnverified) = (true, true) }
    #expect(!report.isVerified)
    let found = try FileManager.default.subpathsOfDirectory(atPath: directory.path)
    #expect(!found.contains { $0.contains("evil") || $0.contains("passwd") }, "\(found)")
    let guide = try GuideRunner(
      String(contentsOfFile: directory("a/b/out/VERIFY.md"), encoding: .utf8), in: directory("a/b/out"))
    #expect(try guide.run(step: "Nothing in this folder").status == 0)
  }

  @Test(
    "fields of CSV",
    arguments: [
      ("plain", "plain"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\r\nb", "\"a\r\nb\""), ("=1+1", "'=1+1"),
      ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "\"'\tx\""), ("  =x", "'  =x"), (" x", "\" x\""),
      ("＝1", "'＝1"), ("=\"a\",b", "\"'=\"\"a\"\",b\""), ("", ""),
    ])
  func csv(text: String, field: String) { #expect(CSV.field(text) == field) }

  @Test("columns stand under their heads, and a record has as many fields as the head")
  func columns() throws {
    let signed = try SignedArchive()
    for sequence in 0..<4 {
      let entry = try signed.entry(sequence)
      #expect(entry.csv.split(separator: ",", omittingEmptySubsequences: false).count == 19)
      for head in ["DAY", "CLOSED", "SIGNATURE", "HEAD"] {
        let start = try #require(ManifestEntry.textHeader.range(of: head)?.lowerBound)
        let offset = ManifestEntry.textHeader.distance(from: ManifestEntry.textHeader.startIndex, to: start)
        #expect(Array(entry.text)[offset] != " " && Array(entry.text)[offset - 1] == " ", "\(head): \(entry.text)")
      }
    }
    #expect(ManifestEntry.csvHeader.split(separator: ",").count == 19)
  }
}

extension SignedArchive {
  /// A manifest's line of a listing.
  fileprivate func entry(_ sequence: Int) throws -> ManifestEntry {
    let stored = try archive.manifest(sequence)
    return ManifestEntry(stored, try archive.standing(of: stored, keys))
  }
}
