// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// Which manifests are asked for.
public enum WantedManifests: Equatable, Sendable {
  case all
  /// Of some days; nil leaves an end open.
  case days(from: UTCDay?, to: UTCDay?)
  /// Of the last day with rows; where no day has any, the last manifest.
  case latest
  /// Of so many days behind one another, which chance chooses.
  case random(Int)
}

/// Manifests that were asked for, and what their choice rests on.
public struct FoundManifests: Sendable {
  /// Ascending, never empty; without holes but where damage is taken too.
  public internal(set) var sequences: [Int]
  /// What stands behind the last manifest, signed by no key at hand and no part of the archive.
  public internal(set) var passedOver: ClosedRange<Int>?
  /// Manifests among them that neither a key at hand nor a manifest behind them vouches for.
  public internal(set) var doubts: [ArchiveFinding] = []
  /// The days are those of manifests that no key at hand has signed.
  public internal(set) var isUnchecked = false

  init(_ sequences: Range<Int>) { self.sequences = Array(sequences) }

  init(_ sequences: [Int]) { self.sequences = sequences }

  /// From the first to the last.
  public var range: Range<Int> { sequences[0]..<sequences[sequences.count - 1] + 1 }

  /// What whoever goes by the choice has to know.
  public var notes: [String] {
    var notes: [String] = []
    if let passedOver {
      let (first, last) = (passedOver.lowerBound, passedOver.upperBound)
      notes.append(
        (first == last
          ? "manifest \(first), which no key at hand has signed, is"
          : "manifests \(first) to \(last), which no key at hand has signed, are")
          + " passed over as junk behind the last one that is signed")
    }
    if isUnchecked {
      notes.append(
        "unverifiable: which manifests are of these days is said by manifests that no key at hand has signed")
    }
    return notes
  }
}
