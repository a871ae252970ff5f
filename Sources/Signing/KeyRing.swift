// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// The keys at hand: the registry's, and those of the environment.
public struct KeyRing: Sendable {
  public let keys: [VerificationKey]
  /// The key that a report after a theft is about.
  public let suspect: SuspectKey?
  /// How many of the keys the registry lists, which come first; nil where there is no registry.
  let registered: Int?

  public init(_ keys: [VerificationKey]) { self.init(keys, suspect: nil, registered: nil) }

  init(_ keys: [VerificationKey], suspect: SuspectKey?, registered: Int?) {
    self.keys = keys
    self.suspect = suspect
    self.registered = registered
  }

  /// Whether a key for a use has signed a digest, whatever became of that key since.
  ///
  /// - Throws: where a service keeps the key and does not answer.
  public func hasSigned(_ signature: [UInt8], over digest: Digest, for use: KeyUse) throws -> Bool {
    try keys.contains { try $0.uses.contains(use) && $0.isValid(signature, over: digest) }
  }

  /// The key of an id.
  public func key(_ kid: String) -> VerificationKey? { keys.first { $0.kid.isSameText(as: kid) } }

  /// Whether events may be signed by keys whose signatures take long to verify.
  public var hasPublicKeys: Bool {
    keys.contains { $0.publicKey != nil && $0.uses.contains(.events) }
  }

  public init(_ environment: Environment, registry: KeyRegistry?) throws(Failure) {
    var keys = registry?.keys ?? []
    for name in ["AUDIT_SIGNING_KEY", "AUDIT_SIGNING_SECRET"] {
      guard let key = try SignerChoice.sharedKey(environment, name) else { continue }
      if keys.contains(where: { $0.kid == "local-hmac" }) { continue }
      keys.append(Self.shared(key, "local-hmac"))
    }
    if try Self.usesMock(environment), let key = try SignerChoice.mockKeyBytes(environment) {
      keys.append(Self.shared(key, "mock"))
    }
    // A private key at hand verifies what it signed; one that cannot be read stops only who has to sign.
    let own = (try? SignerChoice.privateKeySigner(environment, registry))?.description.publicKey
    if let own, let key = try? PublicKey(pem: Array(own.utf8)) { Self.add(key, to: &keys, registry) }
    if let key = try Self.ownPublicKey(environment) { Self.add(key, to: &keys, registry) }
    self.init(keys, suspect: nil, registered: registry?.keys.count)
  }

  /// The key of `AUDIT_SIGNING_PUBLIC_KEY`.
  static func ownPublicKey(_ environment: Environment) throws(Failure) -> PublicKey? {
    guard let pem = try environment.value("AUDIT_SIGNING_PUBLIC_KEY") else { return nil }
    let text = pem.contains("-----BEGIN") ? Array(pem.replacing("\\n", with: "\n").utf8) : readSmallFile(pem) ?? []
    do throws(KeyError) { return try PublicKey(pem: text) } catch {
      throw Failure(
        .configuration, "\(error)", on: "AUDIT_SIGNING_PUBLIC_KEY", remedy: "give a public key in PEM, or its file")
    }
  }

  /// Adds the key of a signer of this run, under its id, so that its own signatures verify: the public key, or else the
  /// service that keeps the key.
  public func adding(_ signer: (any Signer)?) -> KeyRing {
    guard let signer else { return self }
    let (kid, algorithm) = (signer.description.kid, signer.description.algorithm)
    if let pem = signer.description.publicKey, let key = try? PublicKey(pem: Array(pem.utf8)) {
      let fingerprint = key.fingerprint
      if keys.contains(where: { $0.kid == kid }) { return self }
      // Under another id it stands as it stands there.
      let like = keys.first { $0.publicKey?.fingerprint == fingerprint }
      let added = VerificationKey(
        kid: kid, algorithm: algorithm, material: .published(key),
        validity: like?.validity ?? .distantPast ... .distantFuture,
        uses: like?.uses ?? [.events, .manifests, .multisig], standing: like?.standing ?? .active)
      return KeyRing(keys + [added], suspect: suspect, registered: registered)
    }
    guard let service = signer as? any ServiceSigner else { return self }
    // A secret of ours may have the same id by chance; each is asked.
    if keys.contains(where: { $0.kid == kid && ($0.publicKey != nil || $0.keeper != nil) }) { return self }
    let kept = VerificationKey(kid: kid, algorithm: algorithm, material: .kept(service))
    return KeyRing(keys + [kept], suspect: suspect, registered: registered)
  }

  private static func usesMock(_ environment: Environment) throws(Failure) -> Bool {
    if try environment.isDevelopment() { return true }
    if try environment.value("MOCK_AUDIT_SIGNING_KEY") != nil { return true }
    return try environment.value("AUDIT_MANIFEST_SIGNER") == SignerSpec.mock.description
  }

  private static func add(_ key: PublicKey, to keys: inout [VerificationKey], _ registry: KeyRegistry?) {
    let fingerprint = key.fingerprint
    guard !keys.contains(where: { $0.publicKey?.fingerprint == fingerprint }) else { return }
    let algorithm: SignatureAlgorithm = key.kind == .ed25519 ? .ed25519 : .rsaSHA256
    keys.append(VerificationKey(kid: derivedKid(key), algorithm: algorithm, material: .published(key)))
  }

  private static func shared(_ key: [UInt8], _ kid: String) -> VerificationKey {
    VerificationKey(kid: kid, algorithm: .hmacSHA256, material: .shared(HMACSHA256(key: key)))
  }
}
