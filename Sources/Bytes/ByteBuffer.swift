// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A growable run of bytes that is reused from batch to batch.
///
/// `clear()` keeps the memory. At least ``slack`` bytes past `count` are always allocated, so that inner
/// loops may store whole words and advance by what they meant to write.
public struct ByteBuffer: ~Copyable {
  /// Bytes past `count` that may be overwritten at any time.
  public static var slack: Int { 64 }

  @usableFromInline var base: UnsafeMutablePointer<UInt8>
  @usableFromInline var allocated: Int
  public private(set) var count = 0

  public init(capacity: Int = 4096) {
    allocated = max(capacity, 64) + Self.slack
    base = Self.resize(nil, allocated)
  }

  deinit { free(base) }

  /// Large blocks are remapped by realloc(3), not copied: a buffer that grows is not there twice, and of what it has
  /// reserved only what was written takes memory.
  private static func resize(_ base: UnsafeMutablePointer<UInt8>?, _ size: Int) -> UnsafeMutablePointer<UInt8> {
    guard let memory = realloc(base, size) else { preconditionFailure("out of memory: \(size) bytes") }
    return memory.assumingMemoryBound(to: UInt8.self)
  }

  /// Bytes that fit without growing.
  public var capacity: Int { allocated - Self.slack }

  public mutating func clear() { count = 0 }

  /// Makes room for `extra` more bytes, doubling what is allocated when it has to grow.
  @inline(__always)
  public mutating func reserve(_ extra: Int) {
    if count &+ extra > allocated &- Self.slack { grow(extra) }
  }

  @inline(never)
  private mutating func grow(_ extra: Int) {
    let wanted = max(count + extra, capacity * 2) + Self.slack
    base = Self.resize(base, wanted)
    allocated = wanted
  }

  /// Frees what a single huge value left allocated, when it is more than `limit`.
  public mutating func shrink(to limit: Int) {
    guard capacity > limit, count <= limit else { return }
    base = Self.resize(base, limit + Self.slack)
    allocated = limit + Self.slack
  }

  @inline(__always)
  public mutating func append(_ byte: UInt8) {
    reserve(1)
    base[count] = byte
    count &+= 1
  }

  @inline(__always)
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    reserve(bytes.count)
    UnsafeMutableRawPointer(base + count).copyMemory(from: start, byteCount: bytes.count)
    count &+= bytes.count
  }

  @inline(__always)
  public mutating func append(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBytes { append($0) }
  }

  @inline(__always)
  public mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  public mutating func append(utf8 text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  public mutating func append(_ other: borrowing ByteBuffer) {
    append(other.unsafeBytes)
  }

  /// Replaces bytes that are there with a word's.
  @inline(__always)
  public mutating func overwrite<T: BitwiseCopyable>(at offset: Int, with value: T) {
    precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count)
    UnsafeMutableRawPointer(base + offset).storeBytes(of: value, as: T.self)
  }

  /// Drops all but the first `length` bytes.
  public mutating func truncate(to length: Int) {
    precondition(length >= 0 && length <= count)
    count = length
  }

  /// Drops the first `length` bytes and moves the rest to the front.
  public mutating func removeFirst(_ length: Int) {
    precondition(length >= 0 && length <= count)
    base.update(from: base + length, count: count - length)
    count -= length
  }

  /// Hands the inner loop the place after `count`, with at least `extra + slack` bytes behind it; it returns
  /// how many of them it filled.
  @inline(__always)
  public mutating func write<E: Error>(
    upTo extra: Int, _ body: (UnsafeMutablePointer<UInt8>) throws(E) -> Int
  ) throws(E) {
    reserve(extra)
    let written = try body(base + count)
    precondition(written >= 0 && written <= extra)
    count &+= written
  }

  /// Where the bytes begin, valid until the buffer grows; for inner loops that fill what they reserved.
  @inline(__always)
  public var unsafeBase: UnsafeMutablePointer<UInt8> { base }

  /// Says how many bytes count after an inner loop has filled them.
  @inline(__always)
  public mutating func setCount(_ newCount: Int) {
    precondition(newCount >= 0 && newCount <= allocated - Self.slack)
    count = newCount
  }

  /// The bytes, valid until the buffer changes.
  @inline(__always)
  public var unsafeBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// The bytes of a range, valid until the buffer changes.
  @inline(__always)
  public func unsafeBytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  public func withSpan<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try body(Span(_unsafeElements: UnsafeBufferPointer(start: base, count: count)))
  }

  /// Appends the offsets of all newlines from `start` on to `ends`.
  public func newlines(from start: Int, into ends: inout [Int]) {
    var offset = start
    while offset < count, let found = memchr(base + offset, 0x0a, count - offset) {
      offset = found - UnsafeMutableRawPointer(base)
      ends.append(offset)
      offset += 1
    }
  }

  /// Offset of the first newline from `start` on.
  public func newline(from start: Int) -> Int? {
    guard start < count, let found = memchr(base + start, 0x0a, count - start) else { return nil }
    return found - UnsafeMutableRawPointer(base)
  }

  public func array() -> [UInt8] { [UInt8](unsafeBytes) }
}
