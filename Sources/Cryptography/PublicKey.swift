// SPDX-License-Identifier: Apache-2.0
internal import CCrypto

/// A public key that verifies signatures over 32-byte digests.
public struct PublicKey: Sendable {
  private let handle: KeyHandle

  public var kind: KeyKind { handle.kind }

  init(handle: KeyHandle) { self.handle = handle }

  /// Reads a `PUBLIC KEY` in PEM.
  public init(pem: [UInt8]) throws(KeyError) {
    ERR_clear_error()
    let key = try withPEM(pem) { (bio: OpaquePointer) throws(KeyError) -> OpaquePointer in
      guard let key = PEM_read_bio_PUBKEY(bio, nil, { _, _, _, _ in 0 }, nil) else {
        ERR_clear_error()
        throw .notPEM
      }
      return key
    }
    handle = try KeyHandle(owning: key)
  }

  /// Reads a SubjectPublicKeyInfo in DER; just that, with nothing behind it and in no other form.
  public init(der: [UInt8]) throws(KeyError) {
    ERR_clear_error()
    let key = try withPEM(der) { (bio: OpaquePointer) throws(KeyError) -> OpaquePointer in
      guard let key = d2i_PUBKEY_bio(bio, nil) else {
        ERR_clear_error()
        throw .notDER
      }
      return key
    }
    handle = try KeyHandle(owning: key)
    guard self.der == der else { throw .notDER }
  }

  /// The key as SubjectPublicKeyInfo in DER.
  public var der: [UInt8] { textWritten { i2d_PUBKEY_bio($0, handle.key) } }

  /// The key as `PUBLIC KEY` in PEM.
  public var pem: String {
    String(decoding: textWritten { PEM_write_bio_PUBKEY($0, handle.key) }, as: UTF8.self)
  }

  /// SHA-256 of the DER form (SubjectPublicKeyInfo); tells keys apart.
  public var fingerprint: Digest { SHA256.hash(der) }

  /// Whether `signature` is this key's over `digest`: PKCS#1 v1.5 with SHA-256 where the digest is the message
  /// hash, or plain Ed25519 where it is the message.
  public func isValid(_ signature: UnsafeRawBufferPointer, over digest: Digest) -> Bool {
    SignatureVerifier(handle)?.isValid(signature, over: digest) ?? false
  }

  public func isValid(_ signature: [UInt8], over digest: Digest) -> Bool {
    signature.withUnsafeBytes { isValid($0, over: digest) }
  }

  /// What verifies many signatures of this key on one thread.
  ///
  /// - Returns: nil where libcrypto has no memory for it.
  public func makeVerifier() -> SignatureVerifier? {
    // A copy of the key: threads that share one wait for each other's counts and locks.
    guard let copy = EVP_PKEY_dup(handle.key), let own = try? KeyHandle(owning: copy) else {
      return SignatureVerifier(handle)
    }
    return SignatureVerifier(own)
  }
}
