// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import ChainReader
internal import Cryptography
internal import RowCodec

/// What a comparison has to know of an archive before it reads its rows.
struct ArchiveOutline: Sendable {
  /// The tables' shapes that the archive has seen, in their order.
  private(set) var schemas: [(columns: [Column], firstManifest: Int)] = []
  /// For each manifest its shape.
  private(set) var schemaOf: [Int] = []
  /// For each row that an accepted rewind went back to, the last manifest that did so.
  private(set) var rewinds: [Digest: Int] = [:]
  let last: Manifest

  /// - Throws: an ``ArchiveFinding`` for damage.
  init(_ archive: Archive) throws {
    let sequences = try archive.sequences()
    var last: Manifest?
    for sequence in sequences {
      let manifest = try archive.manifest(sequence).manifest
      let columns = manifest.source.rowColumns
      let known = schemas.lastIndex { LineProjection.isIdentity(from: $0.columns, to: columns) }
      if known == nil { schemas.append((columns, sequence)) }
      schemaOf.append(known ?? schemas.count - 1)
      if let rewind = manifest.chain.acceptedRewind { rewinds[rewind] = sequence }
      last = manifest
    }
    guard let last else { throw ArchiveFinding(archive.url, "there is no manifest") }
    self.last = last
  }

  /// Rows from here on need not be archived yet.
  var end: Timestamp { last.coverage.isLast ? last.coverage.day.next.start : last.coverage.day.start }

  static let nothing = Digest(words: (0, 0, 0, 0))
}

/// Follows the stretch of the chain that accepted rewinds cut off, row by row.
///
/// What is cut off joins row to row from the one that a rewind went back to; a row that does not join is not excused.
struct CutStretch {
  private let rewinds: [Digest: Int]
  /// Manifest at which the stretch ends.
  private var end = 0
  private var head: Digest?

  init(_ rewinds: [Digest: Int]) {
    self.rewinds = rewinds
    end = rewinds[ArchiveOutline.nothing] ?? 0
  }

  /// A rewind within the stretch: it goes on from where that one went back to.
  mutating func begin(_ manifest: Manifest) {
    guard let rewind = manifest.chain.acceptedRewind, manifest.sequence < end else { return }
    head = rewind == ArchiveOutline.nothing ? nil : rewind
  }

  /// Whether a row of that manifest is cut off.
  @inline(__always)
  mutating func take(_ row: RowFacts, _ sequence: Int) -> Bool {
    if rewinds.isEmpty { return false }
    let isCutOff = sequence < end && row.previous == head
    if isCutOff { head = row.hash }
    if let until = rewinds[row.hash], until > sequence {
      end = max(end, until)
      head = row.hash
    }
    return isCutOff
  }
}
