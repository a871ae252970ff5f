// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import DrillRunner
import Pipeline
import Signing

/// What the commands of a chain share: variables, keys, console, and the request to stop.
struct JobContext {
  let environment: Environment
  private(set) var registry: KeyRegistry?
  private(set) var keys: KeyRing
  let console: Console
  let cancellation: Cancellation
  private(set) var connections: SignerConnections
  /// The registry that the archive holds, where one is pinned; see ``following(_:)``.
  private(set) var trusted: TrustedRegistry?
  /// What is wrong with the archive's registry.
  private(set) var registryFindings: [ArchiveFinding] = []
  /// Of that what no stranger can have done who may write, but not sign.
  private(set) var registryDoubts: [ArchiveFinding] = []
  /// Of that what leaves open which of two registries is meant.
  private(set) var registryForks: [ArchiveFinding] = []
  private let checksSignatures: Bool

  /// - Parameters:
  ///   - console: the run's; by default one of its own.
  ///   - checksSignatures: false for a command to which keys are no more than useful; then a key management service that
  ///     does not answer is a warning.
  init(_ common: CommonOptions, console: Console? = nil, checksSignatures: Bool = true) throws {
    self.checksSignatures = checksSignatures
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

  /// The same by the newest registry that the archive holds, where `AUDIT_SIGNERS_FILE` or `AUDIT_SIGNERS_PIN` has what
  /// to walk from.
  func following(_ options: ArchiveOptions) throws -> JobContext {
    guard try options.isConfigured(environment), let pin = try RegistryAtHand(environment) else { return self }
    let archive = try options.archive(environment, keys: nil, cancellation: cancellation)
    guard let found = try archive.trustedRegistry(pin.file, pin: pin.pin) else { return self }
    let context = try adopting(found)
    for revocation in found.registry.emergencies {
      console.warn(
        "\"\(revocation.kid)\" is revoked since \(revocation.compromisedSince.isoSeconds) by an emergency revocation that "
          + "nobody has ratified: \(revocation.digest.hex)")
    }
    return context
  }

  /// The same by a version of the registry that has just been made, and what the archive holds behind and beside it.
  func following(_ version: RegistryVersion, _ archive: ArchiveStore.Archive) throws -> JobContext {
    guard let found = try archive.trustedRegistry(SignersFile(pinned: version), pin: nil) else { return self }
    return try adopting(found)
  }

  private func adopting(_ found: FoundRegistry) throws -> JobContext {
    var context = self
    context.trusted = found.registry
    context.registryFindings = found.findings
    context.registryDoubts = found.doubts
    context.registryForks = found.forks
    context.registry = found.registry.keys
    // A signer goes by the id that the registry gives to its key.
    context.connections = SignerConnections(environment, cancellation: cancellation)
    do throws(Failure) {
      context.keys = try SignerChoice.keyRing(
        environment, registry: context.registry, over: context.connections)
    } catch {
      guard !checksSignatures else { throw error }
      context.keys = try KeyRing(environment, registry: context.registry)
    }
    return context
  }

  /// The same by keys of which some do not count any more.
  func judging(by keys: KeyRing) -> JobContext {
    var context = self
    context.keys = keys
    return context
  }

  /// The same, for a job that goes on in spite of what is wrong with the registry's newer versions, and says so.
  func followingWithWarnings(_ options: ArchiveOptions) throws -> JobContext {
    let context = try following(options)
    context.warnOfRegistry()
    return context
  }

  /// The same, for a job that signs or restores: it goes on as far as the registry can be trusted, and not while two
  /// registries are approved.
  func followingUnforked(_ options: ArchiveOptions) throws -> JobContext {
    let context = try followingWithWarnings(options)
    if let fork = context.registryForks.first { throw fork }
    return context
  }

  /// The same, for a verdict that rests on the registry's keys.
  func followingSoundly(_ options: ArchiveOptions) throws -> JobContext {
    let context = try following(options)
    try context.requireSoundRegistry()
    return context
  }

  func warnOfRegistry() {
    for finding in registryFindings { console.warn(finding.description) }
  }

  /// Refuses to decide anything by a registry that is in doubt; a stranger's junk is said, and stops nobody.
  func requireSoundRegistry() throws {
    if let doubt = registryDoubts.first { throw doubt }
    warnOfRegistry()
  }

  /// The signer of events.
  ///
  /// - Parameter isFounding: before there is a version of the registry, the list's candidates are all there is; where there
  ///   is one that lists keys of events, another key records nothing.
  func eventSigner(isFounding: Bool = false) throws -> any Signer {
    guard let signer = try SignerChoice.events(environment, registry: registry, over: connections) else {
      throw SignerChoice.noSigner(isRequired: false)
    }
    let isCandidate = trusted == nil && registry?.standing(of: signer.description) == .candidate
    if !(isFounding && isCandidate) { try registry?.refuse(signer, for: .events, at: .now()) }
    if isFounding { try refuseUnlisted(signer) }
    try console.warn(about: signer, environment)
    return signer
  }

  /// Refuses to record a change by a key that no other verifier will know; a MAC's key no registry can list.
  private func refuseUnlisted(_ signer: any Signer) throws(Failure) {
    guard let trusted, trusted.signers.contains(where: { $0.key.uses.contains(.events) }),
      signer.description.algorithm != .hmacSHA256, registry?.lists(signer.description) != true
    else { return }
    throw Failure(
      .configuration, "the registry does not list the key of the events", on: "AUDIT_SIGNERS_FILE",
      remedy: "sign with a key that it lists, or promote this one")
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

/// What a verifier of this environment trusts of the registry, before it looks into an archive.
struct RegistryAtHand {
  /// Path of `AUDIT_SIGNERS_FILE`; nil where it is not set.
  let path: String?
  let file: SignersFile?
  let pin: RegistryPin?

  /// - Returns: nil where neither a file nor a pin is set.
  init?(_ environment: Environment) throws(Failure) {
    path = try environment.value("AUDIT_SIGNERS_FILE")
    let text = try environment.value("AUDIT_SIGNERS_PIN")
    guard path != nil || text != nil else { return nil }
    file = try path.map { (path) throws(Failure) in
      guard let bytes = readSmallFile(path) else {
        throw Failure(
          .configuration, "the registry cannot be read", on: "AUDIT_SIGNERS_FILE", remedy: "give the path of its file")
      }
      return try SignersFile(parsing: bytes, name: path)
    }
    pin = try text.map { (text) throws(Failure) in
      guard let pin = RegistryPin(text) else {
        throw Failure(
          .configuration, "this pins no version of the registry", on: "AUDIT_SIGNERS_PIN",
          remedy: "write a version's number, its digest in hex, or NUMBER:DIGEST")
      }
      return pin
    }
    guard pin == nil || pin?.digest != nil || file?.pinned != nil else {
      throw Failure(
        .configuration, "a number alone says nothing of whom to trust", on: "AUDIT_SIGNERS_PIN",
        remedy: "write NUMBER:DIGEST, or let AUDIT_SIGNERS_FILE name a signed version")
    }
  }
}

extension Console {
  func warn(about signer: any Signer, _ environment: Environment) throws {
    if let warning = try SignerChoice.warning(environment, signer) { warn(warning) }
  }
}
