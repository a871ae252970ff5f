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
    try keys.standing(of: stored) { despite in try countersigners(of: stored, keys, despite: despite, now: now) }
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
    for document in try countersignatures(of: stored) {
      for kid in keys.countersigners(document, of: stored, despite: despite, now: now) where !kids.contains(kid) {
        kids.append(kid)
      }
    }
    return kids
  }

  /// What lies beside a manifest as its countersignatures, whether they count or not.
  public func countersignatures(of stored: StoredManifest) throws -> [SignedDocument] {
    try documents(Self.countersignatureFolder(stored.manifest.sequence), .countersignature).compactMap {
      try? $0.document.get()
    }
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
    // Of the whole document: two keys may vouch in the same words, in the same second.
    let name = SHA256.hash(document.bytes).hex.prefix(16)
    let key = "\(Self.countersignatureFolder(stored.manifest.sequence))/\(name).json"
    try put(document, at: key, retention: retention)
    return key
  }
}

extension KeyRing {
  /// Judges a manifest by its own signatures, and where those are not trusted any more, by later ones.
  ///
  /// - Parameter countersigners: ids of the keys that vouch for it in spite of some revoked ones.
  public func standing(
    of stored: StoredManifest, countersigners: (_ despite: [String]) throws -> [String]
  ) rethrows -> ManifestStanding {
    let time = stored.manifest.createdAt
    let verdict = verify(stored.proof, over: stored.digest, at: time, for: .manifests)
    guard case .invalid(let reason) = verdict,
      distrust(stored.proof, over: stored.digest, at: time, for: .manifests) != nil
    else { return ManifestStanding(verdict) }
    let revoked = revoked(for: .manifests)
    let kids = try countersigners(stored.proof.signatures.map(\.kid).filter(revoked.contains))
    return kids.isEmpty ? .untrusted(reason) : .countersigned(reason, by: kids)
  }

  /// Ids of the keys by which a document vouches for a manifest; none where it does not count.
  ///
  /// - Parameter despite: ids of revoked keys, in spite of all of which it must vouch.
  public func countersigners(
    _ document: SignedDocument, of stored: StoredManifest, despite: [String], now: Timestamp = .now()
  ) -> [String] {
    guard let content = try? Countersignature(json: document.content), content.stream == stored.manifest.stream,
      despite.allSatisfy(content.despite.contains), content.sequence == stored.manifest.sequence,
      content.manifest == stored.digest, content.createdAt >= stored.manifest.createdAt,
      content.createdAt <= now.advanced(bySeconds: 3600),
      // A thief may date what they sign as they like: a key that is not in use any more vouches for nothing.
      isBeyondDoubt(document.proof, over: document.digest, at: content.createdAt, for: .manifests, now: now)
    else { return [] }
    return document.proof.signatures.map(\.kid)
  }
}
