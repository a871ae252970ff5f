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
    guard signature.count == kind.signatureLength, let context = VerificationContext(handle) else { return false }
    return context.isValid(signature, over: digest)
  }

  public func isValid(_ signature: [UInt8], over digest: Digest) -> Bool {
    signature.withUnsafeBytes { isValid($0, over: digest) }
  }
}

/// libcrypto's working state of one verification.
private struct VerificationContext: ~Copyable {
  private let rsa: OpaquePointer?
  private let message: OpaquePointer?

  init?(_ handle: KeyHandle) {
    if case .ed25519 = handle.kind {
      rsa = nil
      message = EVP_MD_CTX_new()
      guard message != nil, EVP_DigestVerifyInit(message, nil, nil, nil, handle.key) == 1 else { return nil }
    } else {
      message = nil
      rsa = try? handle.rsaContext(forSigning: false)
      if rsa == nil { return nil }
    }
  }

  deinit {
    EVP_PKEY_CTX_free(rsa)
    EVP_MD_CTX_free(message)
  }

  borrowing func isValid(_ signature: UnsafeRawBufferPointer, over digest: Digest) -> Bool {
    let bytes = signature.bindMemory(to: UInt8.self).baseAddress
    let result = digest.withUnsafeBytes { digest in
      let digest = digest.bindMemory(to: UInt8.self).baseAddress
      return if let rsa {
        EVP_PKEY_verify(rsa, bytes, signature.count, digest, 32)
      } else {
        EVP_DigestVerify(message, bytes, signature.count, digest, 32)
      }
    }
    if result != 1 { ERR_clear_error() }
    return result == 1
  }
}
