// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite("The nightly job on a shaky line", .enabled(if: TemporaryPostgres.isUsable && SeaweedS3.isUsable))
struct S3FaultTests {
  @Test(
    "each call, each fault: the status, a sentence, nothing lost, nothing half done",
    arguments: FaultRow.rows(of: S3Call.archiving))
  func first(row: FaultRow) async throws {
    let problems = try await Lanes.run { try Self.problems(row) }
    #expect(problems == [])
  }

  @Test("what is read back of locks and buckets is weaker than it must be", arguments: FaultRow.weakLocks)
  func weakLock(row: FaultRow) async throws {
    let problems = try await Lanes.run { try Self.problems(row) }
    #expect(problems == [])
  }

  @Test("the second night, behind a manifest that is there", arguments: FaultRow.secondNight)
  func second(row: FaultRow) async throws {
    let problems = try await Lanes.run { try Self.problems(row, isSecondNight: true) }
    #expect(problems == [])
  }

  /// Archives with a fault, looks at what is left, and archives again without.
  private static func problems(_ row: FaultRow, isSecondNight: Bool = false) throws -> [String] {
    let place = try ShakyArchive()
    if isSecondNight { _ = try place.archive(days: 2) }
    row.inject(into: place.front)
    let output = try place.archive(through: place.front, change: row.change)
    var problems = row.problems(output, on: "s3://\(place.bucket.client.bucket)")
    if output.status != 0 {
      let left = try place.verify()
      let sound: Set<Int32> = isSecondNight ? [0] : [0, 66]
      if !sound.contains(left.status) { problems.append("it left this: \(left.text)\(left.errorText)") }
      let again = try place.archive()
      if again.status != 0 { problems.append("the next run: \(again.errorText)") }
    }
    return try problems + place.damage()
  }
}
