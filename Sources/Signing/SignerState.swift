// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// How a configured signer stands, whether it opened or not.
public struct SignerState: Sendable {
  public let use: SignerUse
  /// The kind of backend: `kms`, `proxy`, `mock`, `local`.
  public let backend: String
  /// Nil for one that did not open.
  public let signer: SignerDescription?
  public let health: SignerHealth
  /// Why it cannot be used, where that is known.
  public let failure: Failure?

  /// Opens the signer of a use, and looks at it.
  ///
  /// - Parameters:
  ///   - look: what is done with it; what it throws is part of the state.
  ///   - onOpen: gets the signer once it is open.
  /// - Returns: nil where none is configured.
  public static func of(
    _ use: SignerUse, _ environment: Environment, registry: KeyRegistry?, over connections: SignerConnections,
    onOpen: (any Signer) throws -> Void = { _ in }, look: (any Signer) throws -> SignerHealth
  ) throws(Failure) -> SignerState? {
    guard let backend = try SignerChoice.backend(environment, of: use.key) else {
      return nil
    }
    let clock = ContinuousClock()
    let start = clock.now
    var description: SignerDescription?
    do {
      let signer =
        use == .events
        ? try SignerChoice.events(environment, registry: registry, over: connections)
        : try SignerChoice.manifests(environment, registry: registry, over: connections)
      guard let signer else { throw SignerChoice.noSigner(isRequired: true) }
      description = signer.description
      try onOpen(signer)
      let health = try look(signer)
      return SignerState(
        use: use, backend: signer.description.backend, signer: description, health: health, failure: nil)
    } catch {
      let failure = error as? Failure ?? Failure(.bug, "\(error)", remedy: "report it", cause: error)
      let health = SignerHealth(failure, latency: clock.now - start)
      return SignerState(use: use, backend: backend, signer: description, health: health, failure: failure)
    }
  }

  /// The state of one that was not waited for any longer.
  public static func unanswered(_ use: SignerUse, backend: String, after limit: Duration) -> SignerState {
    let failure = Failure(
      .unavailable, "no answer within \(limit.milliseconds) ms", remedy: "check the way to it, and its load")
    return SignerState(
      use: use, backend: backend, signer: nil, health: SignerHealth(failure), failure: failure)
  }

  /// As `--json` and `/readyz` show it.
  public var json: JSONValue {
    let algorithm = signer?.algorithm.rawValue
    return .object([
      "use": .string(use.rawValue), "backend": .string(backend),
      "kid": signer.map { .string($0.kid) } ?? .null, "algorithm": algorithm.map { .string($0) } ?? .null,
      "configured": .bool(health.isConfigured), "reachable": .bool(health.isReachable), "ok": .bool(health.isUsable),
      "latencyMilliseconds": health.latency.map { .count($0.milliseconds) } ?? .null,
      "detail": .string(health.detail),
    ])
  }
}

/// What signers are for.
public enum SignerUse: String, CaseIterable, Sendable {
  case events, manifests

  /// What the registry calls it.
  public var key: KeyUse { self == .events ? .events : .manifests }
}
