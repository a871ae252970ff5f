// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// Audit paths of RFC 6962 (section 2.1.1): what a leaf needs beside itself to make its tree's root.
extension MerkleTree {
  /// The path of a leaf: the roots beside its way up, the lowest first.
  ///
  /// - Parameter leaves: hashes of all leaves.
  /// - Complexity: O(leaves).
  public static func path(of index: Int, in leaves: [Digest]) -> [Digest] {
    precondition(leaves.indices.contains(index))
    var path: [Digest] = []
    var (level, position) = (leaves, index)
    while level.count > 1 {
      if level.indices.contains(position ^ 1) { path.append(level[position ^ 1]) }
      // An odd one at the right edge rises as it is.
      level = stride(from: 0, to: level.count, by: 2).map { left in
        left + 1 < level.count ? node(level[left], level[left + 1]) : level[left]
      }
      position >>= 1
    }
    return path
  }

  /// The root that a leaf makes with its path.
  ///
  /// - Parameters:
  ///   - index: the leaf's place, from 0.
  ///   - count: leaves of the tree.
  /// - Returns: nil where a path in such a tree has another length, or the place lies outside of it.
  public static func root(of leaf: Digest, at index: Int, of count: Int, path: [Digest]) -> Digest? {
    guard index >= 0, index < count else { return nil }
    var (position, last) = (index, count - 1)
    var (root, rest) = (leaf, path[...])
    while last > 0 {
      if position & 1 == 1 || position < last {
        guard let beside = rest.popFirst() else { return nil }
        root = position & 1 == 1 ? node(beside, root) : node(root, beside)
      }
      (position, last) = (position >> 1, last >> 1)
    }
    return rest.isEmpty ? root : nil
  }
}

/// How a bundle's rows are shared among its frames, as the two numbers alone tell.
///
/// All frames but the last have `2^n` rows. With two frames or more one `n` alone makes their number; a single frame holds
/// all rows, whatever `n` was.
public struct FrameShape: Equatable, Sendable {
  public let rows: Int
  public let frames: Int
  /// Of a frame that is not the last one.
  private let rowsPerFrameLog2: Int

  /// - Returns: nil where no `n` up to 20 shares so many rows among so many frames.
  public init?(rows: Int, frames: Int) {
    guard rows > 0, frames > 0, let log2 = (0...20).first(where: { (rows - 1) >> $0 < frames }),
      (rows - 1) >> log2 + 1 == frames
    else { return nil }
    (self.rows, self.frames, rowsPerFrameLog2) = (rows, frames, log2)
  }

  /// The frame that holds a row.
  public func frame(of row: Int) -> Int { row >> rowsPerFrameLog2 }

  /// The rows that a frame holds.
  public func rows(of frame: Int) -> Range<Int> {
    frame << rowsPerFrameLog2..<min(rows, (frame + 1) << rowsPerFrameLog2)
  }

  /// The root over the frames' roots, of which there must be one a frame.
  public func root(of roots: [Digest]) -> Digest {
    precondition(roots.count == frames)
    return merkleRoot(
      frames: roots.enumerated().map { ($1, rows(of: $0).count) }, rowsPerFrameLog2: rowsPerFrameLog2)
  }
}
