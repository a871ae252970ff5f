// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// The registry that verifiers go by: the newest version that can be trusted, and what is in force beside it.
public struct TrustedRegistry: Sendable {
  public let walk: RegistryWalk
  /// In force, and not ratified by a version.
  public let emergencies: [EmergencyRevocation]
  /// Keys that are tried out; they count for nothing.
  public let candidates: [SignerEntry]
  /// As the emergencies leave them.
  public let signers: [SignerEntry]

  /// What counts for approvals.
  public var newest: SignerRegistry { walk.newest.registry }

  /// The keys by which signatures are judged.
  public var keys: KeyRegistry { KeyRegistry(signers + candidates) }

  /// - Parameter candidates: those whose ids or keys a version lists are left out.
  public init(_ walk: RegistryWalk, emergencies: [EmergencyRevocation], candidates: [SignerEntry]) throws(DocumentError)
  {
    let newest = walk.newest.registry
    self.walk = walk
    self.emergencies = emergencies.filter { !newest.settles($0) }
    var signers: [SignerEntry] = []
    for signer in newest.signers {
      let notices = self.emergencies.filter { $0.kid == signer.kid }
      // While a fork stands, what either side has revoked is trusted by nobody.
      let elsewhere = walk.rivals.compactMap { $0.registry.untrustedSince(signer.key) }
      guard let since = (notices.map(\.compromisedSince) + elsewhere).min() else {
        signers.append(signer)
        continue
      }
      signers.append(try signer.revoked(at: notices.map(\.createdAt).min() ?? since, compromisedSince: since))
    }
    self.signers = signers
    self.candidates = candidates.filter { candidate in
      !newest.signers.contains { $0.kid == candidate.kid || $0.key.isSameKey(as: candidate.key) }
    }
  }
}

extension SignerRegistry {
  /// Since when a key is revoked, under whatever id; nil where it is not.
  fileprivate func untrustedSince(_ key: VerificationKey) -> Timestamp? {
    signers.first { $0.key.isSameKey(as: key) }?.untrustedSince
  }
}
