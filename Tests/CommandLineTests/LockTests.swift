// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Foundation
import S3Client
import TestSupport
import Testing

@Suite(
  "Retention and legal hold", .enabled(if: TemporaryPostgres.isUsable && SeaweedS3.isUsable))
struct LockTests {
  enum Place: CaseIterable { case folder, bucket }

  /// Runs the program on an archive of three days in either store.
  private struct Runner {
    let run: ([String]) throws -> CommandOutput

    init(_ place: Place, _ change: [String: String?] = [:]) throws {
      switch place {
      case .folder:
        let site = try Site()
        run = { try site.run($0, change: change) }
        try site.makeChain(rows: 90)
      case .bucket:
        let site = try BucketSite()
        run = { try site.site.run($0, change: site.change.merging(change) { $1 }) }
        try site.site.makeChain(rows: 90)
      }
      try #require(try run(["audit", "archive"]).status == 0)
    }

    func callAsFunction(_ arguments: String...) throws -> CommandOutput { try run(arguments) }

    /// Of every object, in the manifests' order.
    func locks() throws -> [JSONValue] {
      let shown = try self("retention", "show", "--json")
      #expect(shown.status == 0, "\(shown.errorText)")
      return try json(shown)["manifests"]?.array?.flatMap { $0["objects"]?.array ?? [] } ?? []
    }
  }

  @Test("a retention grows by range, and never shrinks", arguments: Place.allCases)
  func retention(place: Place) throws {
    let run = try Runner(place)
    let before = try run.locks()
    #expect(before.count == 6)
    #expect(before.allSatisfy { $0["mode"] == "COMPLIANCE" && $0["legalHold"] == false })
    let days = try json(try run("manifest", "list", "--json"))["manifests"]?.array?.compactMap { $0["day"]?.string }
    let first = try #require(days?.first)

    let extended = try run("retention", "extend", "--to", first, "--until", "2031-05-01", "--json")
    #expect(extended.status == 0, "\(extended.errorText)")
    #expect(try json(extended)["changed"] == 2)
    #expect(try run.locks().map { $0["until"] == "2031-05-01T00:00:00Z" } == [true, true, false, false, false, false])
    #expect(try run.locks().dropFirst(2) == before.dropFirst(2))

    // All of them, to a date that is too early for some: nothing is changed.
    let refused = try run("retention", "extend", "--all", "--until", "2031-04-30T12:00:00Z")
    #expect(refused.status == 73, "\(refused.errorText)")
    #expect(refused.errorText.contains("manifests/0000000000.json: it is locked until 2031-05-01T00:00:00Z"))
    #expect(try run.locks().dropFirst(2) == before.dropFirst(2))
    let kept = try run("retention", "extend", "--all", "--until", "2031-04-30T12:00:00Z", "--keep-longer", "--json")
    #expect(try json(kept)["changed"] == 4 && json(kept)["unchanged"] == 2)
    #expect(try run.locks().prefix(2).allSatisfy { $0["until"] == "2031-05-01T00:00:00Z" })
    #expect(try run.locks().dropFirst(2).allSatisfy { $0["until"] == "2031-04-30T12:00:00Z" })
    let again = try run("retention", "extend", "--all", "--until", "2031-05-01", "--json")
    #expect(try json(again)["changed"] == 4 && json(again)["unchanged"] == 2)
    #expect(try run("audit", "verify").status == 0)
  }

  @Test("a legal hold is put on and taken off, and the retention stays", arguments: Place.allCases)
  func hold(place: Place) throws {
    let run = try Runner(place, ["AUDIT_ARCHIVE_LEGAL_HOLD": "true"])
    let before = try run.locks()
    #expect(before.allSatisfy { $0["legalHold"] == true })
    #expect(try json(try run("hold", "off", "--all", "--json"))["changed"] == 6)
    // Nor does the next night put it on again.
    #expect(try run("audit", "archive").status == 0)
    #expect(try run.locks().allSatisfy { $0["legalHold"] == false })
    #expect(try json(try run("hold", "on", "--all", "--json"))["changed"] == 6)
    #expect(try run.locks().allSatisfy { $0["legalHold"] == true })
    #expect(try json(try run("hold", "on", "--all", "--json"))["changed"] == 0)
    // A longer retention leaves the hold on.
    #expect(try run("retention", "extend", "--all", "--until", "2031-05-01").status == 0)
    #expect(try run.locks().allSatisfy { $0["legalHold"] == true && $0["until"] == "2031-05-01T00:00:00Z" })
    #expect(try run("hold", "off", "--all").status == 0)
    #expect(try run.locks().allSatisfy { $0["legalHold"] == false && $0["until"] == "2031-05-01T00:00:00Z" })
    #expect(try run.locks().map { $0["key"] } == before.map { $0["key"] })
  }

  @Test("a lock that is less than what the manifest says is found")
  func weak() throws {
    let site = try Site()
    try site.makeChain(rows: 60)
    #expect(try site.run("audit", "archive").status == 0)
    let record = site.directory("archive/.retention/memory-layer/manifests/0000000001.json.json")
    try FileManager.default.removeItem(atPath: record)
    let shown = try site.run("retention", "show")
    #expect(shown.status == 65)
    #expect(shown.text.contains("manifests/0000000001.json: it is not locked"))
    #expect(try site.run("hold", "on", "--all").status == 65)
    #expect(try site.run("retention", "extend", "--all", "--days", "800").status == 0)
    #expect(try site.run("retention", "show").status == 0)
  }

  @Test("wrong words say what is right, and change nothing")
  func usage() throws {
    let run = try Runner(.folder)
    let before = try run.locks()
    let wrong = [
      ["hold", "on"], ["hold", "on", "--all", "--from", "2026-01-01"], ["hold", "off", "--from", "yesterday"],
      ["retention", "extend", "--all"], ["retention", "extend", "--all", "--until", "2001-01-01"],
      ["retention", "extend", "--all", "--until", "9999-01-01"],
      ["retention", "extend", "--all", "--until", "infinity"],
      ["retention", "extend", "--all", "--days", "0"], ["retention", "extend", "--days", "500"],
      ["retention", "extend", "--all", "--days", "500", "--until", "2031-01-01"],
      ["retention", "show", "--from", "2026-02-02", "--to", "2026-01-01"],
    ]
    for arguments in wrong {
      let output = try run.run(arguments)
      #expect(output.status == 64, "\(arguments) \(output.errorText)")
      #expect(output.errorText.contains("Error: "), "\(arguments)")
    }
    #expect(try run("retention", "show", "--from", "2090-01-01").status == 66)
    #expect(try run("hold", "on", "--to", "1990-01-01").status == 66)
    #expect(try run.locks() == before)
  }
}
