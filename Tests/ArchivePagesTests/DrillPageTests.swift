// SPDX-License-Identifier: Apache-2.0
import ArchivePages
import ArchiveStore
import AuditCore
import PageSupport
import Signing
import TestSupport
import Testing

@Suite("The page of a drill")
struct DrillPageTests {
  private func html(_ drill: StoredDrill, key: String? = "drills/a.json", _ verdict: ProofVerdict?) -> String {
    let page = DrillPage(drill, stream: SampleArchive.stream, url: SamplePages.url, key: key, verdict: verdict).page
    return String(decoding: page.bytes, as: UTF8.self)
  }

  @Test("one that passed: each step, its time and its evidence, the control, and who signed")
  func passed() throws {
    let drill = try SamplePages.drill(isPassed: true)
    let page = html(drill, .valid(["manifests-2021"]))
    for step in drill.steps { #expect(page.contains(step.name) && page.contains(step.detail), "\(step.name)") }
    for words in [
      "<h1>Drill of 22 Nov 2026: passed</h1>", "3 min 34 s", "The altered row was found", drill.digest.hex,
      "manifests-2021", "ed25519", "A key at hand verifies the report.", try #require(drill.headHash), "drills/a.json",
    ] {
      #expect(page.contains(words), "\(words)")
    }
  }

  @Test("one that failed says at which step, and that the control was not reached")
  func failed() throws {
    let page = html(try SamplePages.drill(isPassed: false), .valid(["manifests-2021"]))
    for words in [
      "<h1>Drill of 22 Nov 2026: failed</h1>", "It failed at “restore, check and replay”", "It was not reached",
      "its SHA-256 is not the manifest&#39;s", "<dt><code>hash-mismatch</code></dt>",
    ] {
      #expect(page.contains(words), "\(words)")
    }
    #expect(!page.contains("class=\"verdict well\""))
  }

  @Test(
    "a report that nobody vouches for is no good news",
    arguments: [ProofVerdict.unverifiable("no key at hand for x"), .invalid("the signature does not verify"), nil])
  func unsigned(_ verdict: ProofVerdict?) throws {
    let page = html(try SamplePages.drill(isPassed: true), key: nil, verdict)
    #expect(!page.contains("class=\"verdict well\""))
    #expect(page.contains(verdict == nil ? "proves nothing" : "The report&#39;s signature"))
    #expect(page.contains("The report could not be stored."))
  }

  @Test("a report tells no more than it holds")
  func sparse() throws {
    let content = JSONValue.object([
      "format": "audit-drill/v1", "stream": .string(SampleArchive.stream), "startedAt": "2026-11-22T00:00:00Z",
      "verdict": "failed", "steps": .array([7, .object([])]), "rows": -1, "anomalies": .array([.object(["kind": "x"])]),
      "manifests": .object(["first": 3, "last": 1]),
    ])
    let drill = try StoredDrill(content, proof: nil, stream: SampleArchive.stream)
    #expect(drill.rows == 0 && drill.manifests == nil && drill.anomalies.isEmpty && drill.steps.count == 2)
    #expect(html(drill, nil).contains("not known"))
    #expect(throws: DocumentError.self) { try StoredDrill(content, proof: nil, stream: "another") }
  }
}
