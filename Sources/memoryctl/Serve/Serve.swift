// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import DrillRunner
import Files
import Metrics
import Pipeline
import Server
import Signing
import Synchronization

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer /healthz, /readyz and /metrics, and show the status page at /, until told to stop.",
    discussion: """
      /readyz is 503 while no signer is configured or one cannot be used; it shows each signer (KMS: DescribeKey, proxy: \
      GET, local and mock: a signature) and how far the archive reaches. What was found is given out again for some \
      seconds, so that probes do not reach KMS one by one. / shows what audit status --html draws, from a look at the \
      archive every five minutes. SIGTERM ends it once requests under way are answered.

      Variables: those of signer check; AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_STREAM.

      Exit status: 78 signing is required and no signer is configured, or the address cannot be listened on.
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var archive: ArchiveOptions
  @OptionGroup var listen: ListenOptions
  @Option(help: "Seconds for which a signer's state is given out again.") var probeSeconds = 10
  @Option(help: "Seconds that a request waits for a signer or the archive.") var timeout = 5

  init() {}

  func validate() throws {
    try requireRange(probeSeconds, 1...3600, "--probe-seconds")
    try requireRange(timeout, 1...60, "--timeout")
  }

  func run() throws {
    let address = try listen.address(default: "127.0.0.1:8080")
    let environment = common.environment()
    let console = Console(common)
    var probes = try probes(environment)
    // A signer of manifests alone signs no event.
    let signsEvents = probes.signers.contains { $0.use == .events }
    if !signsEvents, try environment.requiresSigning() { throw SignerChoice.noSigner(isRequired: true) }
    probes.signerLifetime = .seconds(probeSeconds)
    probes.limit = .seconds(timeout)
    let registry = HealthServer.makeRegistry()
    MetricsSystem.bootstrap(registry)
    let server = HealthServer(probes, registry: registry)
    try blocking { () throws(Failure) in
      try await server.run(at: address, log: { console.note($0, $1) }) { url in
        console.event("listening", ["url": .string(url)])
      }
    }
  }

  private func probes(_ environment: Environment) throws -> Probes {
    let places = SignerPlaces(environment)
    _ = try KeyRegistry.load(environment)
    let signers = try SignerUse.allCases.compactMap { use -> Probes.SignerProbe? in
      guard let backend = try SignerChoice.backend(environment, of: use.key) else {
        return nil
      }
      return Probes.SignerProbe(use: use, backend: backend) {
        let connections = places.connections
        let state = try? {
          // Anew each time: a key may have been revoked since.
          let registry = try KeyRegistry.load(environment)
          return try SignerState.of(
            use, environment, registry: registry, over: connections,
            onOpen: { try registry?.refuse($0, for: use.key, at: .now()) },
            look: { $0.probe() })
        }()
        if state?.health.isUsable != true { places.renew(connections) }
        return state ?? .unanswered(use, backend: backend, after: .zero)
      }
    }
    guard try archive.isConfigured(environment) else { return Probes(signers: signers, archive: nil) }
    let looking = ArchiveLooking(archive, environment, places)
    var limits = ArchiveStatus.Limits()
    limits.requiresSignatures = try environment.requiresSigning()
    let look = ArchiveLook(limits: limits, drills: StatusView.drills)
    var probes = Probes(
      signers: signers,
      archive: { looking.result { try ArchiveFreshness($0, keys: $1, now: .now()) } },
      status: { looking.result { StatusView(try look.status($0, keys: $1, now: .now()), of: $0) } })
    probes.stream = try archive.streamName(environment)
    return probes
  }
}

/// How a server's looks come to the archive, and to the keys that count by then.
private struct ArchiveLooking: Sendable {
  private let options: ArchiveOptions
  private let environment: Environment
  private let places: SignerPlaces

  init(_ options: ArchiveOptions, _ environment: Environment, _ places: SignerPlaces) {
    (self.options, self.environment, self.places) = (options, environment, places)
  }

  func result<R>(_ look: (ArchiveStore.Archive, KeyRing) throws -> R) -> Result<R, Failure> {
    do {
      let registry = try registry()
      let keys = try SignerChoice.keyRing(environment, registry: registry, over: places.connections)
      return .success(try look(try options.archive(environment, keys: keys), keys))
    } catch { return .failure(Failure(from: error)) }
  }

  /// The registry that counts by now: the newest of the archive, where one to walk from is at hand.
  private func registry() throws -> KeyRegistry? {
    guard let pin = try RegistryAtHand(environment) else { return nil }
    guard let found = try options.archive(environment, keys: nil).trustedRegistry(pin.file, pin: pin.pin) else {
      return try KeyRegistry.load(environment)
    }
    if let fork = found.forks.first { throw fork }
    return found.registry.keys
  }
}

/// The connections of a server's signers. Those of one that cannot be used are made anew: its key may be another by then.
private final class SignerPlaces: Sendable {
  private struct State {
    var connections: SignerConnections
    var madeAt = Process.monotonicSeconds()
  }

  /// Seconds after which an alias is looked up again.
  private static let lifetime = 300.0

  private let environment: Environment
  private let state: Mutex<State>

  init(_ environment: Environment) {
    self.environment = environment
    state = Mutex(State(connections: SignerConnections(environment)))
  }

  var connections: SignerConnections {
    state.withLock { state in
      if Process.monotonicSeconds() - state.madeAt > Self.lifetime {
        state = State(connections: SignerConnections(environment))
      }
      return state.connections
    }
  }

  func renew(_ old: SignerConnections) {
    state.withLock { state in
      if state.connections === old { state = State(connections: SignerConnections(environment)) }
    }
  }
}

/// Where a server listens.
struct ListenOptions: ParsableArguments {
  @Option(help: "Address and port, as 127.0.0.1:8080 or [::]:8080; port 0 takes a free one.")
  var listen: String?

  func address(default fallback: String) throws -> ListenAddress {
    guard let address = ListenAddress(listen ?? fallback) else {
      throw ValidationError("--listen takes an address and a port, as 127.0.0.1:8080")
    }
    return address
  }
}
