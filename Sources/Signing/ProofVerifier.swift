// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// What a look at a document's proof found.
public enum ProofVerdict: Equatable, Sendable {
  /// Ids of the keys whose signatures count.
  case valid([String])
  /// No key at hand can tell.
  case unverifiable(String)
  case invalid(String)
}

extension KeyRing {
  /// Checks a proof over `digest`.
  ///
  /// - Parameters:
  ///   - time: when the document says that it was signed; keys count within their validity.
  ///   - threshold: distinct keys that must have signed, whatever the proof itself asks for.
  public func verify(_ proof: Proof, over digest: Digest, at time: Timestamp, for use: KeyUse, threshold: Int = 1)
    -> ProofVerdict
  {
    guard proof.digest == digest else { return .invalid("the proof is over another digest") }
    var counted: [VerificationKey] = []
    var unknown: [String] = []
    for (index, signature) in proof.signatures.enumerated() {
      guard !proof.signatures[..<index].contains(where: { $0.kid.isSameText(as: signature.kid) }) else {
        return .invalid("it lists \"\(signature.kid)\" twice")
      }
      guard signature.signerID.isSameText(as: signature.kid) else {
        return .invalid("signerId \"\(signature.signerID)\" and kid \"\(signature.kid)\" name different keys")
      }
      // A secret at hand and one that a service keeps may have one id by chance.
      let named = keys.filter { $0.kid.isSameText(as: signature.kid) }
      guard !named.isEmpty else {
        unknown.append(signature.kid)
        continue
      }
      let fitting = named.filter { $0.algorithm.rawValue == signature.algorithm }
      guard !fitting.isEmpty else { return .invalid("alg of \"\(signature.kid)\" is not that key's") }
      let signer: VerificationKey?
      do { signer = try fitting.first { try $0.isValid(signature.signature, over: digest) } } catch {
        return .unverifiable("\"\(signature.kid)\" could not be asked: \(error)")
      }
      guard let key = signer else { return .invalid("the signature of \"\(signature.kid)\" does not verify") }
      if let refusal = key.refusal(at: time, for: use) { return .invalid(refusal) }
      if !counted.contains(where: { $0.isSameKey(as: key) }) { counted.append(key) }
    }
    // An entry by nobody known is outside the digest: a proof that carries one is not accepted for the others' sake.
    if !unknown.isEmpty { return .unverifiable("no key at hand for \(unknown.joined(separator: ", "))") }
    let needed = max(threshold, proof.threshold, 1)
    if counted.count >= needed { return .valid(counted.map(\.kid)) }
    return .invalid("\(counted.count) distinct keys signed, \(needed) are needed")
  }
}

extension Signer {
  /// Signs a document.
  ///
  /// - Parameter kid: the registry's id for the signer's key; nil takes the signer's own.
  public func sign(_ kind: SignedDocument.Kind, _ content: JSONValue, as kid: String? = nil) throws -> SignedDocument {
    let digest = SignedDocument.digest(of: content)
    let kid = kid ?? description.kid
    let entry = Proof.Signature(
      signerID: kid, kid: kid, algorithm: description.algorithm.rawValue,
      signature: try sign(digest))
    return SignedDocument(kind, content, proof: Proof(digest: digest, threshold: 1, signatures: [entry]))
  }
}
