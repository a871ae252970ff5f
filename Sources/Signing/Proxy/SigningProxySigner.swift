// SPDX-License-Identifier: Apache-2.0
internal import AWS
public import AuditCore
public import Cryptography

/// Signs through a signing proxy.
///
/// What key the proxy signs with is learnt from a training payload, and stays the same for a run. Where its public half
/// is at hand, every signature is verified by it before it is given out; otherwise the proxy itself is asked.
public struct SigningProxySigner: ServiceSigner {
  public let description: SignerDescription
  public let signatureLength: Int
  private let client: SigningProxyClient
  private let publicKey: PublicKey?

  /// Has a training payload signed.
  ///
  /// - Parameters:
  ///   - wanted: what the settings ask for; nil takes what the proxy does.
  ///   - registry: its key of the proxy's kid must verify the signature.
  ///   - ownKey: a key at hand that is the proxy's if it verifies the signature.
  public init(
    _ client: SigningProxyClient, algorithm wanted: SignatureAlgorithm? = nil, registry: KeyRegistry?,
    ownKey: PublicKey? = nil
  ) throws(Failure) {
    let digest = trainingDigest()
    let answer = try client.sign(digest)
    let object = client.settings.variable
    guard wanted == nil || wanted == answer.algorithm else {
      throw Failure(
        .configuration, "\(wanted!.rawValue) is asked for, and the proxy signs by \(answer.algorithm.rawValue)",
        on: object, remedy: "change what is asked for, or the proxy's key")
    }
    self.client = client
    signatureLength = answer.signature.count
    publicKey = try Self.publicKey(answer, digest, registry, ownKey)
    description = SignerDescription(
      backend: "proxy", kid: answer.kid, algorithm: answer.algorithm, publicKey: publicKey?.pem)
    guard Self.isLength(signatureLength, of: answer.algorithm) else { throw doesNotVerify }
    if let publicKey {
      guard publicKey.isValid(answer.signature, over: digest) else { throw doesNotVerify }
    } else if try !client.isValid(answer.signature, over: digest) {
      throw doesNotVerify
    }
  }

  private static func publicKey(
    _ answer: SigningProxyClient.Answer, _ digest: Digest, _ registry: KeyRegistry?, _ ownKey: PublicKey?
  ) throws(Failure) -> PublicKey? {
    guard let listed = registry?.key(answer.kid) else {
      // Under an id of its own the proxy may sign with a key that the registry lists.
      let listed = (registry?.keys ?? []).filter { $0.algorithm == answer.algorithm }.compactMap(\.publicKey)
      return (listed + [ownKey].compactMap { $0 }).first { $0.isValid(answer.signature, over: digest) }
    }
    guard listed.algorithm == answer.algorithm else {
      throw Failure(
        .configuration,
        "the proxy signs by \(answer.algorithm.rawValue), and the registry's \(answer.kid) is for "
          + listed.algorithm.rawValue, on: "AUDIT_SIGNERS_FILE", remedy: "correct the signer registry, or the proxy")
    }
    return listed.publicKey
  }

  private static func isLength(_ count: Int, of algorithm: SignatureAlgorithm) -> Bool {
    switch algorithm {
    case .hmacSHA256: count == 32
    case .ed25519: count == 64
    case .rsaSHA256: (256...KeyKind.longestSignature).contains(count)
    }
  }

  private var doesNotVerify: Failure {
    let judge = publicKey == nil ? "the proxy's own /verify" : "the key at hand for \(description.kid)"
    return Failure(
      .integrity, "the signing proxy gave a signature that \(judge) refuses", on: client.settings.endpoint.url,
      remedy: "do not use it; find out who signs there, or correct AUDIT_SIGNERS_FILE")
  }

  public func sign(_ digest: Digest) throws -> [UInt8] { try checked(client.sign(digest), over: digest) }

  /// Has a document in RFC 8785 form signed: the signature is over its SHA-256.
  public func sign(canonical text: String) throws -> [UInt8] {
    try checked(client.sign(canonical: text), over: SHA256.hash(Array(text.utf8)))
  }

  private func checked(_ answer: SigningProxyClient.Answer, over digest: Digest) throws(Failure) -> [UInt8] {
    guard answer.kid == description.kid, answer.algorithm == description.algorithm else {
      throw Failure(
        .tryLater, "the signing proxy changed from \(description.kid) to \(answer.kid) in the middle of the run",
        on: client.settings.endpoint.url, remedy: "run it again: nothing is lost")
    }
    guard answer.signature.count == signatureLength else { throw doesNotVerify }
    let isValid: Bool
    if let publicKey {
      isValid = publicKey.isValid(answer.signature, over: digest)
    } else {
      isValid = try client.isValid(answer.signature, over: digest)
    }
    guard isValid else { throw doesNotVerify }
    return answer.signature
  }

  public func isValid(_ signature: [UInt8], over digest: Digest) throws -> Bool {
    guard signature.count == signatureLength else { return false }
    if let publicKey { return publicKey.isValid(signature, over: digest) }
    return try client.isValid(signature, over: digest)
  }

  /// The public half of its key, from the proxy itself; nil where it does not give it out.
  public func publicKeyOfProxy() throws(Failure) -> String? {
    if let pem = description.publicKey { return pem }
    return try client.publicKey()
  }

  public func probe() -> SignerHealth {
    SignerHealth.of { "\(client.settings.endpoint.url) answered GET with \(try client.probe())" }
  }

  /// What an operator should know about it in production; nil where it is as it should be.
  var warning: String? { client.settings.warning }
}
