// SPDX-License-Identifier: Apache-2.0
internal import CCrypto

/// A private key that signs 32-byte digests.
public struct PrivateKey: Sendable {
  private let handle: KeyHandle

  public var kind: KeyKind { handle.kind }
  public var publicKey: PublicKey { PublicKey(handle: handle) }

  private init(handle: KeyHandle) { self.handle = handle }

  /// Reads a private key in PEM (PKCS#8, encrypted or not, or PKCS#1).
  ///
  /// - Parameter passphrase: for an encrypted key; nobody is ever asked for one.
  public init(pem: [UInt8], passphrase: [UInt8]? = nil) throws(KeyError) {
    ERR_clear_error()
    let isEncrypted = String(decoding: pem, as: UTF8.self).contains("ENCRYPTED")
    let key = try withPEM(pem) { (bio: OpaquePointer) throws(KeyError) -> OpaquePointer in
      var secret = passphrase ?? []
      let key = withUnsafeMutablePointer(to: &secret) { secret in
        PEM_read_bio_PrivateKey(bio, nil, providePassphrase, secret)
      }
      guard let key else {
        ERR_clear_error()
        throw isEncrypted ? .wrongPassphrase : .notPEM
      }
      return key
    }
    handle = try KeyHandle(owning: key)
  }

  public static func generateEd25519() throws(KeyError) -> PrivateKey {
    try generate(EVP_PKEY_CTX_new_id(NID_ED25519, nil)) { _ in 1 }
  }

  public static func generateRSA(bits: Int) throws(KeyError) -> PrivateKey {
    try generate(EVP_PKEY_CTX_new_id(NID_rsaEncryption, nil)) { EVP_PKEY_CTX_set_rsa_keygen_bits($0, Int32(bits)) }
  }

  private static func generate(
    _ context: OpaquePointer?, _ configure: (OpaquePointer) -> Int32
  ) throws(KeyError) -> PrivateKey {
    guard let context else { throw libraryError() }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, configure(context) == 1, EVP_PKEY_keygen(context, &key) == 1, let key
    else { throw libraryError() }
    return PrivateKey(handle: try KeyHandle(owning: key))
  }

  /// The key as unencrypted PKCS#8 in PEM.
  public var pem: String {
    String(
      decoding: textWritten { PEM_write_bio_PKCS8PrivateKey($0, handle.key, nil, nil, 0, nil, nil) }, as: UTF8.self)
  }

  /// Signs a digest: PKCS#1 v1.5 with SHA-256 where it is the message hash, or plain Ed25519 where it is the message.
  public func sign(_ digest: Digest) throws(KeyError) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: kind.signatureLength)
    var length = signature.count
    let message = digest.bytes
    let result: Int32
    if case .ed25519 = kind {
      guard let context = EVP_MD_CTX_new() else { throw libraryError() }
      defer { EVP_MD_CTX_free(context) }
      guard EVP_DigestSignInit(context, nil, nil, nil, handle.key) == 1 else { throw libraryError() }
      result = EVP_DigestSign(context, &signature, &length, message, message.count)
    } else {
      let context = try handle.rsaContext(forSigning: true)
      defer { EVP_PKEY_CTX_free(context) }
      result = EVP_PKEY_sign(context, &signature, &length, message, message.count)
    }
    guard result == 1, length == signature.count else { throw libraryError() }
    return signature
  }
}

/// PEM's passphrase callback: copies what was given, or refuses.
private func providePassphrase(
  _ out: UnsafeMutablePointer<CChar>?, _ capacity: Int32, _ forWriting: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let out, let secret = context?.assumingMemoryBound(to: [UInt8].self).pointee, !secret.isEmpty,
    secret.count <= Int(capacity)
  else { return -1 }
  for (index, byte) in secret.enumerated() { out[index] = CChar(bitPattern: byte) }
  return Int32(secret.count)
}
