// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Synchronization

/// What a key signed since a theft, as it is found: all of it counted, the first of each kind kept, and every entry
/// handed on to who writes it down.
public final class SuspectList: Sendable {
  /// Takes the list's lines; memory does not grow with them.
  public protocol Writer: Sendable {
    func write(_ line: String) throws
    /// - Returns: where the next line begins.
    func place() throws -> Int
    /// Takes back what was written from there on.
    func cut(to place: Int) throws
  }

  private struct State {
    var counts: [SuspectEntry.Kind: Int] = [:]
    var kept: [SuspectEntry] = []
    /// Where the table's rows begin: its walk may have to begin again.
    var mark: (place: Int, counts: [SuspectEntry.Kind: Int], kept: Int)?
  }

  private let writer: (any Writer)?
  private let state = Mutex(State())
  /// Entries of each kind that are kept in memory.
  public static let limit = 1000

  public init(_ writer: (any Writer)? = nil) { self.writer = writer }

  /// Takes note of an entry; safe from any thread.
  public func note(_ entry: SuspectEntry) throws {
    try state.withLock { state in
      try writer?.write(entry.json.compactText)
      let count = state.counts[entry.kind, default: 0]
      state.counts[entry.kind] = count + 1
      if count < Self.limit { state.kept.append(entry) }
    }
  }

  /// Begins the table's rows, or begins them again.
  func beginTable() throws {
    try state.withLock { state in
      if let mark = state.mark {
        try writer?.cut(to: mark.place)
        state.counts = mark.counts
        state.kept.removeSubrange(mark.kept...)
      } else {
        state.mark = (try writer?.place() ?? 0, state.counts, state.kept.count)
      }
    }
  }

  public func count(_ kind: SuspectEntry.Kind) -> Int { state.withLock { $0.counts[kind] ?? 0 } }

  /// All of them.
  public var total: Int { state.withLock { $0.counts.values.reduce(0, +) } }

  /// The first thousand of a kind, by manifest and time.
  public func kept(_ kind: SuspectEntry.Kind) -> [SuspectEntry] {
    let place = { (entry: SuspectEntry) in (entry.sequence ?? .max, entry.createdAt, entry.id) }
    return state.withLock { $0.kept.filter { $0.kind == kind } }.sorted { place($0) < place($1) }
  }

  /// Ends the list by a line that says how many there are: without it, a list is not complete.
  public func finish() throws {
    guard let writer else { return }
    let counts = SuspectEntry.Kind.allCases.map { JSONValue.Member($0.rawValue, .count(count($0))) }
    try writer.write(JSONValue.object(["kind": "end", "counts": .object(counts)]).compactText)
  }
}
