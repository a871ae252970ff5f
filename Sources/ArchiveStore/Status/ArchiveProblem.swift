// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// What is not as it must be with an archive.
public enum ArchiveProblem: Equatable, Sendable, CustomStringConvertible {
  /// A manifest that cannot be read, does not verify, or does not join the one before.
  case manifest(String)
  case moreManifests(Int)
  case unverifiable(Int)
  case oldNewestDay(UTCDay, age: Int)
  case missingDays(Int, first: UTCDay)
  case oldDrill(UTCDay)
  case noDrill
  case failedDrill(Timestamp)
  /// The registry whose keys all of it is judged by is in doubt.
  case registry(String)

  public var description: String {
    switch self {
    case .manifest(let words): words
    case .moreManifests(let count): "and \(count) more faults of manifests"
    case .unverifiable(let count): "\(count) manifests are signed by no key at hand"
    case .oldNewestDay(let day, let age): "the newest closed day is \(day), \(age) days ago"
    case .missingDays(let count, let first): "\(count) days are not closed, from \(first)"
    case .oldDrill(let day): "the last drill was on \(day)"
    case .noDrill: "there has been no drill yet that passed, by a report that a key at hand verifies"
    case .registry(let words): words
    case .failedDrill(let time): "the drill of \(time.isoSeconds) failed, and none has passed since"
    }
  }
}
