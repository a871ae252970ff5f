// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes

extension ObjectStore {
  /// For stores that know no ranges: what lies before the part is read and passed over.
  public func open(_ key: String, _ version: ObjectVersion, range: Range<Int>) throws -> (any ObjectReader)? {
    guard let reader = try open(key, version) else { return nil }
    return try PartReader(reader, range, skipped: 0, name: "\(url)/\(key)")
  }

  /// Reads a part of a version; nil when there is no such version.
  func read(_ key: String, _ version: ObjectVersion, range: Range<Int>) throws -> [UInt8]? {
    guard let reader = try open(key, version, range: range) else { return nil }
    var buffer = ByteBuffer(capacity: range.count)
    while try reader.read(into: &buffer, upTo: max(1, range.count - buffer.count)) > 0 {}
    return buffer.array()
  }
}

/// Reads a part of an object.
// One stage owns it at a time.
final class PartReader: ObjectReader, @unchecked Sendable {
  private let object: any ObjectReader
  /// Bytes that lie before the part, and were not read yet.
  private var before: Int
  /// Bytes of the part that were not read yet.
  private var rest: Int

  /// - Parameter skipped: bytes of the object that `object` passes over by itself.
  init(_ object: any ObjectReader, _ range: Range<Int>, skipped: Int, name: String) throws(Failure) {
    precondition(range.lowerBound >= skipped && !range.isEmpty)
    guard range.upperBound <= object.size else {
      throw Failure(
        .integrity, "it has \(object.size) bytes and ends before \(range.upperBound)", on: name,
        remedy: "find out who wrote it")
    }
    self.object = object
    before = range.lowerBound - skipped
    rest = range.count
  }

  var size: Int { object.size }

  func read(into buffer: inout ByteBuffer, upTo count: Int) throws -> Int {
    var passed = ByteBuffer()
    while before > 0 {
      let got = try object.read(into: &passed, upTo: min(before, 1 << 20))
      guard got > 0 else { return 0 }
      before -= got
      passed.clear()
    }
    guard rest > 0 else { return 0 }
    let got = try object.read(into: &buffer, upTo: min(count, rest))
    rest -= got
    return got
  }
}
