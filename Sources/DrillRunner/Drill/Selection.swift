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

extension Archive {
  /// The contiguous sequences that a selection takes.
  public func sequences(_ selection: Selection) throws -> Range<Int> {
    let all = try readableSequences()
    guard !all.isEmpty else {
      throw Failure(.nothingToCheck, "there is no manifest", on: url, remedy: "check --archive and --stream")
    }
    switch selection {
    case .all: return all
    case .latest:
      for sequence in all.reversed() {
        let manifest = try manifest(sequence).manifest
        if manifest.rowCount > 0 { return try sequences(manifest.coverage.day, manifest.coverage.day, all) }
      }
      return all.suffix(1).first.map { $0..<$0 + 1 } ?? all
    case .day(let day): return try sequences(day, day, all)
    case .range(let first, let last): return try sequences(first, last, all)
    case .random(let count):
      let first = try manifest(all.lowerBound).manifest.coverage.day.number
      let last = try manifest(all.upperBound - 1).manifest.coverage.day.number
      let start = Int32.random(in: first...max(first, last - Int32(count) + 1))
      return try sequences(UTCDay(number: start), UTCDay(number: start).advanced(by: count - 1), all)
    }
  }

  /// Days ascend with the sequence, so both ends are found by halving.
  private func sequences(_ first: UTCDay, _ last: UTCDay, _ all: Range<Int>) throws -> Range<Int> {
    let lower = try firstSequence(all) { $0 >= first }
    let upper = try firstSequence(all) { $0 > last }
    guard lower < upper else {
      throw Failure(
        .nothingToCheck, "no manifest covers \(first) to \(last)", on: url,
        remedy: "memoryctl manifest list shows the days")
    }
    return lower..<upper
  }

  private func firstSequence(_ all: Range<Int>, where isWanted: (UTCDay) -> Bool) throws -> Int {
    var (low, high) = (all.lowerBound, all.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if isWanted(try manifest(middle).manifest.coverage.day) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
