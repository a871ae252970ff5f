// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
public import Cryptography
internal import Zstandard

/// Reads the lines of one frame, and checks at its end that they are those of its root.
///
/// Throws an ``ArchiveFinding`` for damage, a ``Failure`` where it could not look. Of what it gave out nothing counts before
/// ``next(_:)`` has returned false.
// One stage owns it at a time.
public final class FrameReader: LineSource, @unchecked Sendable {
  private let name: String
  private let number: Int
  private let object: any ObjectReader
  private let frame: CarriedManifest.Frame
  private let decompressor: Decompressor
  private var input = ByteBuffer(capacity: 1 << 18)
  private var consumed = 0
  private var passedBytes = 0
  private var contentBytes = 0
  private var carry = ByteBuffer()
  private var hasEnded = false
  private var lanes = DigestLanes()
  private var chunks = 0
  private let firstRow: Int
  /// Those of the rows so far, in their order.
  public private(set) var leaves: [Digest] = []

  /// - Parameter object: reads just the frame's bytes.
  init(_ object: any ObjectReader, name: String, number: Int, frame: CarriedManifest.Frame, firstRow: Int) throws {
    self.name = name
    self.number = number
    self.object = object
    self.frame = frame
    self.firstRow = firstRow
    do { decompressor = try Decompressor() } catch { throw Failure(.unavailable, "\(error)", cause: error) }
  }

  /// Fills `chunk` with the next lines.
  ///
  /// - Returns: false at the end; then every check has passed.
  public func next(_ chunk: LineChunk) throws -> Bool {
    chunk.removeAll()
    guard !hasEnded else { return false }
    (chunk.frame, chunk.firstRow, chunk.sequence) = (number, firstRow + leaves.count, chunks)
    chunks += 1
    chunk.bytes.append(carry)
    carry.clear()
    do {
      repeat { try fill(chunk) } while !hasEnded && (chunk.ends.isEmpty || chunk.bytes.count < 1 << 20)
    } catch let error as ZstandardError { throw finding("is no sound zstd frame: \(error)") }
    if !hasEnded {
      chunk.moveTail(to: &carry)
    } else if chunk.bytes.count != (chunk.ends.last.map { $0 + 1 } ?? 0) {
      throw finding("does not end where a row does")
    }
    makeLeaves(chunk)
    if hasEnded { try checkEnd() }
    return true
  }

  private func finding(_ reason: String) -> ArchiveFinding { ArchiveFinding(name, "frame \(number) \(reason)") }

  private func fill(_ chunk: LineChunk) throws {
    var isAtEnd = false
    if consumed == input.count {
      passedBytes += consumed
      input.clear()
      consumed = 0
      isAtEnd = try object.read(into: &input, upTo: 1 << 18) == 0
    }
    let before = chunk.bytes.count
    hasEnded = try unsafe decompressor.decompress(
      input.unsafeBytes, consumed: &consumed, into: &chunk.bytes, room: 1 << 18)
    guard hasEnded || !isAtEnd || chunk.bytes.count > before else { throw finding("ends too early") }
    contentBytes += chunk.bytes.count - before
    guard contentBytes <= frame.contentBytes else { throw finding("is longer than its bundle says") }
    chunk.bytes.newlines(from: before, into: &chunk.ends)
    guard !chunk.ends.isEmpty || chunk.bytes.count <= BundleReader.longestLine else {
      throw finding("has a line that is longer than a row can be")
    }
  }

  private func makeLeaves(_ chunk: LineChunk) {
    for line in 0..<chunk.count { unsafe lanes.add(prefix: 0, chunk.bytes.unsafeBytes(chunk.range(line))) }
    lanes.run()
    chunk.leaves += lanes.digests
    leaves += lanes.digests
  }

  private func checkEnd() throws {
    guard consumed == input.count, passedBytes + consumed == frame.bytes, contentBytes == frame.contentBytes,
      leaves.count == frame.rows
    else { throw finding("does not have the bytes and rows that its bundle says") }
    var tree = MerkleTree()
    for leaf in leaves { tree.append(leaf) }
    guard tree.root == frame.merkleRoot else { throw finding("has rows that do not make its Merkle root") }
  }
}
