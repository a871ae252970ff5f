// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Signing

extension ArchiveVerifier {
  /// Notes a manifest that the key of a report after a theft signed since.
  ///
  /// - Returns: whether it did.
  func noteSuspect(_ stored: StoredManifest, _ standing: ManifestStanding?) throws -> Bool {
    guard let suspects = settings.suspects, let suspect = settings.keys.suspect,
      suspect.mayHaveMade(at: stored.manifest.createdAt), try suspect.signed(stored.proof, over: stored.digest)
    else { return false }
    var entry = SuspectEntry(
      .manifest, id: archive.name(Archive.manifestKey(stored.manifest.sequence)), createdAt: stored.manifest.createdAt,
      digest: stored.digest)
    entry.sequence = stored.manifest.sequence
    switch standing {
    case .countersigned(_, let kids): (entry.standing, entry.countersignedBy) = ("countersigned", kids)
    case .valid: entry.standing = "valid by other keys"
    case .untrusted: entry.standing = "untrusted"
    case .unverifiable: entry.standing = "unverifiable"
    case .invalid, nil: entry.standing = "invalid"
    }
    try suspects.note(entry)
    return true
  }

  /// Looks for signed documents beside the manifests that the key made since: versions of the registry, approvals,
  /// countersignatures, sign-offs, drills' reports.
  ///
  /// An approval does not say when it was given: a proposal may be approved for as long as it is not stale.
  ///
  /// - Returns: how many documents were read.
  public func findSuspectDocuments() throws -> Int {
    guard let suspects = settings.suspects, let suspect = settings.keys.suspect else { return 0 }
    var read = 0
    for (folder, kind) in Self.documentFolders {
      let isApproval = kind == .registry || kind == .payload
      for (name, document) in try archive.documents(folder, kind) {
        guard let document = try? document.get() else { continue }
        read += 1
        let time = Self.time(of: document) ?? .distantFuture
        // A drill's report says when the drill began.
        let lifetime = isApproval ? ApprovalCheck.defaultLifetime : kind == .report ? 86_400 : 0
        guard !time.isFinite || suspect.mayHaveMade(at: time, lifetime: lifetime),
          try suspect.signed(document.proof, over: document.digest)
        else { continue }
        var entry = SuspectEntry(
          .document, id: archive.name("\(folder)/\(name)"), createdAt: time, digest: document.digest)
        if isApproval { entry.standing = "an approval, given then or within 14 days" }
        try suspects.note(entry)
      }
    }
    return read
  }

  private static let documentFolders: [(String, SignedDocument.Kind)] = [
    ("signers", .registry), ("revocations", .revocation), ("proofs", .payload),
    ("countersignatures", .countersignature),
    ("signoffs", .signoff), ("drills", .report), ("checks", .check),
  ]

  private static func time(of document: SignedDocument) -> Timestamp? {
    for name in ["createdAt", "time", "finishedAt", "startedAt", "madeAt"] {
      if let text = document.content[name]?.string, let time = Timestamp(text) { return time }
    }
    return nil
  }
}
