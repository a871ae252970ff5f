// SPDX-License-Identifier: Apache-2.0
import AuditCore
import DrillRunner
import Signing

/// What signers are for.
enum SignerUse: String, CaseIterable { case events, manifests }

/// What was found of the signers of a run, whether they opened or not.
struct SignerReport {
  private struct Entry {
    let use: SignerUse
    let signer: SignerDescription?
    /// The kind of backend, for one that did not open.
    let backend: String
    let health: SignerHealth
    let failure: Failure?
  }

  private let console: Console
  private var entries: [Entry] = []

  /// - Parameter look: what is done with each signer.
  init(_ common: CommonOptions, _ look: (any Signer) throws -> SignerHealth) throws {
    let environment = common.environment()
    let registry = try KeyRegistry.load(environment)
    let connections = SignerConnections(environment)
    console = Console(common)
    for use in SignerUse.allCases {
      guard let backend = try SignerChoice.backend(environment, of: use == .events ? .events : .manifests) else {
        continue
      }
      entries.append(
        Self.entry(use, backend, look) {
          let signer =
            use == .events
            ? try SignerChoice.events(environment, registry: registry, over: connections)
            : try SignerChoice.manifests(environment, registry: registry, over: connections)
          guard let signer else { return nil }
          try console.warn(about: signer, environment)
          // A candidate is to be tried out, and yet must not pass for one that signs.
          do { try registry?.refuse(signer, for: use == .events ? .events : .manifests, at: .now()) } catch {
            console.warn("\(use.rawValue): \(error)")
          }
          return signer
        })
    }
    guard !entries.isEmpty else { throw SignerChoice.noSigner(isRequired: try environment.requiresSigning()) }
  }

  private static func entry(
    _ use: SignerUse, _ backend: String, _ look: (any Signer) throws -> SignerHealth,
    _ open: () throws -> (any Signer)?
  ) -> Entry {
    let clock = ContinuousClock()
    let start = clock.now
    var description: SignerDescription?
    do {
      guard let signer = try open() else { throw SignerChoice.noSigner(isRequired: true) }
      description = signer.description
      return Entry(use: use, signer: description, backend: backend, health: try look(signer), failure: nil)
    } catch {
      let failure = Failure(from: error)
      let health = SignerHealth(failure, latency: clock.now - start)
      return Entry(use: use, signer: description, backend: backend, health: health, failure: failure)
    }
  }

  /// Prints the report, and exits as the worst of it demands.
  func finish() throws {
    try console.finish(
      .object(["signers": .array(entries.map(json))]), entries.map(text).joined(separator: "\n"), status: status)
  }

  private var status: ExitStatus {
    guard let entry = entries.first(where: { !$0.health.isUsable }) else { return .success }
    return entry.failure?.status ?? .unavailable
  }

  private func json(_ entry: Entry) -> JSONValue {
    let algorithm = entry.signer?.algorithm.rawValue
    return .object([
      "use": .string(entry.use.rawValue), "backend": .string(entry.signer?.backend ?? entry.backend),
      "kid": entry.signer.map { .string($0.kid) } ?? .null, "algorithm": algorithm.map { .string($0) } ?? .null,
      "configured": .bool(entry.health.isConfigured), "reachable": .bool(entry.health.isReachable),
      "ok": .bool(entry.health.isUsable),
      "latencyMilliseconds": entry.health.latency.map { .count($0.milliseconds) } ?? .null,
      "detail": .string(entry.health.detail),
    ])
  }

  private func text(_ entry: Entry) -> String {
    func wide(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }
    let latency = entry.health.latency.map { "\($0.milliseconds) ms" } ?? "-"
    var text = "\(wide(entry.use.rawValue, 9))  \(wide(entry.health.isUsable ? "ok" : "FAILED", 6))  "
    text += "\(wide(entry.backend, 5))  \(wide(latency, 8))  "
    if let signer = entry.signer { text += "\(signer.kid) (\(signer.algorithm.rawValue)): " }
    return text + entry.health.detail
  }
}

extension Duration {
  fileprivate var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
