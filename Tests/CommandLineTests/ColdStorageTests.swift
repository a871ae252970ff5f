// SPDX-License-Identifier: Apache-2.0
import AuditCore
import TestSupport
import Testing

@Suite("Archives in cold storage", .enabled(if: TemporaryPostgres.isUsable && SeaweedS3.isUsable))
struct ColdStorageTests {
  /// An archive of three days behind a server whose objects can be put away.
  private struct ColdSite {
    let cold: ColdStorage
    let server: FaultServer
    let place: BucketSite

    init() throws {
      let cold = ColdStorage(before: try SeaweedS3.shared().url)
      self.cold = cold
      server = try FaultServer { try cold.handle($0) }
      place = try BucketSite(through: server.url)
      try place.site.makeChain(rows: 90)
      try #require(try place.run("audit", "archive").status == 0)
    }
  }

  @Test("a drill asks its bundles back, says how many wait, and goes on when it is run again")
  func bundles() throws {
    let site = try ColdSite()
    site.cold.freeze("/bundles/")
    let drill = ["audit", "drill", "--select", "all", "--restore-tier", "bulk", "--restore-days", "3", "--json"]
    let asked = try site.place.site.run(drill, change: site.place.change)
    #expect(asked.status == 75, "\(asked.text)\(asked.errorText)")
    var document = try json(asked)
    #expect(document["verdict"] == "waiting" && document["waiting"] == 3 && document["asked"] == 3)
    #expect(site.cold.requests.count == 3)
    for request in site.cold.requests {
      #expect(request.contains("<Days>3</Days>") && request.contains("<Tier>Bulk</Tier>"))
    }
    // Nothing is asked for twice, and a drill that did not begin leaves no report.
    let waiting = try site.place.site.run(drill, change: site.place.change)
    document = try json(waiting)
    #expect(waiting.status == 75 && document["waiting"] == 3 && document["asked"] == 0)
    #expect(site.cold.requests.count == 3)
    #expect(try site.place.keys("drills").isEmpty)

    site.cold.thaw()
    let passed = try site.place.site.run(drill, change: site.place.change)
    #expect(passed.status == 0, "\(passed.text)\(passed.errorText)")
    #expect(try json(passed)["rows"] == 90)
  }

  @Test("manifests come back first, and a random choice of days is kept for the next run")
  func manifests() throws {
    let site = try ColdSite()
    site.cold.freeze("/manifests/0000000000")
    site.cold.freeze("/bundles/")
    let first = try site.place.run("audit", "drill", "--select", "random:1", "--json")
    #expect(first.status == 75)
    #expect(try json(first)["asked"] == 1 && json(first)["readable"] == 2)
    site.cold.thaw()
    let second = try site.place.run("audit", "drill", "--select", "random:1")
    #expect(second.status == 75)
    #expect(second.text.contains("1 of 1 objects wait"))
    let select = try #require(second.text.split(separator: "--select ").last?.split(separator: "\n").first)
    #expect(select.hasPrefix("range:"))
    site.cold.thaw()
    let third = try site.place.run("audit", "drill", "--select", String(select))
    #expect(third.status == 0, "\(third.text)\(third.errorText)")
    // Only the day that was drawn was asked for.
    #expect(site.cold.requests.count == 2)
  }

  @Test("what only reads says that it has to wait, and what to do")
  func readers() throws {
    let site = try ColdSite()
    site.cold.freeze("/bundles/")
    let verified = try site.place.run("audit", "verify")
    #expect(verified.status == 75, "\(verified.text)\(verified.errorText)")
    #expect(verified.errorText.contains("restore"))
    #expect(site.cold.requests.isEmpty)
    #expect(try site.place.run("audit", "status").status != 75)
    // The nightly job needs no bundle of the past.
    #expect(try site.place.run("audit", "archive").status == 0)
    let replayed = try site.place.run("audit", "replay", "--select", "latest")
    #expect(replayed.status == 75)
    #expect(site.cold.requests.count == 1)
    #expect(try site.place.run("audit", "drill", "--restore-days", "0").status == 64)
    #expect(try site.place.run("audit", "drill", "--restore-tier", "soon").status == 64)
  }
}
