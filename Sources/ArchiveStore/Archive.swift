// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Crypto
public import Signing

/// A manifest as it stands in the archive.
public struct StoredManifest: Sendable {
  public let manifest: Manifest
  public let digest: Digest
  public let proof: Proof
}

/// One stream of a store.
public struct Archive: Sendable {
  public let store: any ObjectStore
  public let stream: String

  static let largestManifest = 8 << 20

  /// - Parameter stream: letters, digits, `-` and `_`.
  public init(_ store: any ObjectStore, stream: String) throws(Failure) {
    let isSound =
      !stream.isEmpty
      && stream.utf8.allSatisfy {
        Character(Unicode.Scalar($0)).isASCII
          && (Character(Unicode.Scalar($0)).isLetter || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f)
      }
    guard isSound else {
      throw Failure(
        .configuration, "a stream's name has letters, digits, - and _ only", on: "AUDIT_ARCHIVE_STREAM",
        remedy: "name it otherwise")
    }
    self.store = store
    self.stream = stream
  }

  /// `<base>/<stream>`.
  public var url: String { "\(store.url)/\(stream)" }

  public static func manifestKey(_ sequence: Int) -> String { "manifests/\(Manifest.sequenceText(sequence)).json" }

  /// Name of an object of the stream in messages.
  public func name(_ key: String) -> String { "\(url)/\(key)" }

  /// Sequences of the manifests that are there.
  ///
  /// - Throws: an ``ArchiveFinding`` where they are not 0, 1, 2 and so on, or something else lies among them.
  public func sequences() throws -> Range<Int> {
    let listing = try listing()
    if let finding = listing.findings(self).first { throw finding }
    return 0..<listing.present.count
  }

  /// What lies among the manifests, whether they are whole or not.
  ///
  /// - Throws: an ``ArchiveFinding`` where the folder itself is not one.
  public func listing() throws -> ManifestListing {
    try lookingAt("manifests") {
      ManifestListing(try store.list("\(stream)/manifests/").map { String($0.key.dropFirst(stream.count + 1)) })
    }
  }

  /// Reads a manifest; its digest is checked, its signature is not.
  ///
  /// - Throws: an ``ArchiveFinding`` when it is damaged or missing.
  public func manifest(_ sequence: Int) throws -> StoredManifest {
    let key = Self.manifestKey(sequence)
    let read = try lookingAt(key) { try store.read("\(stream)/\(key)", limit: Self.largestManifest) }
    guard let bytes = read else { throw ArchiveFinding(name(key), "the manifest is missing") }
    let stored: StoredManifest
    do throws(DocumentError) { stored = try StoredManifest(parsing: bytes) } catch {
      throw ArchiveFinding(name(key), error.reason)
    }
    guard stored.manifest.sequence == sequence, stored.manifest.stream == stream else {
      throw ArchiveFinding(name(key), "it is the manifest of another place")
    }
    return stored
  }

  /// The manifest before one that can be trusted, which vouches for it; nil before the first.
  ///
  /// - Throws: an ``ArchiveFinding`` when it is damaged, missing, or not the one that its successor names.
  public func predecessor(of stored: StoredManifest) throws -> StoredManifest? {
    guard stored.manifest.sequence > 0 else { return nil }
    let previous = try manifest(stored.manifest.sequence - 1)
    guard previous.digest == stored.manifest.previousManifest else {
      throw ArchiveFinding(
        name(Self.manifestKey(previous.manifest.sequence)), "it is not the manifest that the next one names")
    }
    return previous
  }

  /// Makes a finding of what is no plain file, or larger than it may be.
  private func lookingAt<R>(_ key: String, _ body: () throws -> R) throws -> R {
    do { return try body() } catch let failure as Failure where failure.status == .integrity {
      throw ArchiveFinding(name(key), failure.problem)
    }
  }

