// SPDX-License-Identifier: Apache-2.0
public import Bytes
internal import CZstd

/// Makes frames with a checksum and the content's size.
///
/// The same content and level give the same bytes: content goes in whole, or for what is too large for that in pieces
/// of a fixed size, never as it happens to arrive.
// ZSTD_CCtx is used by one thread at a time; the owner moves it.
public final class Compressor: @unchecked Sendable {
  private let context: OpaquePointer

  public init(level: Int) throws(ZstandardError) {
    guard let context = ZSTD_createCCtx() else { throw ZstandardError("out of memory") }
    self.context = context
    try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level)))
    try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
    try check(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1))
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Appends one frame.
  ///
  /// - Returns: the frame's length.
  public func compress(
    _ content: UnsafeRawBufferPointer, into out: inout ByteBuffer
  ) throws(ZstandardError) -> Int {
    let before = out.count
    let bound = ZSTD_compressBound(content.count)
    var length = 0
    try out.write(upTo: bound) { (target: UnsafeMutablePointer<UInt8>) throws(ZstandardError) -> Int in
      length = try check(ZSTD_compress2(context, target, bound, content.baseAddress, content.count))
      return length
    }
    return out.count - before
  }

  /// Begins a frame whose content comes in pieces.
  public func begin(contentBytes: Int) throws(ZstandardError) {
    try check(ZSTD_CCtx_reset(context, ZSTD_reset_session_only))
    try check(ZSTD_CCtx_setPledgedSrcSize(context, UInt64(contentBytes)))
  }

  /// Appends what a piece of the content becomes; the last one ends the frame.
  public func add(
    _ piece: UnsafeRawBufferPointer, isLast: Bool, into out: inout ByteBuffer
  ) throws(ZstandardError) {
    var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
    let room = ZSTD_CStreamOutSize()
    while true {
      var rest = 0
      try out.write(upTo: room) { (target: UnsafeMutablePointer<UInt8>) throws(ZstandardError) -> Int in
        var output = ZSTD_outBuffer(dst: target, size: room, pos: 0)
        rest = try check(ZSTD_compressStream2(context, &output, &input, isLast ? ZSTD_e_end : ZSTD_e_continue))
        return output.pos
      }
      if isLast ? rest == 0 : input.pos == input.size { return }
    }
  }
}
