// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import Bytes
internal import ChainReader
internal import Cryptography
public import Pipeline
public import RowCodec
public import Signing

/// Finds a row in an archive and proves that it is there, by parts of bundles: their ends, and the frames that may hold it.
public struct ProofJob: Sendable {
  public struct Settings: Sendable {
    public var wanted: WantedRow
    /// The one manifest to look into; nil for those of the days.
    public var sequence: Int?
    public var from: UTCDay?
    public var to: UTCDay?
    /// Look into frames alone that have rows of these times.
    public var times: Range<Timestamp>?
    public var columns = ChainColumns()

    public init(_ wanted: WantedRow) { self.wanted = wanted }
  }

  let settings: Settings
  let archive: Archive
  let keys: KeyRing
  private let progress: any ProgressListener
  private let cancellation: Cancellation
  private static let lanes = 8

  public init(
    _ settings: Settings, _ archive: Archive, keys: KeyRing, progress: any ProgressListener = NoProgress(),
    cancellation: Cancellation = Cancellation()
  ) {
    (self.settings, self.keys) = (settings, keys)
    self.archive = archive.trusting(keys)
    (self.progress, self.cancellation) = (progress, cancellation)
  }

  /// Looks into all that may hold the row: that there is one, and one alone, is known only then.
  ///
  /// - Throws: status `nothingToCheck` where no manifest is to be looked into.
  public func run() throws -> FoundRows {
    let found = try look(byFrameTimes: true)
    // The times of frames are under no signature: they may lead to a row, but not say that there is none.
    return found.total == 0 && settings.times != nil ? try look(byFrameTimes: false) : found
  }

  private func look(byFrameTimes: Bool) throws -> FoundRows {
    var found = FoundRows()
    try mapInOrder(
      try sequences(&found), name: "manifests", workers: Self.lanes, cancellation: cancellation,
      stopped: Failure.stopped, { try look($0) },
      { look in
        do {
          switch look {
          case .damaged(let finding): throw finding
          case .notOfTimes: return
          case .mayHold(let document): try search(document, byFrameTimes ? settings.times : nil, &found)
          }
        } catch let finding as ArchiveFinding { found.findings.append(finding) }
      })
    return found
  }

  private func sequences(_ found: inout FoundRows) throws -> [Int] {
    if let sequence = settings.sequence {
      guard try archive.sequences().contains(sequence) else {
        throw Failure(
          .nothingToCheck, "there is no manifest \(sequence)", on: archive.url,
          remedy: "memoryctl manifest list shows them")
      }
      return [sequence]
    }
    let hasDays = settings.from != nil || settings.to != nil
    let manifests = try ManifestFinder(archive, cancellation: cancellation)
      .find(hasDays ? .days(from: settings.from, to: settings.to) : .all)
    found.notes += manifests.notes
    return manifests.sequences
  }

  private enum Look: Sendable {
    case damaged(ArchiveFinding)
    case notOfTimes
    case mayHold(ManifestDocument)
  }

  /// Reads a manifest, and judges it: in what nobody vouches for there is nothing to be proved.
  private func look(_ sequence: Int) throws -> Look {
    do {
      let document = try archive.document(sequence)
      if let fault = try archive.standing(of: document.stored, keys).fault {
        return .damaged(ArchiveFinding(archive.name(Archive.manifestKey(sequence)), fault))
      }
      guard let span = document.stored.manifest.rows else { return .notOfTimes }
      let isOfTimes =
        settings.times.map { RowMatcher.overlaps($0, span.firstCreatedAt, span.lastCreatedAt) } ?? true
      return isOfTimes ? .mayHold(document) : .notOfTimes
    } catch let finding as ArchiveFinding { return .damaged(finding) }
  }

  /// - Parameter times: of frames that are looked into; nil for all.
  private func search(_ document: ManifestDocument, _ times: Range<Timestamp>?, _ found: inout FoundRows) throws {
    let manifest = document.stored.manifest
    guard let bundle = try PartialBundle(archive, manifest) else { return }
    let work: RowWork
    do throws(Failure) {
      work = try manifest.source.rowWork(settings.columns, keys: keys, signatures: .none)
    } catch {
      throw ArchiveFinding(
        archive.name(Archive.manifestKey(manifest.sequence)), "its columns hold no chain: \(error.problem)")
    }
    let matcher = RowMatcher(settings.wanted, work.columns, work.indexes, times: times)
    found.manifests += 1
    for frame in matcher.frames(bundle) {
      if cancellation.isCancelled { throw Failure.stopped }
      let reader = try bundle.frame(frame)
      let rows = try rows(of: reader, matcher)
      found.frames += 1
      progress.advance(rows: reader.leaves.count, bytes: bundle.carried.frames[frame].contentBytes)
      for (row, line) in rows { try found.add(row, line, frame, reader, bundle, document, work, self) }
    }
  }

  /// The rows of a frame that are meant; the frame has been checked to its end.
  private func rows(of reader: FrameReader, _ matcher: RowMatcher) throws -> [(row: Int, line: String)] {
    var rows: [(Int, String)] = []
    let chunk = LineChunk()
    while try reader.next(chunk) {
      for index in 0..<chunk.count where matcher.matches(row: chunk.firstRow + index, chunk, index) {
        let bytes = unsafe chunk.bytes.unsafeBytes(chunk.range(index))
        guard let line = unsafe String(validating: bytes, as: UTF8.self) else {
          throw ArchiveFinding(archive.url, "row \(chunk.firstRow + index) is no UTF-8, and no document can hold it")
        }
        rows.append((chunk.firstRow + index, line))
      }
    }
    return rows
  }
}
