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
