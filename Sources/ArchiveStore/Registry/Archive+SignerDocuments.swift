// SPDX-License-Identifier: Apache-2.0
public import AuditCore

extension Archive {
  /// Folders of small signed documents beside manifests and bundles.
  static let documentFolders = documentKinds.map(\.folder)

  /// What kind of document lies in which of them.
  public static let documentKinds: [(folder: String, kind: SignedDocument.Kind)] = [
    ("signers", .registry), ("revocations", .revocation), ("proofs", .payload),
    ("countersignatures", .countersignature), ("signoffs", .signoff),
  ]

  static let largestDocument = 8 << 20

  /// What lies in a folder of documents: each version that is no delete marker, the oldest of a name first.
  ///
  /// - Returns: by name; what cannot be read as a document is there with the reason.
  public func documents(
    _ folder: String, _ kind: SignedDocument.Kind
  ) throws -> [(name: String, document: Result<SignedDocument, DocumentError>)] {
    let prefix = "\(stream)/\(folder)/"
    return try store.list(prefix).flatMap { object in
      try object.versions.filter { !$0.isDeleteMarker }.map { version in
        (String(object.key.dropFirst(prefix.utf8.count)), try document(object.key, version, kind))
      }
    }
  }

  private func document(
    _ key: String, _ version: ObjectVersion, _ kind: SignedDocument.Kind
  ) throws -> Result<SignedDocument, DocumentError> {
    do {
      guard let reader = try store.open(key, version) else { return .failure(DocumentError("it is missing")) }
      return .success(try SignedDocument(parsing: try store.read(reader, key, limit: Self.largestDocument), kind))
    } catch let error as DocumentError { return .failure(error) } catch let failure as Failure
      where failure.status == .integrity
    { return .failure(DocumentError(failure.problem)) }
  }

  /// Puts a document in its place, under its lock; one that is there already with this content is fine.
  ///
  /// Where a stranger's junk is in its place, and the store keeps versions, it goes on top of that.
  public func put(_ document: SignedDocument, at key: String, retention: Manifest.Retention) throws {
    if try !put(document.bytes, at: key, retention: retention) { try cover(key, by: document, retention) }
  }

  /// Puts a document on top of what counts for nothing.
  func cover(_ key: String, by document: SignedDocument, _ retention: Manifest.Retention) throws {
    if try store.addVersion("\(stream)/\(key)", .bytes(document.bytes), retention: retention) { return }
    throw Failure(
      .integrity, "an object of this name has another content", on: name(key),
      remedy: "look at who wrote it; nothing is replaced")
  }

  /// The same, unless one is there that counts: of two runs with one each the first has it.
  ///
  /// - Parameter accept: throws why a document that is there counts for nothing.
  /// - Returns: the one that counts.
  public func put(
    _ document: SignedDocument, at key: String, retention: Manifest.Retention,
    unless accept: (SignedDocument) throws(DocumentError) -> Void
  ) throws -> SignedDocument {
    func counting() throws -> SignedDocument? {
      do {
        return try self.document(key, document.kind, limit: Self.largestDocument) { (found) throws(DocumentError) in
          try accept(found)
          return found
        }?.content
      } catch is ArchiveFinding { return nil }
    }
    if let found = try counting() {
      try secure(found, at: key, retention: retention)
      return found
    }
    if try put(document.bytes, at: key, retention: retention) { return document }
    if let found = try counting() { return found }
    try cover(key, by: document, retention)
    return document
  }

  /// Makes a document's lock as strong as this run's, and takes away what is left beside it: the run that wrote it may have
  /// ended before it did.
  public func secure(_ document: SignedDocument, at key: String, retention: Manifest.Retention) throws {
    try removeLeftovers(beside: key)
    _ = try store.secure("\(stream)/\(key)", .bytes(document.bytes), retention: retention)
  }
}
