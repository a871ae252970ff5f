// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// Whose approval counts, and of how many of them.
public struct MultisigPolicy: Equatable, Sendable {
  public let threshold: Int
  /// Ids of keys of the registry.
  public let signers: [String]

  public init(threshold: Int, signers: [String]) {
    self.threshold = threshold
    self.signers = signers
  }
}

/// What a count of signatures found.
public struct QuorumCount: Equatable, Sendable {
  public struct Refusal: Equatable, Sendable, CustomStringConvertible {
    public let kid: String
    public let reason: String

    public var description: String { "\"\(kid)\" \(reason)" }
  }

  public let threshold: Int
  /// Ids of the distinct keys that count.
  public fileprivate(set) var approved: [String] = []
  public fileprivate(set) var refused: [Refusal] = []

  public var isReached: Bool { approved.count >= threshold }
}

/// The signers of a registry's multisig: threshold and roster are the registry's word, never the proof's.
public struct Quorum: Sendable {
  public let policy: MultisigPolicy
  private let keys: KeyRegistry

  init(_ policy: MultisigPolicy, _ keys: KeyRegistry) {
    self.policy = policy
    self.keys = keys
  }

  /// Counts the distinct keys of the roster that signed a digest.
  ///
  /// - Parameter times: instants at each of which a key must count: when what is signed was made, and now.
  public func count(_ signatures: [Proof.Signature], over digest: Digest, at times: [Timestamp]) -> QuorumCount {
    var count = QuorumCount(threshold: policy.threshold)
    var counted: [VerificationKey] = []
    for (index, signature) in signatures.enumerated() {
      do throws(Reason) {
        if signatures[..<index].contains(where: { $0.kid == signature.kid }) { throw Reason("is listed twice") }
        let key = try key(of: signature, over: digest, at: times)
        if let twin = counted.first(where: { $0.isSameKey(as: key) }) { throw Reason("is the key of \"\(twin.kid)\"") }
        counted.append(key)
        count.approved.append(key.kid)
      } catch {
        count.refused.append(QuorumCount.Refusal(kid: signature.kid, reason: error.text))
      }
    }
    return count
  }

  private struct Reason: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  /// - Throws: why the signature does not count.
  private func key(
    of signature: Proof.Signature, over digest: Digest, at times: [Timestamp]
  ) throws(Reason) -> VerificationKey {
    guard signature.signerID.isSameText(as: signature.kid) else {
      throw Reason("goes by another id, \"\(signature.signerID)\"")
    }
    guard let key = keys.key(signature.kid) else { throw Reason("is unknown to the registry") }
    guard signature.algorithm == key.algorithm.rawValue else { throw Reason("does not sign by that algorithm") }
    // What is wrong with the signature itself is said first: nobody else's standing is to be blamed for a forgery.
    guard let publicKey = key.publicKey, publicKey.isValid(signature.signature, over: digest) else {
      throw Reason("did not make this signature over \(digest.hex.prefix(16))…")
    }
    for time in times {
      if let refusal = key.refusal(at: time, for: .multisig) { throw Reason("does not count: \(refusal)") }
    }
    guard policy.signers.contains(key.kid) else { throw Reason("is no signer of the multisig") }
    return key
  }
}
