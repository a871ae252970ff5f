// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Crypto

/// Which signer a run uses, from its environment: KMS, else proxy, else mock, else a local key.
public enum SignerChoice {
  /// The mock's key where none is given; never used in production.
  static let mockKey = "mock-local-signing-key-do-not-use-in-prod"

  /// The signer of appended events; nil where none is configured and none is demanded.
  ///
  /// - Throws: status `configuration`, before anything is touched, where signing is demanded and no signer is set.
  public static func events(_ environment: Environment, registry: KeyRegistry?) throws(Failure) -> (any Signer)? {
    if try environment.value("AUDIT_SIGNING_KMS_KEY_ID") != nil {
      throw notBuilt("AUDIT_SIGNING_KMS_KEY_ID", "AWS KMS")
    }
    if try environment.value("SIGNING_PROXY_URL") != nil { throw notBuilt("SIGNING_PROXY_URL", "a signing proxy") }
    if let mock = try mock(environment) { return mock }
    if let local = try local(environment, registry) { return local }
    guard try environment.requiresSigning() else { return nil }
    throw noSigner
  }

  /// The signer of manifests and reports: `AUDIT_MANIFEST_SIGNER`, else the events' signer.
  public static func manifests(_ environment: Environment, registry: KeyRegistry?) throws(Failure) -> any Signer {
    if let text = try environment.value("AUDIT_MANIFEST_SIGNER") {
      guard let spec = SignerSpec(text) else {
        throw Failure(
          .configuration, "this is no signer spec", on: "AUDIT_MANIFEST_SIGNER",
          remedy: "write kms:<key>, proxy:<url>, local:<PEM file> or mock")
      }
      return try signer(spec, environment, registry)
    }
    guard let signer = try events(environment, registry: registry) else { throw noSigner }
    return signer
  }

  private static var noSigner: Failure {
    Failure(
      .configuration, "Audit signing is required but no signer is configured",
      remedy: "set AUDIT_SIGNING_KMS_KEY_ID, SIGNING_PROXY_URL, or in an emergency AUDIT_SIGNING_KEY or "
        + "AUDIT_SIGNING_PRIVATE_KEY")
  }

  private static func notBuilt(_ variable: String, _ name: String) -> Failure {
    Failure(
      .configuration, "this build cannot sign with \(name)", on: variable,
      remedy: "unset it and use AUDIT_SIGNING_PRIVATE_KEY or AUDIT_MANIFEST_SIGNER=local:<PEM file>")
  }

  private static func signer(
    _ spec: SignerSpec, _ environment: Environment, _ registry: KeyRegistry?
  ) throws(Failure) -> any Signer {
    switch spec {
    case .kms: throw notBuilt("AUDIT_MANIFEST_SIGNER", "AWS KMS")
    case .proxy: throw notBuilt("AUDIT_MANIFEST_SIGNER", "a signing proxy")
    case .mock:
      if environment.isProduction, try environment.value("MOCK_AUDIT_SIGNING_KEY") == nil { throw noSigner }
      return LocalSigner(hmacKey: try mockKeyBytes(environment), kid: "mock", backend: "mock")
    case .local(let path):
      guard let pem = readSmallFile(path) else {
        throw Failure(.configuration, "the key file cannot be read", on: path, remedy: "check AUDIT_MANIFEST_SIGNER")
      }
      return try localSigner(pem: pem, "AUDIT_MANIFEST_SIGNER", environment, registry)
    }
  }

  private static func mock(_ environment: Environment) throws(Failure) -> (any Signer)? {
    let isGiven = try environment.value("MOCK_AUDIT_SIGNING_KEY") != nil
    guard isGiven || environment.isDevelopment else { return nil }
    return LocalSigner(hmacKey: try mockKeyBytes(environment), kid: "mock", backend: "mock")
  }

  static func mockKeyBytes(_ environment: Environment) throws(Failure) -> [UInt8] {
    guard let text = try environment.value("MOCK_AUDIT_SIGNING_KEY") else { return Array(mockKey.utf8) }
    let bytes = Array(text.utf8)
    guard bytes.count % 2 == 0 else { return bytes }
    let pairs = stride(from: 0, to: bytes.count, by: 2).map { String(decoding: bytes[$0..<$0 + 2], as: UTF8.self) }
    let isHex = text.allSatisfy { $0.isASCII && $0.isHexDigit }
    return isHex ? pairs.compactMap { UInt8($0, radix: 16) } : bytes
  }

  private static func local(_ environment: Environment, _ registry: KeyRegistry?) throws(Failure) -> (any Signer)? {
    if let pem = try environment.value("AUDIT_SIGNING_PRIVATE_KEY") {
      let text = pem.contains("-----BEGIN") ? Array(pem.replacing("\\n", with: "\n").utf8) : readSmallFile(pem)
      guard let text else {
        throw Failure(
          .configuration, "this is neither a PEM key nor the path of one", on: "AUDIT_SIGNING_PRIVATE_KEY",
          remedy: "give the key's text or its file")
      }
      return try localSigner(pem: text, "AUDIT_SIGNING_PRIVATE_KEY", environment, registry)
    }
    guard let key = try environment.firstValue("AUDIT_SIGNING_KEY", "AUDIT_SIGNING_SECRET") else { return nil }
    return LocalSigner(hmacKey: Array(key.utf8), kid: "local-hmac")
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

/// A signer by name: `kms:<key id or ARN>[:<alg>]`, `proxy:<url>`, `local:<PEM file>`, `mock`.
public enum SignerSpec: Equatable, Sendable, CustomStringConvertible {
  case kms(key: String, algorithm: SignatureAlgorithm?)
  case proxy(url: String)
  case local(path: String)
  case mock

  public init?(_ text: String) {
    if text == "mock" {
      self = .mock
      return
    }
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let rest = String(text[text.index(after: colon)...])
    guard !rest.isEmpty else { return nil }
    switch text[..<colon] {
    case "proxy": self = .proxy(url: rest)
    case "local": self = .local(path: rest)
    case "kms":
      // An ARN has colons of its own: only a last part that names an algorithm is one.
      if let last = rest.lastIndex(of: ":"),
        let algorithm = SignatureAlgorithm(name: String(rest[rest.index(after: last)...]))
      {
        self = .kms(key: String(rest[..<last]), algorithm: algorithm)
      } else {
        self = .kms(key: rest, algorithm: nil)
      }
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .kms(let key, let algorithm): "kms:\(key)" + (algorithm.map { ":\($0.rawValue)" } ?? "")
    case .proxy(let url): "proxy:\(url)"
    case .local(let path): "local:\(path)"
    case .mock: "mock"
    }
  }
}
