// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// Frames that readers of the content pass over (zstd format, "Skippable Frames").
public enum SkippableFrame {
  public static let headerBytes = 8

  /// Appends a frame with one of the sixteen magic numbers from 0x184D2A50 on.
  public static func append(magic: UInt32, _ content: borrowing ByteBuffer, to out: inout ByteBuffer) {
    appendLittleEndian(magic, to: &out)
    appendLittleEndian(UInt32(content.count), to: &out)
    out.append(content)
  }

  /// Whether any skippable frame begins here.
  public static func isSkippable(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 4 && loadLittleEndian(bytes, 0) & 0xffff_fff0 == 0x184D_2A50
  }

  /// Length of the frame's content, where one with this magic number begins at `offset`.
  public static func contentLength(magic: UInt32, in bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
    guard offset >= 0, bytes.count - offset >= headerBytes, loadLittleEndian(bytes, offset) == magic else { return nil }
    let length = Int(loadLittleEndian(bytes, offset + 4))
    return length <= bytes.count - offset - headerBytes ? length : nil
  }
}

/// The table of frames at the end of a file (Zstandard seekable format 0.1.0), without checksums.
public enum SeekTable {
  public static let magic: UInt32 = 0x184D_2A5E
  static let footerMagic: UInt32 = 0x8F92_EAB1
  static let footerBytes = 9

  public struct Entry: Equatable, Sendable {
    public var compressed: Int
    public var decompressed: Int

    public init(compressed: Int, decompressed: Int) {
      self.compressed = compressed
      self.decompressed = decompressed
    }
  }

  /// Appends the table; every size must fit 32 bits.
  public static func append(_ entries: [Entry], to out: inout ByteBuffer) throws(ZstandardError) {
    var content = ByteBuffer(capacity: entries.count * 8 + footerBytes)
    for entry in entries {
      guard let compressed = UInt32(exactly: entry.compressed), let decompressed = UInt32(exactly: entry.decompressed)
      else { throw ZstandardError("a frame is too large for a seek table") }
      appendLittleEndian(compressed, to: &content)
      appendLittleEndian(decompressed, to: &content)
    }
    appendLittleEndian(UInt32(entries.count), to: &content)
    content.append(0)
    appendLittleEndian(footerMagic, to: &content)
    SkippableFrame.append(magic: magic, content, to: &out)
  }

  /// Bytes of a whole table with this many entries, its frame header included.
  public static func byteCount(entries: Int) -> Int { SkippableFrame.headerBytes + entries * 8 + footerBytes }

  /// Reads a table that fills `bytes` from its frame header on.
  public static func read(_ bytes: UnsafeRawBufferPointer) throws(ZstandardError) -> [Entry] {
    guard let length = SkippableFrame.contentLength(magic: magic, in: bytes, at: 0),
      length == bytes.count - SkippableFrame.headerBytes, length >= footerBytes
    else { throw ZstandardError("there is no seek table where one must be") }
    let footer = bytes.count - footerBytes
    let count = Int(loadLittleEndian(bytes, footer))
    guard loadLittleEndian(bytes, footer + 5) == footerMagic, bytes[footer + 4] == 0,
      bytes.count == byteCount(entries: count)
    else { throw ZstandardError("the seek table's footer does not fit it") }
    return (0..<count).map { index in
      let offset = SkippableFrame.headerBytes + index * 8
      return Entry(
        compressed: Int(loadLittleEndian(bytes, offset)), decompressed: Int(loadLittleEndian(bytes, offset + 4)))
    }
  }
}

private func appendLittleEndian(_ value: UInt32, to out: inout ByteBuffer) {
  var bytes = value.littleEndian
  withUnsafeBytes(of: &bytes) { out.append($0) }
}

private func loadLittleEndian(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
  UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
}
