// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography

/// Which signer a run uses, from its environment: KMS, else proxy, else mock, else a local key.
public enum SignerChoice {
  /// The mock's key where none is given; never used in production.
  static let mockKey = "mock-local-signing-key-do-not-use-in-prod"

  /// The signer of appended events; nil where none is configured and none is demanded.
  ///
  /// - Parameter connections: how services are reached; nil makes ones of the signer's own.
  /// - Throws: status `configuration`, before anything is touched, where signing is demanded and no signer is set.
  public static func events(
    _ environment: Environment, registry: KeyRegistry?, over connections: SignerConnections? = nil
  ) throws(Failure) -> (any Signer)? {
    let signer = try openEvents(environment, registry, connections ?? SignerConnections(environment))
    try (signer as? KMSSigner)?.requireUsable()
    return signer
  }

  /// One that may not be able to sign now.
  private static func openEvents(
    _ environment: Environment, _ registry: KeyRegistry?, _ connections: SignerConnections
  ) throws(Failure) -> (any Signer)? {
    if let key = try environment.value("AUDIT_SIGNING_KMS_KEY_ID") {
      return try connections.kms(key, try algorithm(environment), registry, variable: "AUDIT_SIGNING_KMS_KEY_ID")
    }
    if let url = try environment.value("SIGNING_PROXY_URL") {
      return try connections.proxy(url, try algorithm(environment), registry, variable: "SIGNING_PROXY_URL")
    }
    if let mock = try mock(environment) { return mock }
    if let local = try local(environment, registry) { return local }
    guard try environment.requiresSigning() else { return nil }
    throw noSigner(isRequired: true)
  }

  /// The signer of manifests and reports: `AUDIT_MANIFEST_SIGNER`, else the events' signer.
  public static func manifests(
    _ environment: Environment, registry: KeyRegistry?, over connections: SignerConnections? = nil
  ) throws(Failure) -> any Signer {
    let signer = try openManifests(environment, registry, connections ?? SignerConnections(environment))
    try (signer as? KMSSigner)?.requireUsable()
    return signer
  }

  private static func openManifests(
    _ environment: Environment, _ registry: KeyRegistry?, _ connections: SignerConnections
  ) throws(Failure) -> any Signer {
    if let spec = try manifestSpec(environment) {
      return try open(spec, environment, registry, connections, variable: "AUDIT_MANIFEST_SIGNER")
    }
    guard let signer = try openEvents(environment, registry, connections) else { throw noSigner(isRequired: true) }
    return signer
  }

  private static func manifestSpec(_ environment: Environment) throws(Failure) -> SignerSpec? {
    guard let text = try environment.value("AUDIT_MANIFEST_SIGNER") else { return nil }
    guard let spec = SignerSpec(text) else {
      throw Failure(
        .configuration, "this is no signer spec", on: "AUDIT_MANIFEST_SIGNER",
        remedy: "write kms:<key>, proxy:<url>, local:<PEM file> or mock")
    }
    return spec
  }

  /// The keys at hand, those of the signers among them: a service that keeps its key is asked where a signature is.
  ///
  /// A local key that cannot be read, or none at all, is no fault of a run that only reads.
  ///
  /// - Throws: where a service is configured and does not open: what it signed could not be told from a forgery.
  public static func keyRing(
    _ environment: Environment, registry: KeyRegistry?, over connections: SignerConnections
  ) throws(Failure) -> KeyRing {
    var ring = try KeyRing(environment, registry: registry)
    if try eventsAreKept(environment) {
      ring = ring.adding(try openEvents(environment, registry, connections))
    }
    switch try manifestSpec(environment) {
    case .kms, .proxy: return ring.adding(try openManifests(environment, registry, connections))
    case .local, .mock, nil: return ring.adding(try? openManifests(environment, registry, connections))
    }
  }

  /// Those of the keys at hand that no service has to be asked for.
  public static func offlineKeyRing(_ environment: Environment, registry: KeyRegistry?) throws(Failure) -> KeyRing {
    let ring = try KeyRing(environment, registry: registry)
    switch try manifestSpec(environment) {
    case .local, .mock:
      return ring.adding(try? openManifests(environment, registry, SignerConnections(environment)))
    case .kms, .proxy, nil: return ring
    }
  }

  private static func eventsAreKept(_ environment: Environment) throws(Failure) -> Bool {
    try environment.firstValue("AUDIT_SIGNING_KMS_KEY_ID", "SIGNING_PROXY_URL") != nil
  }

