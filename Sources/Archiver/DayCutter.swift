// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import ChainReader
internal import Cryptography
internal import RowCodec
internal import Signing

/// Cuts the chain into days and bundles.
///
/// A bundle ends before the first row of a later day, and where it is full; a day without rows gets a manifest of its
/// own. Where cuts fall follows from the rows and the settings alone.
final class DayCutter: RowSink {
  private let settings: BundleSettings
  private let requiresSignatures: Bool
  private let identifier: RowIdentifier
  private let takeFrame: () throws -> FrameContent
  private let emit: (BundlePart) throws -> Void

  private var day: UTCDay?
  private let lastDay: UTCDay
  /// No row is older than the clocks of computers: 1970-01-01.
  private static let firstDay = UTCDay(number: 0)
  private var part: Int
  private var head: Digest?
  private var facts: BundleFacts?
  private var frame: FrameContent?
  private var contentBytes = 0
  private var acceptedRewind: Digest?
  private(set) var rows = 0
  /// Rows that wait behind one from the future.
  var wait: RowsWaiting?

  /// - Parameters:
  ///   - day: the day that is open, nil for a new archive: then the first row's.
  ///   - lastDay: the last day that the run closes.
  ///   - part: number of the next bundle within it.
  ///   - identifier: reads a row's id out of its line.
  ///   - emit: passes parts on in their order.
  init(
    day: UTCDay?, lastDay: UTCDay, part: Int, head: Digest?, settings: BundleSettings, requiresSignatures: Bool,
    acceptedRewind: Digest?, identifier: RowIdentifier,
    takeFrame: @escaping () throws -> FrameContent, emit: @escaping (BundlePart) throws -> Void
  ) {
    self.day = day
    self.lastDay = lastDay
    self.part = part
    self.head = head
    self.settings = settings
    self.requiresSignatures = requiresSignatures
    self.acceptedRewind = acceptedRewind
    self.identifier = identifier
    self.takeFrame = takeFrame
    self.emit = emit
  }

  @safe
  func take(_ row: RowFacts, _ line: UnsafeRawBufferPointer, fault: PlaceFault?) throws {
    if fault?.isOnChain ?? true { try cut(before: row) }
    let frame = try self.frame ?? takeFrame()
    self.frame = frame
    note(row, line, fault)
    try frame.append(line: line, leaf: row.leaf, createdAt: row.createdAt)
    contentBytes += line.count + 1
    if fault?.isOnChain ?? true { head = row.hash }
    if frame.rows == settings.rowsPerFrame { try passFrame() }
  }

  private func cut(before row: RowFacts) throws {
    // A row whose stamp has no day that could be true stays where the chain has it.
    if row.createdAt.isFinite, row.createdAt.day >= Self.firstDay {
      if let day, row.createdAt.day > day { try close(through: row.createdAt.day.advanced(by: -1)) }
      if day == nil { day = row.createdAt.day }
    }
    guard let facts, facts.rowCount >= settings.maxRows || contentBytes >= settings.maxContentBytes else { return }
    try seal(isLast: false)
  }

  @safe
  private func note(_ row: RowFacts, _ line: UnsafeRawBufferPointer, _ fault: PlaceFault?) {
    var facts = openFacts()
    let index = facts.rowCount
    let faults = self.faults(of: row, fault)
    if facts.rowCount == 0 {
      let id = unsafe identifier.id(line)
      facts.span = Manifest.RowSpan(id: id, createdAt: row.createdAt)
    }
    if !faults.isEmpty {
      let id = unsafe identifier.id(line)
      for (kind, detail) in faults { facts.anomalies.append(Anomaly(kind, row: index, id: id, detail: detail)) }
    }
    facts.span?.include(row.createdAt)
    facts.rowCount += 1
    facts.signatures.count(row.signature)
    rows += 1
    self.facts = facts
  }

  /// The last line of the frame that was passed on last, for its row's id.
  private var lastLine: [UInt8] = []

  private func faults(of row: RowFacts, _ fault: PlaceFault?) -> [(AnomalyKind, String)] {
    rowFaults(row, fault, requiresSignatures: requiresSignatures)
  }

  private func openFacts() -> BundleFacts {
    if let facts { return facts }
    // The day is known when the bundle is sealed: the first rows of a chain may have none.
    var facts = BundleFacts(
      coverage: Manifest.Coverage(day: day ?? lastDay, part: part, isLast: false), previousHash: head)
    facts.acceptedRewind = acceptedRewind
    acceptedRewind = nil
    return facts
  }

  private func passFrame() throws {
    guard let frame else { return }
    self.frame = nil
    lastLine = frame.lastLine
    try emit(.frame(frame))
  }

  private func seal(isLast: Bool) throws {
    try passFrame()
    var facts = openFacts()
    let day = self.day ?? lastDay
    self.day = day
    facts.coverage.day = day
    facts.coverage.isLast = isLast
    facts.headHash = head
    if facts.rowCount > 0 { facts.span?.lastID = unsafe lastLine.withUnsafeBytes { unsafe identifier.id($0) } }
    try emit(.seal(facts))
    self.facts = nil
    contentBytes = 0
    part = isLast ? 0 : part + 1
    if isLast { self.day = day.next }
  }

  /// Closes every day up to and with `last`.
  func close(through last: UTCDay) throws {
    if day == nil && facts != nil { day = lastDay }
    while let day, day <= last { try seal(isLast: true) }
  }

  /// Passes on what an open day holds, without closing it.
  func sealOpenPart() throws {
    if facts != nil { try seal(isLast: false) }
  }

  /// Nothing was ever archived or seen.
  var isEmpty: Bool { day == nil && facts == nil && rows == 0 }
}
