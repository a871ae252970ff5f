// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// The tree of RFC 6962 (section 2.1), grown leaf by leaf from the left.
///
/// Holds one digest for each full subtree on the right edge: O(log n) memory.
public struct MerkleTree: Sendable {
  private var subtrees: [Digest] = []
  public private(set) var count = 0

  public init() {}

  /// Adds a leaf's hash.
  @inline(__always)
  public mutating func append(_ leaf: Digest) { append(subtree: leaf, size: 1) }

  /// Adds the root of a full subtree.
  ///
  /// - Parameter size: its leaves: a power of two that divides the number of leaves before it.
  @inline(__always)
  public mutating func append(subtree root: Digest, size: Int) {
    precondition(size.nonzeroBitCount == 1 && count & (size - 1) == 0)
    var node = root
    var merged = count / size
    while merged & 1 == 1 {
      node = Self.node(subtrees.removeLast(), node)
      merged >>= 1
    }
    subtrees.append(node)
    count += size
  }

  /// The root: of no leaves the SHA-256 of nothing.
  public var root: Digest {
    guard var node = subtrees.last else { return SHA256.hash([]) }
    for left in subtrees.dropLast().reversed() { node = Self.node(left, node) }
    return node
  }

  /// Forgets all leaves.
  public mutating func removeAll() {
    subtrees.removeAll(keepingCapacity: true)
    count = 0
  }

  @inline(__always)
  public static func node(_ left: Digest, _ right: Digest) -> Digest {
    var sha = SHA256()
    sha.update(byte: 1)
    sha.update(left)
    sha.update(right)
    return sha.finalize()
  }
}

/// The root over frames of `2^rowsPerFrameLog2` rows each, the last one with fewer perhaps.
///
/// A tree over n leaves splits at the largest power of two below n, so full frames are complete subtrees and a shorter
/// last one is folded in as RFC 6962 folds the right edge.
public func merkleRoot(frames: [(root: Digest, rows: Int)], rowsPerFrameLog2: Int) -> Digest {
  let full = 1 << rowsPerFrameLog2
  var tree = MerkleTree()
  for frame in frames where frame.rows == full { tree.append(subtree: frame.root, size: full) }
  guard let last = frames.last, last.rows != full else { return tree.root }
  return tree.count == 0 ? last.root : tree.root(with: last.root)
}

extension MerkleTree {
  /// The root when a shorter subtree stands behind the full ones.
  fileprivate func root(with last: Digest) -> Digest {
    subtreesFromRight.reduce(last) { right, left in MerkleTree.node(left, right) }
  }

  private var subtreesFromRight: [Digest] { subtrees.reversed() }
}
