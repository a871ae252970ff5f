// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore

/// Which manifests a drill or a replay takes.
public enum Selection: Equatable, Sendable {
  /// The last day with rows.
  case latest
  case day(UTCDay)
  case range(UTCDay, UTCDay)
  /// A stretch of some days, at random.
  case random(Int)
  case all

  /// Days that `random` may take.
  public static var mostDays: Int { 36_500 }

  /// Reads `latest`, `day:D`, `range:D..D`, `random:N`, `all`.
  public init?(_ text: String) {
    switch text {
    case "latest": self = .latest
    case "all": self = .all
    default:
      guard let colon = text.firstIndex(of: ":") else { return nil }
      let rest = String(text[text.index(after: colon)...])
      switch text[..<colon] {
      case "day":
        guard let day = UTCDay(rest) else { return nil }
        self = .day(day)
      case "random":
        guard let count = Int(rest), (1...Self.mostDays).contains(count) else { return nil }
        self = .random(count)
      case "range":
        let ends = rest.replacing("..", with: " ").split(separator: " ")
        guard ends.count == 2, let first = UTCDay(ends[0]), let last = UTCDay(ends[1]), first <= last else {
          return nil
        }
        self = .range(first, last)
      default: return nil
      }
    }
  }
}

extension Selection {
  var wanted: WantedManifests {
    switch self {
    case .latest: .latest
    case .day(let day): .days(from: day, to: day)
    case .range(let first, let last): .days(from: first, to: last)
    case .random(let count): .random(count)
    case .all: .all
    }
  }
}

extension Archive {
  /// The contiguous sequences that a selection takes, with what may be of its days and cannot be trusted: whoever restores
  /// them has to check their signatures.
  ///
  /// - Parameter progress: hears what stands behind the last manifest and is no part of the archive.
  public func sequences(
    _ selection: Selection, progress: any ProgressListener = NoProgress()
  ) throws -> Range<Int> {
    let found = try ManifestFinder(self).find(selection.wanted)
    if let passedOver = found.passedOver {
      progress.event(
        "passing over what no known key has signed",
        ["first": .count(passedOver.lowerBound), "last": .count(passedOver.upperBound)])
    }
    return found.range
  }
}
