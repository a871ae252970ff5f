// SPDX-License-Identifier: Apache-2.0
internal import Bytes
internal import Glibc

/// Lines of standard input, one in memory at a time.
public struct LineReader: ~Copyable {
  private var buffer = ByteBuffer(capacity: 1 << 16)
  private var consumed = 0
  private var isAtEnd = false
  /// Number of the last line, from 1.
  public private(set) var number = 0

  public init() {}

  /// The next line without its newline; nil at the end.
  public mutating func next() throws(FileError) -> [UInt8]? {
    var searched = consumed
    while true {
      if let end = buffer.newline(from: searched) {
        number += 1
        defer { consumed = end + 1 }
        return [UInt8](buffer.unsafeBytes(consumed..<end))
      }
      if isAtEnd {
        guard buffer.count > consumed else { return nil }
        number += 1
        defer { consumed = buffer.count }
        return [UInt8](buffer.unsafeBytes(consumed..<buffer.count))
      }
      searched = buffer.count - consumed
      buffer.removeFirst(consumed)
      consumed = 0
      try fill()
    }
  }

  private mutating func fill() throws(FileError) {
    var got = 0
    buffer.write(upTo: 1 << 16) { target in
      repeat { got = read(0, target, 1 << 16) } while got < 0 && errno == EINTR
      return max(got, 0)
    }
    if got < 0 { throw FileError("read", "standard input", code: errno) }
    isAtEnd = got == 0
  }
}
