// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// Signed documents of a stream beside its manifests: drill reports, verdicts of shards.
extension Archive {
  /// Removes what crashed runs left of objects that were never given their name.
  public func removeLeftovers() throws {
    for folder in ["manifests", "bundles", "drills", "checks"] + Self.documentFolders {
      try store.removeLeftovers(in: "\(stream)/\(folder)")
    }
  }

  func removeLeftovers(beside key: String) throws {
    try store.removeLeftovers(in: "\(stream)/\(key[..<key.lastIndex(of: "/")!])")
  }

  /// Writes a small object once. One with the same content that is there, as this run's own whose reply was lost, counts
  /// as written; its lock is made as strong as this run's.
  ///
  /// - Returns: false where something else has its name.
  public func put(_ bytes: [UInt8], at key: String, retention: Manifest.Retention) throws -> Bool {
    try removeLeftovers(beside: key)
    return try write(bytes, at: key, retention: retention)
  }

  /// As ``put(_:at:retention:)``, of a run that has looked for leftovers.
  func write(_ bytes: [UInt8], at key: String, retention: Manifest.Retention) throws -> Bool {
    let (place, content) = ("\(stream)/\(key)", ObjectContent.bytes(bytes))
    if try store.create(place, content, retention: retention) == .created { return true }
    return try store.secure(place, content, retention: retention)
  }

  /// Reads a signed document: of several versions the oldest that `accept` takes is the one that counts.
  ///
  /// - Parameters:
  ///   - limit: bytes that it may have.
  ///   - accept: checks its signature and its content, and throws why it counts for nothing.
  /// - Returns: nil where there is no such object.
  /// - Throws: an ``ArchiveFinding`` with what is wrong with the first version, where none counts.
  public func document<R>(
    _ key: String, _ kind: SignedDocument.Kind, limit: Int,
    _ accept: (SignedDocument) throws(DocumentError) -> R
  ) throws -> (content: R, version: ObjectVersion)? {
    var finding: ArchiveFinding?
    for version in try lookingAt(key, { try store.versions("\(stream)/\(key)") }) where !version.isDeleteMarker {
      let bytes: [UInt8]?
      do {
        bytes = try lookingAt(key) {
          try store.open("\(stream)/\(key)", version).map { try store.read($0, key, limit: limit) }
        }
      } catch let error as ArchiveFinding {
        finding = finding ?? error
        continue
      }
      guard let bytes else { continue }
      do throws(DocumentError) { return (try accept(try SignedDocument(parsing: bytes, kind)), version) } catch {
        finding = finding ?? ArchiveFinding(name(key), error.reason)
      }
    }
    if let finding { throw finding }
    return nil
  }
}
