// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import Bytes

/// An object in memory, read in pieces of at most `pieceBytes`.
// One stage owns it at a time.
public final class MemoryReader: ObjectReader, @unchecked Sendable {
  private let bytes: [UInt8]
  private let pieceBytes: Int
  private var offset = 0

  public init(_ bytes: [UInt8], pieceBytes: Int = .max) {
    self.bytes = bytes
    self.pieceBytes = pieceBytes
  }

  public var size: Int { bytes.count }

  public func read(into buffer: inout ByteBuffer, upTo count: Int) -> Int {
    let end = min(bytes.count, offset + min(count, pieceBytes))
    defer { offset = end }
    bytes[offset..<end].withUnsafeBytes { buffer.append($0) }
    return end - offset
  }
}
