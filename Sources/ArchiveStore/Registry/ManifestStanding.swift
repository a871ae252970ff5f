// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
public import Signing

/// What the signatures under a manifest are worth.
public enum ManifestStanding: Equatable, Sendable {
  /// Ids of the keys that signed it.
  case valid([String])
  /// Its own signature is untrusted, for this reason; these keys have countersigned it since.
  case countersigned(String, by: [String])
  /// It was signed by a key that was revoked from before on.
  case untrusted(String)
  case unverifiable(String)
  case invalid(String)

  /// By the manifest's own signatures alone.
  public init(_ verdict: ProofVerdict) {
    switch verdict {
    case .valid(let kids): self = .valid(kids)
    case .unverifiable(let reason): self = .unverifiable(reason)
    case .invalid(let reason): self = .invalid(reason)
    }
  }

  /// What is wrong with it; nil where nothing is.
  public var fault: String? {
    switch self {
    case .valid, .countersigned: nil
    case .untrusted(let reason): "untrusted: \(reason); look into it, then memoryctl manifest countersign"
    case .unverifiable(let reason): "signature-unverifiable: \(reason)"
    case .invalid(let reason): "its signature is invalid: \(reason)"
    }
  }
}

extension Archive {
  /// Judges a manifest's own signatures, and where those are not trusted any more, the ones that were added since.
  public func standing(of stored: StoredManifest, _ keys: KeyRing, now: Timestamp? = nil) throws -> ManifestStanding {
    let time = stored.manifest.createdAt
    let verdict = keys.verify(stored.proof, over: stored.digest, at: time, for: .manifests)
    guard case .invalid(let reason) = verdict,
      keys.distrust(stored.proof, over: stored.digest, at: time, for: .manifests) != nil
    else { return ManifestStanding(verdict) }
    let revoked = keys.revoked(for: .manifests)
    let kids = try countersigners(
      of: stored, keys, despite: stored.proof.signatures.map(\.kid).filter(revoked.contains), now: now)
    return kids.isEmpty ? .untrusted(reason) : .countersigned(reason, by: kids)
  }

  /// Ids of the keys whose countersignatures under a manifest count.
  ///
  /// What does not count is passed over: who may write but not sign changes nothing.
  ///
  /// - Parameter despite: ids of revoked keys, in spite of all of which somebody must vouch for it.
  public func countersigners(
    of stored: StoredManifest, _ keys: KeyRing, despite: [String], now: Timestamp? = nil
  ) throws -> [String] {
    let now = now ?? self.now()
    var kids: [String] = []
    for (_, document) in try documents(Self.countersignatureFolder(stored.manifest.sequence), .countersignature) {
      guard let document = try? document.get(), let content = try? Countersignature(json: document.content),
        content.stream == stream, despite.allSatisfy(content.despite.contains),
        content.sequence == stored.manifest.sequence, content.manifest == stored.digest,
        content.createdAt >= stored.manifest.createdAt, content.createdAt <= now.advanced(bySeconds: 3600),
        // A thief may date what they sign as they like: a key that was revoked, from whenever on, vouches for nothing.
        keys.isBeyondDoubt(document.proof, over: document.digest, at: content.createdAt, for: .manifests)
      else { continue }
      for signature in document.proof.signatures where !kids.contains(signature.kid) { kids.append(signature.kid) }
    }
    return kids
  }

  static func countersignatureFolder(_ sequence: Int) -> String {
    "countersignatures/\(Manifest.sequenceText(sequence))"
  }

  /// Adds a signature beside a manifest; nothing is rewritten.
  ///
  /// - Returns: the key of its object.
  public func countersign(
    _ stored: StoredManifest, _ signer: any Signer, as kid: String, despite: [String], reason: String,
    at time: Timestamp,
    retention: Manifest.Retention
  ) throws -> String {
    let content = Countersignature(
      stream: stream, sequence: stored.manifest.sequence, manifest: stored.digest, createdAt: time,
      despite: despite, reason: reason)
    let document = try signer.sign(.countersignature, content.json, as: kid)
    let key = "\(Self.countersignatureFolder(stored.manifest.sequence))/\(document.digest.hex.prefix(16)).json"
    try put(document, at: key, retention: retention)
    return key
  }
}
