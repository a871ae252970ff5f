// SPDX-License-Identifier: Apache-2.0
public import AWS
public import AuditCore
internal import Cryptography
internal import KMSClient
public import Pipeline
internal import Synchronization

/// How the signers of a run reach their services. Nothing is connected before a signer needs it, and each is opened once.
public final class SignerConnections: Sendable {
  private struct State {
    var kms: KMSClient?
    var opened: [String: any Signer] = [:]
  }

  private let environment: Environment
  private let cancellation: Cancellation
  private let makeSession: @Sendable () throws(Failure) -> AWSSession
  private let state = Mutex(State())

  /// - Parameter cancellation: ends requests that are under way, too.
  public convenience init(_ environment: Environment, cancellation: Cancellation = Cancellation()) {
    self.init(environment, cancellation: cancellation) { () throws(Failure) in
      let variables = AWSVariables { (name: String) throws(Failure) in try environment.value(name) }
      return try AWSSession.connected(variables, cancellation: cancellation).session
    }
  }

  /// - Parameter session: makes the session that KMS is called in; called at most once.
  public init(
    _ environment: Environment, cancellation: Cancellation,
    session: @escaping @Sendable () throws(Failure) -> AWSSession
  ) {
    (self.environment, self.cancellation, makeSession) = (environment, cancellation, session)
  }

  /// Opens a key of KMS.
  ///
  /// - Parameter variable: what named it, for errors.
  func kms(
    _ key: String, _ algorithm: SignatureAlgorithm?, _ registry: KeyRegistry?, variable: String
  ) throws(Failure) -> any Signer {
    guard let id = KMSKeyID(key) else {
      let isPrehashed = key.lowercased().hasSuffix(":ed25519ph") || key.uppercased().hasSuffix(":ED25519_PH_SHA_512")
      guard !isPrehashed else { throw SignerChoice.prehashed(variable) }
      throw Failure(
        .configuration, "this names no key of KMS", on: variable,
        remedy: "write a key's id, its ARN, alias/NAME or an alias's ARN")
    }
    return try once("kms \(algorithm?.rawValue ?? "") \(key)") { () throws(Failure) in
      try KMSSigner(try kmsClient(), id, algorithm: algorithm, registry: registry, variable: variable)
    }
  }

  /// Opens a signing proxy.
  func proxy(
    _ url: String, _ algorithm: SignatureAlgorithm?, _ registry: KeyRegistry?, variable: String
  ) throws(Failure) -> any Signer {
    let settings = try SigningProxySettings(url, from: variable, environment)
    return try once("proxy \(algorithm?.rawValue ?? "") \(settings.endpoint.url)") { () throws(Failure) in
      try SigningProxySigner(
        SigningProxyClient(settings, cancellation: cancellation), algorithm: algorithm, registry: registry,
        ownKey: try KeyRing.ownPublicKey(environment))
    }
  }

  private func once(_ name: String, _ open: () throws(Failure) -> any Signer) throws(Failure) -> any Signer {
    if let signer = state.withLock({ $0.opened[name] }) { return signer }
    let signer = try open()
    state.withLock { $0.opened[name] = signer }
    return signer
  }

  private func kmsClient() throws(Failure) -> KMSClient {
    if let client = state.withLock({ $0.kms }) { return client }
    let client = try KMSClient(try makeSession())
    state.withLock { $0.kms = client }
    return client
  }
}
