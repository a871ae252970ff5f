// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import DrillRunner
import Pipeline
import Signing

/// What the commands of a chain share: variables, keys, console, and the request to stop.
struct JobContext {
  let environment: Environment
  let registry: KeyRegistry?
  let keys: KeyRing
  let console: Console
  let cancellation: Cancellation
  private let connections: SignerConnections

  /// - Parameters:
  ///   - console: the run's; by default one of its own.
  ///   - checksSignatures: false for a command to which keys are no more than useful; then a key management service that
  ///     does not answer is a warning.
  init(_ common: CommonOptions, console: Console? = nil, checksSignatures: Bool = true) throws {
    environment = common.environment()
    registry = try KeyRegistry.load(environment)
    self.console = console ?? Console(common)
    cancellation = Cancellation.onTermination()
    connections = SignerConnections(environment, cancellation: cancellation)
    do throws(Failure) {
      keys = try SignerChoice.keyRing(environment, registry: registry, over: connections)
    } catch {
      guard !checksSignatures else { throw error }
      self.console.warn("the signer's key is not at hand: \(error)")
      keys = try KeyRing(environment, registry: registry)
    }
  }

  /// The signer of manifests and reports, with a warning where it is not as it should be.
  func manifestSigner() throws -> any Signer {
    let signer = try SignerChoice.manifests(environment, registry: registry, over: connections)
    try registry?.refuse(signer, for: .manifests, at: .now())
    try console.warn(about: signer, environment)
    return signer
  }

  /// The archive, read by the keys at hand.
  func archive(_ options: ArchiveOptions) throws -> ArchiveStore.Archive {
    try options.archive(environment, keys: keys, cancellation: cancellation)
  }

  func settings(_ table: TableOptions, _ signatures: SignatureOptions, checksManifests: Bool) throws -> VerifySettings {
    var settings = VerifySettings(keys: keys)
    settings.columns = table.names
    settings.signatures = try signatures.policy()
    settings.requiresSignatures = try signatures.isRequired(environment)
    settings.checksManifestSignatures = checksManifests
    return settings
  }
}

extension Console {
  func warn(about signer: any Signer, _ environment: Environment) throws {
    if let warning = try SignerChoice.warning(environment, signer) { warn(warning) }
  }
}
