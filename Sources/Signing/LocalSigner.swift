// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// Signs with a key in this process.
public struct LocalSigner: Signer {
  private enum Key: Sendable {
    case shared(HMACSHA256)
    case own(PrivateKey)
  }

  private let key: Key
  public let description: SignerDescription

  /// - Parameter key: at least one byte.
  public init(hmacKey key: [UInt8], kid: String, backend: String = "local") {
    self.key = .shared(HMACSHA256(key: key))
    description = SignerDescription(backend: backend, kid: kid, algorithm: .hmacSHA256, publicKey: nil)
  }

  /// - Parameter kid: nil derives one from the public key.
  public init(privateKey: PrivateKey, kid: String? = nil) {
    key = .own(privateKey)
    let algorithm: SignatureAlgorithm = privateKey.kind == .ed25519 ? .ed25519 : .rsaSHA256
    description = SignerDescription(
      backend: "local", kid: kid ?? derivedKid(privateKey.publicKey), algorithm: algorithm,
      publicKey: privateKey.publicKey.pem)
  }

  public func sign(_ digest: Digest) throws -> [UInt8] {
    switch key {
    case .shared(let hmac): return hmac.authenticate(digest).bytes
    case .own(let key): return try key.sign(digest)
    }
  }

  public func isValid(_ signature: [UInt8], over digest: Digest) -> Bool {
    switch key {
    case .shared(let hmac): unsafe signature.withUnsafeBytes { unsafe hmac.isValid($0, over: digest) }
    case .own(let key): key.publicKey.isValid(signature, over: digest)
    }
  }

  public func probe() -> SignerHealth {
    let clock = ContinuousClock()
    let start = clock.now
    do { return try selfTest() } catch {
      return SignerHealth(isUsable: false, latency: clock.now - start, detail: "\(error)")
    }
  }
}

/// A key id for a key that no registry names.
func derivedKid(_ key: PublicKey) -> String {
  let algorithm: SignatureAlgorithm = key.kind == .ed25519 ? .ed25519 : .rsaSHA256
  return "local-\(algorithm.rawValue)-\(key.fingerprint.hex.prefix(16))"
}