  /// What an operator should know about a signer in this environment; nil where it is as it should be.
  public static func warning(_ environment: Environment, _ signer: any Signer) throws(Failure) -> String? {
    if let warning = (signer as? KMSSigner)?.warning { return warning }
    guard try environment.requiresSigning() else { return nil }
    return switch signer.description.backend {
    case "local": "a local key signs: for emergencies only"
    case "mock": "the mock signs: not for production"
    default: (signer as? SigningProxySigner)?.warning
    }
  }

  /// Kind of backend of a signer, by the settings alone; nil where none is configured.
  ///
  /// - Parameter use: that of events, or that of manifests.
  public static func backend(_ environment: Environment, of use: KeyUse) throws(Failure) -> String? {
    if use == .manifests, let spec = try manifestSpec(environment) {
      return switch spec {
      case .kms: "kms"
      case .proxy: "proxy"
      case .local: "local"
      case .mock: "mock"
      }
    }
    if try environment.value("AUDIT_SIGNING_KMS_KEY_ID") != nil { return "kms" }
    if try environment.value("SIGNING_PROXY_URL") != nil { return "proxy" }
    if try mock(environment) != nil { return "mock" }
    return try environment.firstValue("AUDIT_SIGNING_KEY", "AUDIT_SIGNING_SECRET", "AUDIT_SIGNING_PRIVATE_KEY")
      .map { _ in "local" }
  }

  /// - Parameter isRequired: false for a command that cannot do without, whatever the settings demand.
  public static func noSigner(isRequired: Bool) -> Failure {
    Failure(
      .configuration,
      isRequired ? "Audit signing is required but no signer is configured" : "no signer is configured",
      remedy: "set AUDIT_SIGNING_KMS_KEY_ID, SIGNING_PROXY_URL, or in an emergency AUDIT_SIGNING_KEY or "
        + "AUDIT_SIGNING_PRIVATE_KEY")
  }

  /// Ed25519 over a hash of the digest, which some ask for.
  static func prehashed(_ variable: String) -> Failure {
    Failure(
      .configuration,
      "pre-hashed Ed25519 (ED25519_PH_SHA_512) hashes the digest once more, and such a signature verifies by none of "
        + "the chain's rules", on: variable, remedy: "write ed25519, which is plain Ed25519 over the 32 bytes")
  }

  /// The signer of a spec.
  ///
  /// - Parameter variable: where the spec was written, for errors.
  public static func signer(
    _ spec: SignerSpec, _ environment: Environment, registry: KeyRegistry?, over connections: SignerConnections? = nil,
    variable: String
  ) throws(Failure) -> any Signer {
    let connections = connections ?? SignerConnections(environment)
    let signer = try open(spec, environment, registry, connections, variable: variable)
    try (signer as? KMSSigner)?.requireUsable()
    return signer
  }

  private static func open(
    _ spec: SignerSpec, _ environment: Environment, _ registry: KeyRegistry?, _ connections: SignerConnections,
    variable: String
  ) throws(Failure) -> any Signer {
    switch spec {
    case .kms(let key, let algorithm): return try connections.kms(key, algorithm, registry, variable: variable)
    case .proxy(let url): return try connections.proxy(url, nil, registry, variable: variable)
    case .mock:
      guard let key = try mockKeyBytes(environment) else { throw noSigner(isRequired: true) }
      return LocalSigner(hmacKey: key, kid: "mock", backend: "mock")
    case .local(let path):
      // What it says may be a key's text instead of its file's path: it is never repeated.
      guard let pem = readSmallFile(path) else {
        throw Failure(
          .configuration, "the key file cannot be read", on: variable,
          remedy: "write local: and the path of a PEM file that this user may read")
      }
      return try localSigner(pem: pem, variable, environment, registry)
    }
  }

  private static func mock(_ environment: Environment) throws(Failure) -> (any Signer)? {
    let isGiven = try environment.value("MOCK_AUDIT_SIGNING_KEY") != nil
    let isWanted = try environment.isDevelopment() || isGiven
    guard isWanted, try !environment.isProduction(), let key = try mockKeyBytes(environment) else { return nil }
    return LocalSigner(hmacKey: key, kid: "mock", backend: "mock")
  }

  /// The mock's key; nil where it would be the built-in one, which everybody knows, and signing is demanded.
  static func mockKeyBytes(_ environment: Environment) throws(Failure) -> [UInt8]? {
    let text = try environment.value("MOCK_AUDIT_SIGNING_KEY") ?? mockKey
    if isBuiltIn(text), try environment.requiresSigning() { return nil }
    return hexDecoded(text) ?? Array(text.utf8)
  }

