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
    for (folder, kind) in Archive.documentKinds + [("drills", .report), ("checks", .check)] {
      for (name, document) in try documents(folder, kind) {
        read += 1
        try note(document, kind, "\(folder)/\(name)", suspect, suspects)
      }
    }
    return read
  }

  /// The documents of a folder and of the folders in it, of which some stores list the names alone.
  private func documents(
    _ folder: String, _ kind: SignedDocument.Kind
  ) throws -> [(name: String, document: SignedDocument)] {
    var seen: Set<String> = []
    var found: [(name: String, document: SignedDocument)] = []
    for (name, document) in try archive.documents(folder, kind) {
      seen.insert(name)
      if let document = try? document.get() { found.append((name, document)) }
    }
    for inner in seen.sorted() where !inner.hasSuffix(".json") && !inner.contains("/") {
      for (name, document) in try archive.documents("\(folder)/\(inner)", kind) where !seen.contains("\(inner)/\(name)")
      {
        if let document = try? document.get() { found.append(("\(inner)/\(name)", document)) }
      }
    }
    return found
  }

  private func note(
    _ document: SignedDocument, _ kind: SignedDocument.Kind, _ key: String, _ suspect: SuspectKey,
    _ suspects: SuspectList
  ) throws {
    let isApproval = kind == .registry || kind == .payload
    let time = Self.time(of: document) ?? .distantFuture
    // A drill's report says when the drill began.
    let lifetime = isApproval ? ApprovalCheck.defaultLifetime : kind == .report ? 86_400 : 0
    guard !time.isFinite || suspect.mayHaveMade(at: time, lifetime: lifetime),
      try suspect.signed(document.proof, over: document.digest)
    else { return }
    var entry = SuspectEntry(.document, id: archive.name(key), createdAt: time, digest: document.digest)
    if isApproval { entry.standing = "an approval, given then or within 14 days" }
    try suspects.note(entry)
  }

  private static func time(of document: SignedDocument) -> Timestamp? {
    for name in ["createdAt", "time", "finishedAt", "startedAt", "madeAt"] {
      if let text = document.content[name]?.string, let time = Timestamp(text) { return time }
    }
    return nil
  }
}
