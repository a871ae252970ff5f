// SPDX-License-Identifier: Apache-2.0
internal import Bytes
public import Pipeline

/// About a megabyte of tuples as a binary COPY gives them: a field count, then a length and the bytes of each field.
// One stage owns it at a time; queues hand it over.
public final class TupleBatch: Sequenced, @unchecked Sendable {
  public internal(set) var sequence = 0
  var bytes = ByteBuffer(capacity: (1 << 20) + (1 << 16))
  var ends: [Int] = []

  public init() {}

  @inline(__always)
  public func append(_ tuple: UnsafeRawBufferPointer) {
    unsafe bytes.append(tuple)
    ends.append(bytes.count)
  }

  @inline(__always)
  public var isFull: Bool { bytes.count >= 1 << 20 }

  func removeAll() {
    bytes.clear()
    bytes.shrink(to: 4 << 20)
    ends.removeAll(keepingCapacity: true)
  }
}
