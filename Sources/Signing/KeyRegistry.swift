// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// What a key may sign.
public enum KeyUse: String, Sendable {
  case events, manifests, multisig
}

/// A key that verifies.
public struct VerificationKey: Sendable {
  public enum Material: Sendable {
    case shared(HMACSHA256)
    case published(PublicKey)
    /// A service keeps it to itself, and is asked.
    case kept(any ServiceSigner)
  }

  public let kid: String
  public let algorithm: SignatureAlgorithm
  public let material: Material
  /// Instants between which its signatures count; both ends count.
  public let validity: ClosedRange<Timestamp>
  public let uses: Set<KeyUse>
  public let standing: KeyStanding

  public init(
    kid: String, algorithm: SignatureAlgorithm, material: Material,
    validity: ClosedRange<Timestamp> = .distantPast ... .distantFuture,
    uses: Set<KeyUse> = [.events, .manifests, .multisig], standing: KeyStanding = .active
  ) {
    self.kid = kid
    self.algorithm = algorithm
    self.material = material
    self.validity = validity
    self.uses = uses
    self.standing = standing
  }

  /// Bytes of a signature of this key.
  var signatureLength: Int {
    switch material {
    case .shared: 32
    case .published(let key): key.kind.signatureLength
    case .kept(let signer): signer.signatureLength
    }
  }

  /// For keys at hand; one that a service keeps verifies nothing here.
  @safe
  func isValid(_ signature: UnsafeRawBufferPointer, over digest: Digest) -> Bool {
    switch material {
    case .shared(let hmac): unsafe hmac.isValid(signature, over: digest)
    case .published(let key): unsafe key.isValid(signature, over: digest)
    case .kept: false
    }
  }

  /// Whether its signatures can be told without asking anybody.
  public var isAtHand: Bool { keeper == nil }

  /// The service that alone can verify; nil where the key is at hand.
  var keeper: (any ServiceSigner)? { if case .kept(let signer) = material { signer } else { nil } }

  /// Whether both are one key, whatever their ids: then their signatures count once.
  public func isSameKey(as other: VerificationKey) -> Bool {
    if case .published(let key) = material, case .published(let otherKey) = other.material {
      return key.fingerprint == otherKey.fingerprint
    }
    return kid == other.kid
  }

  /// - Throws: where a service keeps the key and does not answer.
  func isValid(_ signature: [UInt8], over digest: Digest) throws -> Bool {
    if let keeper { return try keeper.isValid(signature, over: digest) }
    return unsafe signature.withUnsafeBytes { isValid($0, over: digest) }
  }
}

/// The public keys of the signers, as `AUDIT_SIGNERS_FILE` lists them.
public struct KeyRegistry: Sendable {
  public let keys: [VerificationKey]

  /// Reads `{"signers":[{"signer_kid","algorithm","public_key_pem","deployedAt","description"}]}`.
  ///
  /// `uses`, `notBefore` and `notAfter` narrow what a key counts for; without `notBefore`, `deployedAt` does. So do
  /// `status`, `retiredAt`, `revokedAt` and `compromisedSince`: see ``KeyStanding``.
  public init(parsing bytes: [UInt8], name: String) throws(Failure) {
    func failure(_ problem: String, _ cause: (any Error)? = nil) -> Failure {
      Failure(.configuration, problem, on: name, remedy: "correct the signer registry", cause: cause)
    }
    let document: JSONValue
    do throws(JSONParseError) { document = try JSONValue(parsing: bytes) } catch {
      throw failure("not a JSON document: \(error)", error)
    }
    if let fault = SignersFile.fault(in: document) { throw failure(fault) }
    // The file may be a signed version of the registry, with candidates beside it.
    guard let listed = (document["registry"] ?? document)["signers"]?.array else {
      throw failure("it has no list \"signers\"")
    }
    let signers = listed + (document["candidates"]?.array ?? [])
    var keys: [VerificationKey] = []
    for (index, signer) in signers.enumerated() {
      let key: VerificationKey
      do throws(DocumentError) { key = try SignerEntry(json: signer).key } catch {
        throw failure("signer \(index + 1) of the list: \(error.reason)")
      }
      if keys.contains(where: { $0.kid == key.kid }) { throw failure("signer_kid \"\(key.kid)\" occurs twice") }
      // Which of two standings counts would be anybody's guess.
      if let other = keys.first(where: { $0.isSameKey(as: key) }) {
        throw failure("\"\(other.kid)\" and \"\(key.kid)\" are one key")
      }
      keys.append(key)
    }
    self.keys = keys
  }

  /// - Parameter entries: of distinct ids and keys.
  public init(_ entries: [SignerEntry]) { keys = entries.map(\.key) }

  public static func load(_ environment: Environment) throws(Failure) -> KeyRegistry? {
    guard let path = try environment.value("AUDIT_SIGNERS_FILE") else { return nil }
    guard let bytes = readSmallFile(path) else {
      throw Failure(
        .configuration, "the registry cannot be read", on: "AUDIT_SIGNERS_FILE", remedy: "give the path of its file")
    }
    return try KeyRegistry(parsing: bytes, name: path)
  }

  /// The key of an id.
  func key(_ kid: String) -> VerificationKey? { keys.first { $0.kid.isSameText(as: kid) } }

  /// The id under which the registry lists a public key.
  public func kid(of key: PublicKey) -> String? { entry(of: key)?.kid }

  /// What the registry says of a public key, under whatever id.
  func entry(of key: PublicKey) -> VerificationKey? {
    let fingerprint = key.fingerprint
    return keys.first { $0.publicKey?.fingerprint == fingerprint }
  }

  /// What the registry says of a signer's key: by the key itself, else by its id.
  func entry(of signer: SignerDescription) -> VerificationKey? {
    if let pem = signer.publicKey, let key = try? PublicKey(pem: Array(pem.utf8)), let found = entry(of: key) {
      return found
    }
    return key(signer.kid)
  }
}
