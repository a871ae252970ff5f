// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// A manifest byte for byte as it is stored, and what it says.
public struct ManifestDocument: Sendable {
  public let bytes: [UInt8]
  public let stored: StoredManifest
}

extension Archive {
  /// Reads a manifest as ``manifest(_:)`` does, with its bytes.
  public func document(_ sequence: Int) throws -> ManifestDocument { try versionedDocument(sequence).document }

  /// What lies in a manifest's place, sound or not: the oldest version's bytes; nil where nothing does.
  ///
  /// - Throws: an ``ArchiveFinding`` where it is no file, or larger than a manifest may be.
  public func rawManifest(_ sequence: Int) throws -> [UInt8]? {
    let key = Self.manifestKey(sequence)
    return try lookingAt(key) { try store.read("\(stream)/\(key)", limit: Self.largestManifest) }
  }

  /// Bytes of a bundle, by the version that counts; cheaper than reading it.
  ///
  /// - Throws: an ``ArchiveFinding`` where it is missing, or its name is not that of its manifest's bundle.
  public func storedBytes(of bundle: Manifest.Bundle, _ sequence: Int) throws -> Int {
    try version(of: bundle, sequence).bytes
  }

  /// Opens a bundle's bytes as they are stored.
  ///
  /// Its name is checked: it is a plain file's below `bundles/`.
  ///
  /// - Throws: an ``ArchiveFinding`` where it is missing, or its name is not that of its manifest's bundle.
  public func stored(_ bundle: Manifest.Bundle, _ sequence: Int) throws -> any ObjectReader {
    let version = try version(of: bundle, sequence)
    guard let reader = try lookingAt(bundle.key, { try store.open("\(stream)/\(bundle.key)", version) }) else {
      throw ArchiveFinding(name(bundle.key), "the bundle is missing")
    }
    return reader
  }
}
