// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
public import Signing

/// One stream of a store.
public struct Archive: Sendable {
  public let store: any ObjectStore
  public let stream: String
  /// Keys that tell a manifest from junk where several versions of it are there; nil goes by the oldest that can be read.
  public let keys: KeyRing?
  /// This machine's clock.
  public let now: @Sendable () -> Timestamp

  static let largestManifest = 8 << 20

  /// - Parameters:
  ///   - stream: letters, digits, `-` and `_`.
  ///   - keys: of whom manifests are accepted.
  ///   - now: what stamps what is written.
  public init(
    _ store: any ObjectStore, stream: String, keys: KeyRing? = nil,
    now: @escaping @Sendable () -> Timestamp = { .now() }
  ) throws(Failure) {
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
    self.keys = keys
    self.now = now
  }

  /// The same stream, read by these keys.
  public func trusting(_ keys: KeyRing) -> Archive { Archive(self, keys: keys) }

  private init(_ other: Archive, keys: KeyRing) {
    store = other.store
    stream = other.stream
    now = other.now
    self.keys = keys
  }

  /// `<base>/<stream>`.
  public var url: String { "\(store.url)/\(stream)" }

  public static func manifestKey(_ sequence: Int) -> String { "manifests/\(Manifest.sequenceText(sequence)).json" }

  /// Name of an object of the stream in messages.
  ///
  /// What a stranger called an object must not write lines of its own.
  public func name(_ key: String) -> String {
    "\(url)/\(key.visible)"
  }

  /// Sequences of the manifests that are there.
  ///
  /// Where a store keeps versions under locks nothing can be missing: what stands behind a hole, or has another name, is
  /// junk that a stranger wrote, and ends nothing.
  ///
  /// - Throws: an ``ArchiveFinding`` where they are not 0, 1, 2 and so on, or something else lies among them.
  public func sequences() throws -> Range<Int> {
    let listing = try listing()
    if store.keepsVersions { return 0..<(listing.missing.first?.lowerBound ?? listing.present.count) }
    if let finding = listing.findings(self).first { throw finding }
    return 0..<listing.present.count
  }

  /// The same without what stands at the end and cannot be read as a manifest: in a store that keeps versions a stranger
  /// can write there under names that are to come, and it hides nothing. What is locked may be ours and come damaged just
  /// now: that is for the caller to find.
  public func readableSequences() throws -> Range<Int> {
    let all = try sequences()
    guard store.keepsVersions else { return all }
    var end = all.upperBound
    while end > all.lowerBound {
      do {
        _ = try manifest(end - 1)
        break
      } catch is ArchiveFinding {
        guard try hasNoLock(end - 1...end - 1) else { break }
        end -= 1
      }
    }
    // Nothing but what cannot be read is for the caller to find.
    return end == all.lowerBound ? all : all.lowerBound..<end
  }

  /// What lies among the manifests, whether they are whole or not. A delete marker alone is no manifest.
  ///
  /// - Throws: an ``ArchiveFinding`` where the folder itself is not one.
  public func listing() throws -> ManifestListing {
    try lookingAt("manifests") {
      let objects = try store.list("\(stream)/manifests/").filter { $0.versions.contains { !$0.isDeleteMarker } }
      return ManifestListing(objects.map { String($0.key.dropFirst(stream.count + 1)) })
    }
  }

  /// Reads a manifest; its digest is checked, its signature is not.
  ///
  /// Of several versions the oldest whose proof verifies is the commit: who may write but not sign can neither hide a
  /// manifest nor take its place.
  ///
  /// - Throws: an ``ArchiveFinding`` when it is damaged or missing.
  public func manifest(_ sequence: Int) throws -> StoredManifest { try versionedManifest(sequence).manifest }

  /// A manifest, with the version that counts.
  func versionedManifest(_ sequence: Int) throws -> (manifest: StoredManifest, version: ObjectVersion) {
    let (document, version) = try versionedDocument(sequence)
    return (document.stored, version)
  }

