// SPDX-License-Identifier: Apache-2.0
internal import AWS
public import AuditCore
public import Cryptography
public import KMSClient

/// Signs with a key of AWS KMS.
///
/// The public half of an asymmetric key is fetched once: its signatures verify here, and each that KMS gives is verified
/// before it is given out. MACs are made and verified by KMS, a call each.
public struct KMSSigner: ServiceSigner {
  public let description: SignerDescription
  public let signatureLength: Int
  private let client: KMSClient
  private let key: KMSKey
  private let algorithm: KMSAlgorithm
  /// nil for a MAC, and where KMS may not be asked for it.
  private let publicKey: PublicKey?
  private let object: String

  /// Looks the key up. One that is disabled, as after a theft, still verifies where its public half is at hand:
  /// ``requireUsable()`` is for those who sign.
  ///
  /// - Parameters:
  ///   - name: the key's id, ARN, alias or alias's ARN.
  ///   - wanted: what the settings ask for; nil takes the key's own.
  ///   - registry: gives the key its id, where it lists it; otherwise the id is the ARN.
  ///   - variable: what named the key, for errors.
  public init(
    _ client: KMSClient, _ name: KMSKeyID, algorithm wanted: SignatureAlgorithm? = nil, registry: KeyRegistry?,
    variable: String
  ) throws(Failure) {
    let key = try client.describe(name)
    algorithm = try key.algorithm(on: variable)
    let own = SignatureAlgorithm(algorithm)
    guard wanted == nil || wanted == own else {
      throw Failure(
        .configuration, "\(wanted!.rawValue) is asked for, and the key, of spec \(key.spec), is for \(own.rawValue)",
        on: variable, remedy: "change what is asked for, or name a key of that kind")
    }
    publicKey = own == .hmacSHA256 ? nil : try Self.publicKey(client, key, registry)
    guard publicKey == nil || (publicKey?.kind == .ed25519) == (own == .ed25519) else {
      throw Failure(
        .configuration, "KMS gave a public key of another kind than \(key.spec)", on: variable,
        remedy: "check that the endpoint is KMS")
    }
    signatureLength = publicKey?.kind.signatureLength ?? Self.length(key.spec)
    let kid = try Self.kid(key, publicKey, registry)
    description = SignerDescription(backend: "kms", kid: kid, algorithm: own, publicKey: publicKey?.pem)
    (self.client, self.key, object) = (client, key, variable)
  }

  /// The public key; where KMS does not give it out the registry's, and without permission else none.
  private static func publicKey(
    _ client: KMSClient, _ key: KMSKey, _ registry: KeyRegistry?
  ) throws(Failure) -> PublicKey? {
    do throws(Failure) { return try client.publicKey(of: key) } catch {
      guard let code = (error.cause as? AWSError)?.code else { throw error }
      let isDenied = code.hasPrefix("AccessDenied")
      guard isDenied || ["DisabledException", "KMSInvalidStateException"].contains(code) else { throw error }
      let listed = registry?.key(key.arn)?.publicKey
      guard listed != nil || isDenied else { throw error }
      return listed
    }
  }

  /// - Throws: where the key was not enabled when it was looked up; the sentence says why.
  func requireUsable() throws(Failure) { try key.requireUsable(on: object) }

  private static func kid(_ key: KMSKey, _ publicKey: PublicKey?, _ registry: KeyRegistry?) throws(Failure) -> String {
    guard let publicKey, let registry else { return key.arn }
    if let listed = registry.key(key.arn) {
      guard listed.publicKey?.fingerprint == publicKey.fingerprint else {
        throw Failure(
          .configuration, "the registry lists another public key under \(key.arn)", on: "AUDIT_SIGNERS_FILE",
          remedy: "correct the signer registry")
      }
      return key.arn
    }
    return registry.kid(of: publicKey) ?? key.arn
  }

  /// Bytes of a signature of a key whose public half is not at hand.
  private static func length(_ spec: String) -> Int {
    switch spec {
    case "RSA_2048": 256
    case "RSA_3072": 384
    case "RSA_4096": 512
    case "ECC_NIST_EDWARDS25519": 64
    default: 32
    }
  }

  public func sign(_ digest: Digest) throws -> [UInt8] {
    let signature = try client.sign(digest, with: key, algorithm)
    guard signature.count == signatureLength, publicKey?.isValid(signature, over: digest) ?? true else {
      throw Failure(
        .integrity, "KMS gave a signature that its own key does not verify", on: key.arn,
        remedy: "do not use it; find out who answers at the endpoint")
    }
    return signature
  }

  public func isValid(_ signature: [UInt8], over digest: Digest) throws -> Bool {
    guard signature.count == signatureLength else { return false }
    if let publicKey { return publicKey.isValid(signature, over: digest) }
    return try client.isValid(signature, over: digest, with: key, algorithm)
  }

  public func probe() -> SignerHealth {
    SignerHealth.of {
      guard let id = KMSKeyID(key.arn) else { return "" }
      let now = try client.describe(id)
      try now.requireUsable(on: object)
      return "\(now.spec), \(now.state.lowercased())"
    }
  }
}

extension KMSSigner {
  /// What an operator should know about how it verifies; nil where that is as it should be.
  var warning: String? {
    guard description.algorithm != .hmacSHA256, publicKey == nil else { return nil }
    return "the permission kms:GetPublicKey is missing: KMS verifies this key's signatures, a call each"
  }
}

extension SignatureAlgorithm {
  init(_ algorithm: KMSAlgorithm) {
    self =
      switch algorithm {
      case .hmacSHA256: .hmacSHA256
      case .rsaSHA256: .rsaSHA256
      case .ed25519: .ed25519
      }
  }
}

extension VerificationKey {
  /// nil for a shared key, and for one that a service keeps.
  public var publicKey: PublicKey? { if case .published(let key) = material { key } else { nil } }
}
