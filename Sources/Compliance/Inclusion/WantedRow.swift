// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Bytes
public import Cryptography
internal import RowCodec

/// Which row is to be proved.
public enum WantedRow: Equatable, Sendable {
  /// By its id, as text.
  case id(String)
  case hash(Digest)
  /// By its place in its bundle, from 0.
  case index(Int)
}

/// Tells in the frames of one bundle which rows are meant.
struct RowMatcher {
  private enum Rule {
    case text(RowIdentifier, String)
    case index(Int)
  }

  private let rule: Rule
  private let times: Range<Timestamp>?

  /// - Parameters:
  ///   - times: of which the frames must have rows.
  init(_ wanted: WantedRow, _ columns: [Column], _ indexes: ChainColumnIndexes, times: Range<Timestamp>?) {
    self.times = times
    switch wanted {
    case .index(let index): rule = .index(index)
    case .hash(let hash): rule = .text(RowIdentifier(columns, column: indexes.hash), hash.hex)
    case .id(let id):
      // Postgres takes a uuid in capitals, too, and writes it in small letters.
      let isUUID = columns[indexes.id].shape == .uuid
      rule = .text(RowIdentifier(columns, indexes), isUUID ? id.lowercased() : id)
    }
  }

  func matches(row: Int, _ chunk: LineChunk, _ line: Int) -> Bool {
    switch rule {
    case .index(let index): row == index
    case .text(let reader, let text): unsafe reader.id(chunk.bytes.unsafeBytes(chunk.range(line))) == text
    }
  }

  /// Frames that may hold such a row.
  func frames(_ bundle: PartialBundle) -> [Int] {
    if case .index(let index) = rule {
      return index < bundle.shape.rows ? [bundle.shape.frame(of: index)] : []
    }
    return bundle.carried.frames.indices.filter { frame in
      let span = bundle.carried.frames[frame]
      return times.map { Self.overlaps($0, span.firstCreatedAt, span.lastCreatedAt) } ?? true
    }
  }

  static func overlaps(_ times: Range<Timestamp>, _ first: Timestamp, _ last: Timestamp) -> Bool {
    first < times.upperBound && last >= times.lowerBound
  }
}
