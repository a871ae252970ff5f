// SPDX-License-Identifier: Apache-2.0
public import Bytes
public import Cryptography

/// Whole lines of one frame, about a megabyte of them; reused.
// One stage owns it at a time; queues hand it over.
public final class LineChunk: @unchecked Sendable {
  public var bytes = ByteBuffer(capacity: (1 << 20) + (1 << 18))
  /// Offset of each line's newline.
  public var ends: [Int] = []
  /// Each line's leaf of the Merkle tree, where the source makes them.
  public var leaves: [Digest] = []
  /// Number of the frame that the lines belong to.
  public var frame = 0
  /// Number of the first line's row in the bundle.
  public var firstRow = 0
  /// Position of the chunk in what is read.
  public var sequence = 0

  public init() {}

  public var count: Int { ends.count }

  /// Range of a line, without its newline.
  public func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1] + 1)..<ends[index] }

  /// Moves what stands behind the last newline to where the next chunk begins.
  func moveTail(to carry: inout ByteBuffer) {
    let whole = ends[ends.count - 1] + 1
    unsafe carry.append(bytes.unsafeBytes(whole..<bytes.count))
    bytes.truncate(to: whole)
  }

  func removeAll() {
    bytes.clear()
    bytes.shrink(to: 4 << 20)
    ends.removeAll(keepingCapacity: true)
    leaves.removeAll(keepingCapacity: true)
  }
}

/// Lines of a bundle or of an older archive, piece by piece; one thread reads at a time.
public protocol LineSource: AnyObject, Sendable {
  /// Fills `chunk` with the next lines; false at the end. Throws an ``ArchiveFinding`` for damage.
  func next(_ chunk: LineChunk) throws -> Bool
}