  /// The same with its bytes.
  func versionedDocument(_ sequence: Int) throws -> (document: ManifestDocument, version: ObjectVersion) {
    let key = Self.manifestKey(sequence)
    let versions = try lookingAt(key) { try store.versions("\(stream)/\(key)") }.filter { !$0.isDeleteMarker }
    guard let first = versions.first else { throw ArchiveFinding(name(key), "the manifest is missing") }
    if versions.count == 1 { return (try document(sequence, first), first) }
    var sound: (ManifestDocument, ObjectVersion)?
    var distrusted: (ManifestDocument, ObjectVersion)?
    var finding: ArchiveFinding?
    for version in versions {
      do {
        let document = try document(sequence, version)
        if isSigned(document.stored) { return (document, version) }
        if isDistrusted(document.stored) { distrusted = distrusted ?? (document, version) }
        sound = sound ?? (document, version)
      } catch let error as ArchiveFinding { finding = finding ?? error }
    }
    if let found = distrusted ?? sound { return found }
    throw finding ?? ArchiveFinding(name(key), "the manifest is missing")
  }

  func manifest(_ sequence: Int, _ version: ObjectVersion) throws -> StoredManifest {
    try document(sequence, version).stored
  }

  private func document(_ sequence: Int, _ version: ObjectVersion) throws -> ManifestDocument {
    let key = Self.manifestKey(sequence)
    let read = try lookingAt(key) {
      try store.open("\(stream)/\(key)", version).map { try store.read($0, key, limit: Self.largestManifest) }
    }
    guard let bytes = read else { throw ArchiveFinding(name(key), "the manifest is missing") }
    let stored: StoredManifest
    do throws(DocumentError) { stored = try StoredManifest(parsing: bytes) } catch {
      throw ArchiveFinding(name(key), error.reason)
    }
    guard stored.manifest.sequence == sequence, stored.manifest.stream == stream else {
      throw ArchiveFinding(name(key), "it is the manifest of another place")
    }
    return ManifestDocument(bytes: bytes, stored: stored)
  }

  /// Whether a key at hand has signed a manifest.
  public func isSigned(_ stored: StoredManifest) -> Bool {
    guard let keys else { return false }
    switch keys.verify(stored.proof, over: stored.digest, at: stored.manifest.createdAt, for: .manifests) {
    case .valid: return true
    case .unverifiable: return false
    case .invalid: return (try? standing(of: stored, keys))?.fault == nil
    }
  }

  /// Whether a manifest's signature is right, and a key of it was revoked from before on.
  func isDistrusted(_ stored: StoredManifest) -> Bool {
    keys?.distrust(stored.proof, over: stored.digest, at: stored.manifest.createdAt, for: .manifests) != nil
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
  func lookingAt<R>(_ key: String, _ body: () throws -> R) throws -> R {
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
    let version = try version(of: bundle, manifest.sequence)
    guard let object = try lookingAt(bundle.key, { try store.open("\(stream)/\(bundle.key)", version) }) else {
      throw ArchiveFinding(name(bundle.key), "the bundle is missing")
    }
    return try BundleReader(
      object, name: name(bundle.key), expected: bundle, makesLeaves: makesLeaves, isVouchedFor: isVouchedFor)
  }

  /// The version of a bundle that counts: of several the one with the manifest's hash.
  ///
  /// - Throws: an ``ArchiveFinding`` when there is none.
  func version(of bundle: Manifest.Bundle, _ sequence: Int) throws -> ObjectVersion {
    guard bundle.key.hasPrefix("bundles/\(Manifest.sequenceText(sequence))-"),
      bundle.key.hasSuffix(".ndjson.zst"), bundle.key.utf8.count == 46,
      bundle.key.dropFirst(19).prefix(16) == bundle.sha256.hex.prefix(16)
    else { throw ArchiveFinding(name(bundle.key), "this is no name for the bundle of its manifest") }
    let key = "\(stream)/\(bundle.key)"
    let versions = try lookingAt(bundle.key) { try store.versions(key) }.filter { !$0.isDeleteMarker }
    guard let first = versions.first else { throw ArchiveFinding(name(bundle.key), "the bundle is missing") }
    if versions.count == 1 { return first }
    return try versions.first { try store.holds(key, $0, bytes: bundle.bytes, sha256: bundle.sha256) } ?? first
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
    try debris([]).filter { Self.sequence(ofBundle: $0).map { $0 > sequence } ?? false }
  }

  /// The sequence that a bundle's key begins with; nil for a key that is no bundle's.
  public static func sequence(ofBundle key: String) -> Int? { Int(key.dropFirst("bundles/".count).prefix(10)) }
}
