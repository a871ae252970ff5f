// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// What signs digests: a local key, the mock, a key of AWS KMS, a signing proxy.
///
/// Contract: `sign` returns a signature that `isValid` accepts for the same digest and refuses for any other, whatever
/// its length; both may be called from several threads; a backend that cannot be reached throws a ``Failure`` with
/// status `unavailable`, one that refuses us `permission`; nothing secret is in what it throws or describes.
public protocol Signer: Sendable {
  var description: SignerDescription { get }
  func sign(_ digest: Digest) throws -> [UInt8]
  func isValid(_ signature: [UInt8], over digest: Digest) throws -> Bool
  /// Looks whether the signer can be used now.
  func probe() -> SignerHealth
}

/// A signer whose key is kept by a service.
public protocol ServiceSigner: Signer {
  /// Bytes of a signature.
  var signatureLength: Int { get }
}

/// Who signs.
public struct SignerDescription: Equatable, Sendable {
  /// Kind of backend: `kms`, `proxy`, `local`, `mock`.
  public let backend: String
  public let kid: String
  public let algorithm: SignatureAlgorithm
  /// PEM; nil where the key is shared and secret, or where a service does not give it out.
  public let publicKey: String?

  public init(backend: String, kid: String, algorithm: SignatureAlgorithm, publicKey: String?) {
    self.backend = backend
    self.kid = kid
    self.algorithm = algorithm
    self.publicKey = publicKey
  }
}

extension Signer {
  /// Signs and verifies a training payload, and checks that a changed one is refused.
  public func selfTest() throws -> SignerHealth {
    let clock = ContinuousClock()
    let start = clock.now
    func found(_ isUsable: Bool, _ detail: String) -> SignerHealth {
      SignerHealth(isUsable: isUsable, latency: clock.now - start, detail: detail)
    }
    let digest = trainingDigest()
    let signature = try sign(digest)
    guard try isValid(signature, over: digest) else { return found(false, "its signature does not verify") }
    guard try !isValid(signature, over: SHA256.hash(digest.bytes)) else {
      return found(false, "it accepts a signature over something else")
    }
    var bent = signature
    if !bent.isEmpty { bent[bent.count / 2] ^= 1 }
    guard try !isValid(bent, over: digest) else { return found(false, "it accepts an altered signature") }
    return found(true, "signed and verified a training payload")
  }
}

/// The digest of a payload that says what it is for, and that nobody has signed before.
func trainingDigest() -> Digest { SHA256.hash(Array("memoryctl training payload".utf8) + randomBytes(16)) }
