// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// Finds manifests by halving, as long as each one that it looks at is signed.
struct SignedRange {
  private let archive: Archive
  private let all: Range<Int>
  /// Days of what was looked at.
  private var days: [Int: UTCDay] = [:]

  private struct NotSigned: Error {}

  /// - Parameter all: not empty.
  init(_ archive: Archive, _ all: Range<Int>) { (self.archive, self.all) = (archive, all) }

  /// - Returns: nil where something on the way is not signed, or days are out of their order.
  func find(_ wanted: WantedManifests) throws -> FoundManifests? {
    var looked = self
    do {
      // The last one of all: behind a signed one there is nothing to pass over.
      let last = try looked.signed(all.upperBound - 1)
      let found = try looked.range(wanted, last)
      let inOrder = looked.days.sorted { $0.key < $1.key }
      return zip(inOrder, inOrder.dropFirst()).allSatisfy { $0.value <= $1.value } ? found : nil
    } catch is NotSigned { return nil } catch is ArchiveFinding { return nil }
  }

  private mutating func range(_ wanted: WantedManifests, _ last: Manifest) throws -> FoundManifests? {
    switch wanted {
    case .all: return FoundManifests(all)
    case .days(let from, let to): return try range(from, to)
    case .random(let count):
      let days = randomDays(count, first: try signed(all.lowerBound).coverage.day, last: last.coverage.day)
      return try range(days.from, days.to)
    case .latest:
      for sequence in all.reversed() {
        let manifest = try signed(sequence)
        if manifest.rowCount > 0 { return try range(manifest.coverage.day, manifest.coverage.day) }
      }
      return FoundManifests([all.upperBound - 1])
    }
  }

  /// - Returns: nil where there is none: then all are read before that is said.
  private mutating func range(_ from: UTCDay?, _ to: UTCDay?) throws -> FoundManifests? {
    let lower = try from.map { from in try first { $0 >= from } } ?? all.lowerBound
    let upper = try to.map { to in try first { $0 > to } } ?? all.upperBound
    return lower < upper ? FoundManifests(lower..<upper) : nil
  }

  private mutating func first(where isWanted: (UTCDay) -> Bool) throws -> Int {
    var (low, high) = (all.lowerBound, all.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if isWanted(try signed(middle).coverage.day) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private mutating func signed(_ sequence: Int) throws -> Manifest {
    let stored = try archive.manifest(sequence)
    guard archive.isSigned(stored) else { throw NotSigned() }
    days[sequence] = stored.manifest.coverage.day
    return stored.manifest
  }
}
