// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Pipeline

/// Asks several signers at once to approve a proposal; what one of them does holds up none of the others.
public struct ApprovalCollector: Sendable {
  /// Whom to ask, and how.
  public struct Asked: Sendable {
    public let kid: String
    public let source: SignerSpec

    public init(kid: String, source: SignerSpec) {
      self.kid = kid
      self.source = source
    }
  }

  public struct Answer: Sendable {
    public let kid: String
    public let result: Result<Approval, Failure>

    public init(kid: String, result: Result<Approval, Failure>) {
      self.kid = kid
      self.result = result
    }
  }

  private let proposal: Proposal
  private let environment: Environment
  /// Gives the signers' keys their ids.
  private let registry: KeyRegistry
  /// Seconds for all of them together.
  private let timeout: Double

  public init(_ proposal: Proposal, _ environment: Environment, registry: KeyRegistry, timeout: Double) {
    self.proposal = proposal
    self.environment = environment
    self.registry = registry
    self.timeout = timeout
  }

  /// - Returns: an answer of each, in their order: an approval, or why there is none.
  public func collect(_ asked: [Asked], cancellation: Cancellation) -> [Answer] {
    let answers = BoundedQueue<Answer>(capacity: max(1, asked.count))
    let stop = Cancellation()
    let token = cancellation.register { stop.cancel() }
    defer { cancellation.unregister(token) }
    let threads = Stages()
    for one in asked {
      threads.start("ask") { answers.pushIfRoom(Answer(kid: one.kid, result: approval(of: one, stop))) }
    }
    var found = wait(answers, asked.count, seconds: timeout, cancellation)
    // Requests that are under way end, with the reason that they have; who does not even hear that is not waited for.
    stop.cancel()
    if found.count < asked.count { found += wait(answers, asked.count - found.count, seconds: 1, Cancellation()) }
    return asked.map { one in
      if let answer = found.first(where: { $0.kid == one.kid }), !answer.isCutOff { return answer }
      let failure = Failure(
        .unavailable, "no answer within \(Int(timeout)) s", on: one.source.description,
        remedy: "check the way to it, then collect again")
      return Answer(kid: one.kid, result: .failure(failure))
    }
  }

  private func wait(
    _ answers: BoundedQueue<Answer>, _ count: Int, seconds: Double, _ cancellation: Cancellation
  ) -> [Answer] {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: .seconds(seconds))
    var found: [Answer] = []
    while found.count < count, clock.now < end, !cancellation.isCancelled {
      if let answer = answers.popIfAny() { found.append(answer) } else { cancellation.sleep(seconds: 0.01) }
    }
    return found
  }

  private func approval(of asked: Asked, _ stop: Cancellation) -> Result<Approval, Failure> {
    do {
      let connections = SignerConnections(environment, cancellation: stop)
      let signer = try SignerChoice.signer(
        asked.source, environment, registry: registry, over: connections, variable: "source of \(asked.kid)")
      let approval = try Approval(proposal, by: signer, as: registry.kid(of: signer.description))
      guard approval.signature.kid == asked.kid else {
        throw Failure(
          .configuration, "it signs as \"\(approval.signature.kid)\", not as \"\(asked.kid)\"",
          on: asked.source.description, remedy: "correct the source of \"\(asked.kid)\" in the registry")
      }
      return .success(approval)
    } catch {
      return .failure(error as? Failure ?? Failure(.bug, "\(error)", remedy: "report it", cause: error))
    }
  }
}

extension ApprovalCollector.Answer {
  /// Ended by us, not by the signer.
  fileprivate var isCutOff: Bool {
    if case .failure(let failure) = result { failure.status == .tryLater } else { false }
  }
}

extension KeyRegistry {
  /// Where a signer's key is in its life; nil where the registry does not list it.
  public func standing(of signer: SignerDescription) -> KeyStanding? { entry(of: signer)?.standing }

  /// Whether the registry has a signer's key.
  public func lists(_ signer: SignerDescription) -> Bool { entry(of: signer) != nil }

  /// The id under which the registry lists a signer's key; else the signer's own.
  public func kid(of signer: SignerDescription) -> String { entry(of: signer)?.kid ?? signer.kid }
}
