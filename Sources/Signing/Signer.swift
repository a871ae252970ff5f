// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// What signs digests: a local key, the mock, later a key management service or a signing proxy.
///
/// Contract: `sign` returns a signature that `isValid` accepts for the same digest and refuses for any other; both may
/// be called from several threads; a backend that cannot be reached throws a ``Failure`` with status `unavailable`,
/// one that refuses us `permission`; nothing secret is in what it throws or describes.
public protocol Signer: Sendable {
  var description: SignerDescription { get }
  func sign(_ digest: Digest) throws -> [UInt8]
  func isValid(_ signature: [UInt8], over digest: Digest) throws -> Bool
  /// Looks whether the signer can be used now.
  func probe() -> SignerHealth
}

/// Who signs.
public struct SignerDescription: Equatable, Sendable {
  /// Kind of backend: `local`, `mock`.
  public let backend: String
  public let kid: String
  public let algorithm: SignatureAlgorithm
  /// PEM; nil where the key is shared and secret.
  public let publicKey: String?

  public init(backend: String, kid: String, algorithm: SignatureAlgorithm, publicKey: String?) {
    self.backend = backend
    self.kid = kid
    self.algorithm = algorithm
    self.publicKey = publicKey
  }
}

/// Outcome of a probe.
public struct SignerHealth: Equatable, Sendable {
  public let isReachable: Bool
  public let detail: String

  public init(isReachable: Bool, detail: String) {
    self.isReachable = isReachable
    self.detail = detail
  }
}

extension Signer {
  /// Signs and verifies a training payload, and checks that a changed one is refused.
  public func selfTest() throws -> SignerHealth {
    let digest = SHA256.hash(Array("memoryctl training payload".utf8) + randomBytes(16))
    let signature = try sign(digest)
    guard try isValid(signature, over: digest) else {
      return SignerHealth(isReachable: false, detail: "its signature does not verify")
    }
    guard try !isValid(signature, over: SHA256.hash(digest.bytes)) else {
      return SignerHealth(isReachable: false, detail: "it accepts a signature over something else")
    }
    var bent = signature
    if !bent.isEmpty { bent[bent.count / 2] ^= 1 }
    guard try !isValid(bent, over: digest) else {
      return SignerHealth(isReachable: false, detail: "it accepts an altered signature")
    }
    return SignerHealth(isReachable: true, detail: "signed and verified a training payload")
  }
}
