// SPDX-License-Identifier: Apache-2.0
public import Bytes
internal import CZstd

/// Reads frames piece by piece.
// ZSTD_DCtx is used by one thread at a time; the owner moves it.
public final class Decompressor: @unchecked Sendable {
  private let context: OpaquePointer

  /// - Parameter windowLogMax: largest window that a frame may ask for, as a power of two.
  public init(windowLogMax: Int = 27) throws(ZstandardError) {
    guard let context = ZSTD_createDCtx() else { throw ZstandardError("out of memory") }
    self.context = context
    try check(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(windowLogMax)))
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Forgets a frame that was begun.
  public func reset() { ZSTD_DCtx_reset(context, ZSTD_reset_session_only) }

  /// Reads on.
  ///
  /// - Parameters:
  ///   - input: compressed bytes.
  ///   - consumed: offset in `input` from where to read; moved behind what was used.
  ///   - room: most bytes that are appended to `out`.
  /// - Returns: whether a frame ended, which also ends the call.
  public func decompress(
    _ input: UnsafeRawBufferPointer, consumed: inout Int, into out: inout ByteBuffer, room: Int
  ) throws(ZstandardError) -> Bool {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: consumed)
    var rest = 1
    try out.write(upTo: room) { (target: UnsafeMutablePointer<UInt8>) throws(ZstandardError) -> Int in
      var output = ZSTD_outBuffer(dst: target, size: room, pos: 0)
      rest = try check(ZSTD_decompressStream(context, &output, &source))
      return output.pos
    }
    consumed = source.pos
    return rest == 0
  }
}
