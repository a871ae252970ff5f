// SPDX-License-Identifier: Apache-2.0
internal import CCrypto

/// Kinds of asymmetric keys that sign digests here.
public enum KeyKind: Equatable, Sendable {
  case ed25519
  /// The modulus in bytes, at least 256.
  case rsa(modulusBytes: Int)

  /// Bytes of the longest signature of any key that is accepted.
  public static var longestSignature: Int { 2048 }

  /// Bytes of a signature.
  public var signatureLength: Int {
    switch self {
    case .ed25519: 64
    case .rsa(let bytes): bytes
    }
  }
}

/// Why a key cannot be used.
public enum KeyError: Error, Equatable, CustomStringConvertible {
  case notPEM
  case notDER
  case wrongPassphrase
  case unsupported(String)
  case weak(bits: Int)
  case library(String)

  public var description: String {
    switch self {
    case .notPEM: "this is no PEM key that can be read"
    case .notDER: "this is no public key in DER"
    case .wrongPassphrase: "the key is encrypted and its passphrase is missing or wrong"
    case .unsupported(let name): "a key of type \(name) is not supported: RSA and Ed25519 are"
    case .weak(let bits): "an RSA key of \(bits) bits is too short: at least 2048 are needed"
    case .library(let words): "libcrypto: \(words)"
    }
  }
}

/// An EVP_PKEY that frees itself.
// EVP_PKEY(7): once made a key may be shared between threads for signing and verifying; contexts may not.
final class KeyHandle: @unchecked Sendable {
  let key: OpaquePointer
  let kind: KeyKind

  /// libcrypto verifies with no longer RSA key (OPENSSL_RSA_MAX_MODULUS_BITS).
  static var maximumBits: Int { KeyKind.longestSignature * 8 }

  /// Takes ownership of `key`, also when it throws.
  init(owning key: OpaquePointer) throws(KeyError) {
    self.key = key
    switch EVP_PKEY_get_base_id(key) {
    case NID_ED25519: kind = .ed25519
    case NID_rsaEncryption:
      let bits = Int(EVP_PKEY_get_bits(key))
      guard bits >= 2048 else {
        kind = .ed25519
        throw KeyError.weak(bits: bits)  // a class frees what it holds: deinit runs, every member is set
      }
      guard bits <= Self.maximumBits else {
        kind = .ed25519
        throw KeyError.unsupported("RSA with \(bits) bits")
      }
      kind = .rsa(modulusBytes: Int(EVP_PKEY_get_size(key)))
    default:
      kind = .ed25519
      let name = EVP_PKEY_get0_type_name(key).map { String(cString: $0) } ?? "unknown"
      throw KeyError.unsupported(name)
    }
  }

  deinit { EVP_PKEY_free(key) }

  /// A context set up for signing or verifying with RSA over a digest that is made already.
  func rsaContext(forSigning: Bool) throws(KeyError) -> OpaquePointer {
    guard let context = EVP_PKEY_CTX_new(key, nil) else { throw libraryError() }
    let ready = forSigning ? EVP_PKEY_sign_init(context) : EVP_PKEY_verify_init(context)
    guard ready == 1, EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1,
      EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1
    else {
      EVP_PKEY_CTX_free(context)
      throw libraryError()
    }
    return context
  }
}

func libraryError() -> KeyError {
  var words = "no reason given"
  let code = ERR_get_error()
  if code != 0, let reason = ERR_reason_error_string(code) { words = String(cString: reason) }
  ERR_clear_error()
  return .library(words)
}

/// Reads PEM text, or DER, through a memory BIO.
func withPEM<R>(_ pem: [UInt8], _ body: (OpaquePointer) throws(KeyError) -> R) throws(KeyError) -> R {
  guard !pem.isEmpty, let length = Int32(exactly: pem.count) else { throw .notPEM }
  // The BIO reads the array's memory, which is only there within the closure.
  let result = pem.withUnsafeBytes { bytes -> Result<R, KeyError> in
    guard let bio = BIO_new_mem_buf(bytes.baseAddress, length) else { return .failure(libraryError()) }
    defer { BIO_free(bio) }
    do throws(KeyError) { return .success(try body(bio)) } catch { return .failure(error) }
  }
  return try result.get()
}

/// What a key writes into a memory BIO.
func textWritten(_ body: (OpaquePointer) -> Int32) -> [UInt8] {
  guard let bio = BIO_new(BIO_s_mem()) else { return [] }
  defer { BIO_free(bio) }
  guard body(bio) == 1 else { return [] }
  var text: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = BIO_read(bio, &piece, Int32(piece.count))
    if count <= 0 { return text }
    text += piece[..<Int(count)]
  }
}
