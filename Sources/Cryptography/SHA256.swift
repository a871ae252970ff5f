// SPDX-License-Identifier: Apache-2.0
internal import CCrypto

/// A running SHA-256 (FIPS 180-4). A copy is a saved state.
public struct SHA256: Sendable {
  private var context = SHA256_CTX()

  public init() { SHA256_Init(&context) }  // cannot fail: it only sets constants

  @inline(__always)
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    SHA256_Update(&context, bytes.baseAddress, bytes.count)
  }

  @inline(__always)
  public mutating func update(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBytes { update($0) }
  }

  public mutating func update(_ digest: Digest) {
    digest.withUnsafeBytes { update($0) }
  }

  public mutating func update(byte: UInt8) {
    var byte = byte
    SHA256_Update(&context, &byte, 1)
  }

  /// The digest of what came so far; the state is spent.
  public mutating func finalize() -> Digest {
    var out: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    return withUnsafeMutableBytes(of: &out) { bytes in
      SHA256_Final(bytes.bindMemory(to: UInt8.self).baseAddress, &context)
      return Digest(UnsafeRawBufferPointer(bytes))
    }
  }

  public static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
    var sha = SHA256()
    sha.update(bytes)
    return sha.finalize()
  }

  public static func hash(_ bytes: Span<UInt8>) -> Digest {
    bytes.withUnsafeBytes { hash($0) }
  }

  public static func hash(_ bytes: [UInt8]) -> Digest {
    bytes.withUnsafeBytes { hash($0) }
  }
}

// MARK: For the lanes, which compress a state's blocks beside another's

extension SHA256 {
  /// Bytes that are missing to the end of the block that has begun; 0 between blocks.
  var bytesToBlockEnd: Int { context.num == 0 ? 0 : 64 - Int(context.num) }

  /// The eight words of the state.
  typealias Words = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

  var words: Words { context.h }

  /// Takes the state that compressing `blocks` whole blocks led to.
  ///
  /// - Precondition: no block has begun.
  mutating func advance(to words: Words, blocks: Int) {
    precondition(context.num == 0)
    context.h = words
    // The length in bits, in two words.
    let bits = UInt64(context.Nh) << 32 | UInt64(context.Nl) &+ UInt64(blocks) << 9
    context.Nl = UInt32(truncatingIfNeeded: bits)
    context.Nh = UInt32(truncatingIfNeeded: bits >> 32)
  }
}
