// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// The names among a stream's manifests, sound or not.
public struct ManifestListing: Equatable, Sendable {
  /// Sequences that are there, ascending.
  public private(set) var present: [Int] = []
  /// Sequences that are missing before the last one.
  public private(set) var missing: [ClosedRange<Int>] = []
  /// Keys that are no manifest's.
  public private(set) var foreign: [String] = []

  /// - Parameter keys: as the store lists them, by key.
  init(_ keys: [String]) {
    for key in keys {
      guard let sequence = Self.sequence(key) else {
        foreign.append(key)
        continue
      }
      let expected = (present.last ?? -1) + 1
      if sequence > expected { missing.append(expected...(sequence - 1)) }
      present.append(sequence)
    }
  }

  private static func sequence(_ key: String) -> Int? {
    let digits = key.dropFirst(10).dropLast(5)
    guard key.utf8.count == 25, key.hasPrefix("manifests/"), key.hasSuffix(".json"),
      digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return Int(digits)
  }

  /// What is not as it must be, an object each or a stretch of them.
  public func findings(_ archive: Archive) -> [ArchiveFinding] {
    foreign.map { ArchiveFinding(archive.name($0), "this is no manifest's name") }
      + missing.map { range in
        let name = archive.name(Archive.manifestKey(range.lowerBound))
        if range.count == 1 { return ArchiveFinding(name, "the manifest is missing") }
        let last = Manifest.sequenceText(range.upperBound)
        return ArchiveFinding(name, "the manifest is missing, and so are all up to \(last): \(range.count) of them")
      }
  }
}
