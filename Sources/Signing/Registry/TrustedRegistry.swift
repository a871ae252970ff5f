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
      let since = notices.map(\.compromisedSince).min()
      let time = notices.map(\.createdAt).min()
      signers.append(
        since == nil ? signer : try signer.revoked(at: time ?? newest.createdAt, compromisedSince: since))
    }
    self.signers = signers
    self.candidates = candidates.filter { candidate in
      !newest.signers.contains { $0.kid == candidate.kid || $0.key.isSameKey(as: candidate.key) }
    }
  }
}
