// SPDX-License-Identifier: Apache-2.0
internal import CCrypto

/// HMAC-SHA-256 (RFC 2104) with the key's two block states computed once: a MAC of 32 bytes costs two blocks.
public struct HMACSHA256: Sendable {
  private let inner: SHA256
  private let outer: SHA256

  public init(key: [UInt8]) {
    var block = key.count > 64 ? SHA256.hash(key).bytes : key
    block += Array(repeating: 0, count: 64 - block.count)
    var inner = SHA256()
    var outer = SHA256()
    block.map { $0 ^ 0x36 }.withUnsafeBytes { inner.update($0) }
    block.map { $0 ^ 0x5c }.withUnsafeBytes { outer.update($0) }
    self.inner = inner
    self.outer = outer
  }

  public func authenticate(_ message: UnsafeRawBufferPointer) -> Digest {
    var state = inner
    state.update(message)
    let digest = state.finalize()
    state = outer
    state.update(digest)
    return state.finalize()
  }

  public func authenticate(_ message: Span<UInt8>) -> Digest {
    message.withUnsafeBytes { authenticate($0) }
  }

  public func authenticate(_ digest: Digest) -> Digest {
    digest.withUnsafeBytes { authenticate($0) }
  }

  /// Compares in constant time.
  public func isValid(_ mac: UnsafeRawBufferPointer, over digest: Digest) -> Bool {
    guard mac.count == 32 else { return false }
    return authenticate(digest) == Digest(mac)  // Digest's == reads all words whatever differs
  }
}
