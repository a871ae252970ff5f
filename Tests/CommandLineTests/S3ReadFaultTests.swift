// SPDX-License-Identifier: Apache-2.0
import Postgres
import TestSupport
import Testing

@Suite("Verification and drills on a shaky line", .enabled(if: TemporaryPostgres.isUsable && SeaweedS3.isUsable))
struct S3ReadFaultTests {
  /// A complete archive that is only read.
  private static let archived = Result {
    let place = try ShakyArchive()
    guard try place.archive().status == 0 else { throw TestSupportError("the archive could not be made") }
    return place
  }

  @Test("verification: what breaks is asked for again; what stays broken is no verdict", arguments: FaultRow.verifying)
  func verify(row: FaultRow) async throws {
    let problems = try await Lanes.run {
      let place = try ShakyArchive(reading: Self.archived.get())
      row.inject(into: place.front)
      let output = try place.verify(through: place.front, change: row.change)
      return row.readProblems(output, place, verdict: "broken")
    }
    #expect(problems == [])
  }

  @Test("drills: the same, and staging is left as it was", arguments: FaultRow.drilling)
  func drill(row: FaultRow) async throws {
    let problems = try await Lanes.run {
      let place = try ShakyArchive()
      _ = try place.archive()
      let staging = try TemporaryPostgres.shared().createDatabase("staging")
      row.inject(into: place.front)
      func drill(_ server: FaultServer?, _ change: [String: String]) throws -> CommandOutput {
        try place.run(
          ["audit", "drill", "--select", "all", "--staging", staging], through: server, change: change)
      }
      var problems = row.readProblems(try drill(place.front, row.change), place, verdict: "drill failed")
      let left = try PostgresSession(staging).execute(
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'memoryctl%'")
      if !left.isEmpty { problems.append("staging has \(left)") }
      if try place.verify().status != 0 { problems.append("the archive is damaged") }
      let again = try drill(nil, [:])
      return again.status == 0 ? problems : problems + ["the next drill: \(again.text)\(again.errorText)"]
    }
    #expect(problems == [])
  }
}

extension FaultRow {
  /// What is read as another than was written is a finding of the object; a page of a list that cannot be read is none.
  static let verifying = rows(of: [.listManifests, .listBundles, .getManifest, .getBundle])
  /// A drill reads its last manifest more than once: whether it is one, and then what it says.
  static let drilling = chosen.map { row in
    guard row.call.about == S3Call.getManifest.about, !row.isForGood, row.fault.once == 65 else { return row }
    return FaultRow(call: row.call, fault: row.fault.exiting(once: 0, says: ""), isForGood: false)
  }
  private static let chosen = rows(of: [.listManifests, .getManifest, .getBundle, .putReport]).filter { row in
    [
      "reset before the body", "reset behind the effect", "503", "403", "a body cut short", "a body that changed",
      "404",
    ]
    .contains(row.fault.name)
  }

  /// What is not as it should be about a run that reads: its status, or where it says what broke.
  func readProblems(_ output: CommandOutput, _ place: ShakyArchive, verdict: String) -> [String] {
    let isVerdict = output.status != 0 && output.text.hasPrefix(verdict)
    guard isVerdict else { return problems(output, on: "s3://\(place.bucket.client.bucket)") }
    var problems: [String] = []
    if output.status != status { problems.append("it exits \(output.status), not \(status): \(output.text)") }
    for words in [place.url, call.about.hasSuffix("bundle") ? "bundles/" : "manifests/"]
    where !output.text.contains(words) { problems.append("it does not say \(words): \(output.text)") }
    return problems + output.sentences.map { "it says \($0)" }
  }
}