  private static func hexDecoded(_ text: String) -> [UInt8]? {
    let bytes = Array(text.utf8)
    guard bytes.count % 2 == 0, text.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
    return stride(from: 0, to: bytes.count, by: 2).compactMap {
      UInt8(String(decoding: bytes[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
  }

  /// Whether this is the mock's built-in key, as it stands, in hex, or with white space around it.
  private static func isBuiltIn(_ text: String) -> Bool {
    let isSpace = { (character: Character) in character.isWhitespace }
    let word = String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    return word == mockKey || hexDecoded(word) == Array(mockKey.utf8)
  }

  /// The shared secret of a variable.
  ///
  /// - Throws: where signing is demanded and it is the mock's built-in key, which everybody knows.
  static func sharedKey(_ environment: Environment, _ name: String) throws(Failure) -> [UInt8]? {
    guard let text = try environment.value(name) else { return nil }
    if isBuiltIn(text), try environment.requiresSigning() {
      throw Failure(
        .configuration, "this is the mock's built-in key, which everybody knows", on: name,
        remedy: "set a secret of your own; the mock is not for production")
    }
    return Array(text.utf8)
  }

  private static func local(_ environment: Environment, _ registry: KeyRegistry?) throws(Failure) -> (any Signer)? {
    let algorithm = try algorithm(environment)
    let keys = [try sharedKey(environment, "AUDIT_SIGNING_KEY"), try sharedKey(environment, "AUDIT_SIGNING_SECRET")]
    let hmacKey = keys.compactMap { $0 }.first
    if algorithm == .hmacSHA256 || algorithm == nil, let hmacKey {
      return LocalSigner(hmacKey: hmacKey, kid: "local-hmac")
    }
    let signer = try privateKeySigner(environment, registry)
    if let algorithm, let found = signer?.description.algorithm ?? hmacKey.map({ _ in .hmacSHA256 }),
      found != algorithm
    {
      throw Failure(
        .configuration, "it asks for \(algorithm.rawValue), and the local key is for \(found.rawValue)",
        on: "AUDIT_SIGNING_ALG", remedy: "change it, or give a key of that kind")
    }
    return signer
  }

  /// What `AUDIT_SIGNING_ALG` asks for; nil where it is not set: HMAC where there is a key for it, else the private
  /// key's own.
  private static func algorithm(_ environment: Environment) throws(Failure) -> SignatureAlgorithm? {
    guard let name = try environment.value("AUDIT_SIGNING_ALG") else { return nil }
    guard let algorithm = SignatureAlgorithm(name: name) else {
      if ["ed25519ph", "ed25519-ph", "ed25519_ph_sha_512"].contains(name.lowercased()) {
        throw prehashed("AUDIT_SIGNING_ALG")
      }
      throw Failure(
        .configuration, "this algorithm is unknown", on: "AUDIT_SIGNING_ALG",
        remedy: "write hmac-sha256, rsa-sha256 or ed25519")
    }
    return algorithm
  }

  /// The signer of `AUDIT_SIGNING_PRIVATE_KEY`; nil where it is not set.
  static func privateKeySigner(
    _ environment: Environment, _ registry: KeyRegistry?
  ) throws(Failure) -> (any Signer)? {
    if let pem = try environment.value("AUDIT_SIGNING_PRIVATE_KEY") {
      let text = pem.contains("-----BEGIN") ? Array(pem.replacing("\\n", with: "\n").utf8) : readSmallFile(pem)
      guard let text else {
        throw Failure(
          .configuration, "this is neither a PEM key nor the path of one", on: "AUDIT_SIGNING_PRIVATE_KEY",
          remedy: "give the key's text or its file")
      }
      return try localSigner(pem: text, "AUDIT_SIGNING_PRIVATE_KEY", environment, registry)
    }
    return nil
  }

  private static func localSigner(
    pem: [UInt8], _ variable: String, _ environment: Environment, _ registry: KeyRegistry?
  ) throws(Failure) -> any Signer {
    let passphrase = try environment.value("AUDIT_SIGNING_PRIVATE_KEY_PASSPHRASE").map { Array($0.utf8) }
    do throws(KeyError) {
      let key = try PrivateKey(pem: pem, passphrase: passphrase)
      return LocalSigner(privateKey: key, kid: registry?.kid(of: key.publicKey))
    } catch {
      throw Failure(.configuration, "\(error)", on: variable, remedy: "give an RSA or Ed25519 key in PEM", cause: error)
    }
  }
}
