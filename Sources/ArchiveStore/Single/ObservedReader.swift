// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Bytes
public import Cryptography

/// Reads an object once, whose beginning can be looked at before, and digests it on the way.
// One stage owns it at a time.
public final class ObservedReader: ObjectReader, @unchecked Sendable {
  private let object: any ObjectReader
  private var digest = SHA256()
  /// What has been read and not been handed out yet.
  private var start: [UInt8] = []

  public init(_ object: SingleObject) throws { self.object = try object.open() }

  public var size: Int { object.size }

  /// The first bytes, fewer where there are no more; they are read again by ``read(into:upTo:)``.
  public func peek(_ count: Int) throws -> [UInt8] {
    var buffer = ByteBuffer(capacity: count)
    while buffer.count < count, try object.read(into: &buffer, upTo: count - buffer.count) > 0 {}
    start = buffer.array()
    return start
  }

  public func read(into buffer: inout ByteBuffer, upTo count: Int) throws -> Int {
    let before = buffer.count
    if start.isEmpty {
      guard try object.read(into: &buffer, upTo: count) > 0 else { return 0 }
    } else {
      let piece = start.prefix(count)
      unsafe piece.withUnsafeBytes { unsafe buffer.append($0) }
      start.removeFirst(piece.count)
    }
    unsafe digest.update(buffer.unsafeBytes(before..<buffer.count))
    return buffer.count - before
  }

  /// Reads what is left.
  ///
  /// - Returns: the whole object's SHA-256.
  public func finish() throws -> Digest {
    var rest = ByteBuffer(capacity: 1 << 20)
    while try read(into: &rest, upTo: 1 << 20) > 0 { rest.clear() }
    return digest.finalize()
  }
}
