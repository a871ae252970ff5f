// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import DrillRunner
import Signing

/// What was found of the signers of a run.
struct SignerReport {
  private let console: Console
  private let states: [SignerState]

  /// - Parameter look: what is done with each signer.
  init(_ common: CommonOptions, _ archive: ArchiveOptions, _ look: (any Signer) throws -> SignerHealth) throws {
    let environment = common.environment()
    let connections = SignerConnections(environment)
    let console = Console(common)
    self.console = console
    let registry = try Self.registry(environment, archive, console)
    states = try SignerUse.allCases.compactMap { use in
      try SignerState.of(
        use, environment, registry: registry, over: connections,
        onOpen: { signer in
          try console.warn(about: signer, environment)
          do { try registry?.refuse(signer, for: use.key, at: .now()) } catch {
            // A candidate is to be tried out, and yet must not pass for one that signs.
            guard registry?.standing(of: signer.description) == .candidate else { throw error }
            console.warn("\(use.rawValue): \(error)")
          }
        }, look: look)
    }
    guard !states.isEmpty else { throw SignerChoice.noSigner(isRequired: try environment.requiresSigning()) }
  }

  /// The newest that the archive holds, or else what is at hand: whether a signer answers can be told without an archive.
  private static func registry(
    _ environment: Environment, _ archive: ArchiveOptions, _ console: Console
  ) throws -> KeyRegistry? {
    let atHand = try KeyRegistry.load(environment)
    guard try archive.isConfigured(environment), let pin = try RegistryAtHand(environment) else { return atHand }
    do {
      let found = try archive.archive(environment, keys: nil).trustedRegistry(pin.file, pin: pin.pin)
      for finding in found?.findings ?? [] { console.warn(finding.description) }
      return found?.registry.keys ?? atHand
    } catch {
      console.warn("the archive's registry was not looked at: \(Failure(from: error))")
      return atHand
    }
  }

  /// Prints the report, and exits as the first that failed demands.
  func finish() throws {
    try console.finish(
      .object(["signers": .array(states.map(\.json))]), states.map(text).joined(separator: "\n"), status: status)
  }

  private var status: ExitStatus {
    guard let state = states.first(where: { !$0.health.isUsable }) else { return .success }
    return state.failure?.status ?? .unavailable
  }

  private func text(_ state: SignerState) -> String {
    let latency = state.health.latency.map { "\($0.milliseconds) ms" } ?? "-"
    var text = "\(state.use.rawValue.padded(to: 9))  \((state.health.isUsable ? "ok" : "FAILED").padded(to: 6))  "
    text += "\(state.backend.padded(to: 5))  \(latency.padded(to: 8))  "
    if let signer = state.signer { text += "\(signer.kid) (\(signer.algorithm.rawValue)): " }
    return text + state.health.detail
  }
}
