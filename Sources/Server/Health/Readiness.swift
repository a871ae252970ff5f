// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import Metrics
public import Signing

/// What ``HealthServer`` looks at, and how often.
public struct Probes: Sendable {
  /// Looks at one signer. May block.
  public struct SignerProbe: Sendable {
    public let use: SignerUse
    public let backend: String
    public let look: @Sendable () -> SignerState

    public init(use: SignerUse, backend: String, look: @escaping @Sendable () -> SignerState) {
      (self.use, self.backend, self.look) = (use, backend, look)
    }
  }

  /// Of the signers that are configured.
  public var signers: [SignerProbe]
  /// Looks at the archive; nil where none is configured. May block.
  public var archive: (@Sendable () -> Result<ArchiveFreshness, Failure>)?
  /// Looks at the whole of the archive for the status page; nil where none is configured. May block for minutes.
  public var status: (@Sendable () -> Result<StatusView, Failure>)?
  /// The archive's stream.
  public var stream: String?
  /// How long a signer's state is given out again, so that a storm of probes does not reach it.
  public var signerLifetime: Duration = .seconds(10)
  public var archiveLifetime: Duration = .seconds(60)
  /// How long a request waits for any of them.
  public var limit: Duration = .seconds(5)

  public init(
    signers: [SignerProbe], archive: (@Sendable () -> Result<ArchiveFreshness, Failure>)?,
    status: (@Sendable () -> Result<StatusView, Failure>)? = nil
  ) {
    (self.signers, self.archive, self.status) = (signers, archive, status)
  }
}

/// The states of signers and archive, kept for a while.
struct Readiness: Sendable {
  /// What was found at one time.
  struct Snapshot: Sendable {
    let signers: [SignerState]
    /// Nil where no archive is configured.
    let archive: Result<ArchiveFreshness, Failure>?

    /// Without a signer, or with one that cannot be used, nothing can be signed; a stale archive is for others to mend.
    var isReady: Bool { !signers.isEmpty && signers.allSatisfy(\.health.isUsable) }

    var json: JSONValue {
      let archive: JSONValue =
        switch self.archive {
        case nil: .null
        case .success(let freshness)?: freshness.json
        case .failure(let failure)?: .object(["problem": .string(failure.description)])
        }
      return .object([
        "status": .string(isReady ? "ok" : "degraded"),
        "detail": signers.isEmpty ? "no signer is configured" : .null,
        "signers": .array(signers.map(\.json)), "archive": archive,
      ])
    }
  }

  private let signers: [(probe: Probes.SignerProbe, cache: CachedProbe<SignerState>)]
  private let archive: CachedProbe<Result<ArchiveFreshness, Failure>>?
  private let limit: Duration
  private let metrics: HealthMetrics

  init(_ probes: Probes, metrics: HealthMetrics) {
    self.metrics = metrics
    signers = probes.signers.map { probe in
      let cache = CachedProbe(lifetime: probes.signerLifetime, limit: probes.limit) {
        let state = probe.look()
        metrics.note(state)
        return state
      }
      return (probe, cache)
    }
    archive = probes.archive.map { look in
      CachedProbe(lifetime: probes.archiveLifetime, limit: probes.limit) {
        let found = look()
        metrics.note(found)
        return found
      }
    }
    limit = probes.limit
  }

  /// Looks at all of them at once.
  func snapshot() async -> Snapshot {
    async let archive = archiveState()
    let states = await withTaskGroup(of: (Int, SignerState).self) { group in
      for (index, signer) in signers.enumerated() {
        group.addTask {
          if let state = await signer.cache.value() { return (index, state) }
          let state = SignerState.unanswered(signer.probe.use, backend: signer.probe.backend, after: limit)
          metrics.note(state)
          return (index, state)
        }
      }
      var found: [(Int, SignerState)] = []
      for await state in group { found.append(state) }
      return found.sorted { $0.0 < $1.0 }.map(\.1)
    }
    return await Snapshot(signers: states, archive: archive)
  }

  private func archiveState() async -> Result<ArchiveFreshness, Failure>? {
    guard let archive else { return nil }
    if let found = await archive.value() { return found }
    let silence = Failure(
      .unavailable, "the archive did not answer within \(limit.milliseconds) ms", remedy: "check the way to it")
    metrics.note(.failure(silence))
    return .failure(silence)
  }
}
