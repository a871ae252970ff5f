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
  /// An Ed25519 point for which one constant passes as the signature of anything.
  case smallOrder
  case library(String)

  public var description: String {
    switch self {
    case .notPEM: "this is no PEM key that can be read"
    case .notDER: "this is no public key in DER"
    case .wrongPassphrase: "the key is encrypted and its passphrase is missing or wrong"
    case .unsupported(let name): "a key of type \(name) is not supported: RSA and Ed25519 are"
    case .weak(let bits): "an RSA key of \(bits) bits is too short: at least 2048 are needed"
    case .smallOrder: "this Ed25519 key is of small order, so that anybody can sign in its name"
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
    case NID_ED25519:
      kind = .ed25519
      guard !Self.hasSmallOrder(key) else { throw KeyError.smallOrder }
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

  /// Whether an Ed25519 key is one of the eight points of small order, in whatever encoding: libcrypto takes them.
  private static func hasSmallOrder(_ key: OpaquePointer) -> Bool {
    var point = [UInt8](repeating: 0, count: 32)
    var length = point.count
    guard EVP_PKEY_get_raw_public_key(key, &point, &length) == 1, length == 32 else { return true }
    // The top bit is the sign of x; the rest is y, little-endian, and y + p is y as well.
    point[31] &= 0x7f
    return smallOrderYs.contains(point)
  }

  /// 0, 1 and -1, the two of order 8, and p and p + 1, which are 0 and 1 again.
  private static let smallOrderYs: [[UInt8]] = {
    func filled(_ first: UInt8, _ rest: UInt8, _ last: UInt8) -> [UInt8] {
      [first] + [UInt8](repeating: rest, count: 30) + [last]
    }
    return [
      filled(0, 0, 0), filled(1, 0, 0), filled(0xec, 0xff, 0x7f), filled(0xed, 0xff, 0x7f), filled(0xee, 0xff, 0x7f),
      Digest(hex: "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")!.bytes,
      Digest(hex: "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")!.bytes,
    ]
  }()

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
