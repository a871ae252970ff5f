// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import DrillRunner
import Pipeline
import Signing

/// What the verifying commands share: variables, keys, console, and the request to stop.
struct JobContext {
  let environment: Environment
  let registry: KeyRegistry?
  let keys: KeyRing
  let console: Console
  let cancellation: Cancellation

  init(_ common: CommonOptions) throws {
    environment = common.environment()
    registry = try KeyRegistry.load(environment)
    // A signer's own public key is a key at hand; a missing signer is no fault of a command that only reads.
    let signer = try? SignerChoice.manifests(environment, registry: registry)
    keys = try KeyRing(environment, registry: registry).adding(signer)
    console = Console(common)
    cancellation = Cancellation.onTermination()
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
