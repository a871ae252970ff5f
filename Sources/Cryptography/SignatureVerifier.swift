// SPDX-License-Identifier: Apache-2.0
internal import CCrypto

/// Verifies signatures of one key, one after the other, with what libcrypto needs for it made once.
public final class SignatureVerifier {
  private let handle: KeyHandle
  private let rsa: OpaquePointer?
  private let message: OpaquePointer?

  init?(_ handle: KeyHandle) {
    self.handle = handle
    if case .ed25519 = handle.kind {
      rsa = nil
      message = EVP_MD_CTX_new()
      if message == nil { return nil }
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

  /// As ``PublicKey/isValid(_:over:)-(UnsafeRawBufferPointer,_)``.
  public func isValid(_ signature: UnsafeRawBufferPointer, over digest: Digest) -> Bool {
    guard signature.count == handle.kind.signatureLength else { return false }
    let bytes = signature.bindMemory(to: UInt8.self).baseAddress
    let result = digest.withUnsafeBytes { digest in
      let digest = digest.bindMemory(to: UInt8.self).baseAddress
      if let rsa { return EVP_PKEY_verify(rsa, bytes, signature.count, digest, 32) }
      guard EVP_DigestVerifyInit(message, nil, nil, nil, handle.key) == 1 else { return 0 }
      return EVP_DigestVerify(message, bytes, signature.count, digest, 32)
    }
    if result != 1 { ERR_clear_error() }
    return result == 1
  }
}