  /// Opens the bundle of a manifest.
  ///
  /// - Parameters:
  ///   - makesLeaves: digest each row as a leaf of the Merkle tree.
  ///   - isVouchedFor: the manifest's signature verifies: its rows may be as long as Postgres makes them.
  public func bundle(
    _ manifest: Manifest, makesLeaves: Bool = true, isVouchedFor: Bool = true
  ) throws -> BundleReader? {
    guard let bundle = manifest.bundle else { return nil }
    guard bundle.key.hasPrefix("bundles/\(Manifest.sequenceText(manifest.sequence))-"),
      bundle.key.hasSuffix(".ndjson.zst"), bundle.key.utf8.count == 46,
      bundle.key.dropFirst(19).prefix(16) == bundle.sha256.hex.prefix(16)
    else { throw ArchiveFinding(name(bundle.key), "this is no name for the bundle of its manifest") }
    guard let object = try lookingAt(bundle.key, { try store.open("\(stream)/\(bundle.key)") }) else {
      throw ArchiveFinding(name(bundle.key), "the bundle is missing")
    }
    return try BundleReader(
      object, name: name(bundle.key), expected: bundle, makesLeaves: makesLeaves, isVouchedFor: isVouchedFor)
  }

  /// Bundles that no manifest names: debris of a crash.
  public func debris(_ named: Set<String>) throws -> [String] {
    try lookingAt("bundles") { try store.list("\(stream)/bundles/") }.map { String($0.key.dropFirst(stream.count + 1)) }
      .filter { !named.contains($0) }
  }
}

extension Archive {
  /// Bundles whose sequences are behind that of the last manifest, by key.
  public func bundles(behind sequence: Int) throws -> [String] {
    try debris([]).filter { key in Int(key.dropFirst("bundles/".count).prefix(10)).map { $0 > sequence } ?? false }
  }
}

extension StoredManifest {
  public init(parsing bytes: [UInt8]) throws(DocumentError) {
    let document = try SignedDocument(parsing: bytes, .manifest)
    self.init(manifest: try Manifest(json: document.content), digest: document.digest, proof: document.proof)
  }

  /// What is wrong with how this manifest joins the one before; nil where nothing is.
  public func seam(after previous: StoredManifest?) -> String? {
    guard manifest.previousManifest == previous?.digest else {
      return "previousManifest is not the digest of the one before"
    }
    guard manifest.chain.previousHash == previous?.manifest.chain.headHash else {
      return "its chain does not begin where the one before ends"
    }
    guard manifest.rowTotal == (previous?.manifest.rowTotal ?? 0) + manifest.rowCount else {
      return "rows.total is not the sum of what is archived"
    }
    return coverageFault(after: previous?.manifest.coverage)
  }

  private func coverageFault(after previous: Manifest.Coverage?) -> String? {
    let coverage = manifest.coverage
    guard let previous else { return coverage.part == 0 ? nil : "the first bundle's part is not 0" }
    if previous.isLast {
      return coverage.day == previous.day.next && coverage.part == 0
        ? nil : "it does not cover the day behind the one before"
    }
    return coverage.day == previous.day && coverage.part == previous.part + 1
      ? nil : "it does not go on with the day that the one before left open"
  }
}

extension Archive {
  /// Puts a bundle in its place; one that an interrupted run left there is used when it is the same.
  public func upload(_ bundle: SealedBundle, retention: Manifest.Retention) throws {
    let key = "\(stream)/\(bundle.manifest.key)"
    let outcome = try store.create(key, .file(bundle.file), retention: retention)
    if outcome == .created { return }
    guard let there = try store.open(key), try there.digest() == bundle.manifest.sha256 else {
      throw Failure(
        .integrity, "an object of this name has another content", on: name(bundle.manifest.key),
        remedy: "look at who wrote it; nothing is replaced")
    }
  }

  /// Commits a manifest: from then on its bundle is part of the archive.
  ///
  /// - Returns: the manifest as stored.
  /// - Throws: status `tryLater` when another run has committed this sequence.
  public func commit(_ manifest: Manifest, _ signer: any Signer) throws -> StoredManifest {
    let document = try signer.sign(.manifest, manifest.json)
    let key = Self.manifestKey(manifest.sequence)
    let outcome = try store.create("\(stream)/\(key)", .bytes(document.bytes), retention: manifest.retention)
    guard outcome == .created else {
      throw Failure(
        .tryLater, "another run has committed this sequence", on: name(key),
        remedy: "nothing is lost: the next run goes on behind it")
    }
    return StoredManifest(manifest: manifest, digest: document.digest, proof: document.proof)
  }
}
