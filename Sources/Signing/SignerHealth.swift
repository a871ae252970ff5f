// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// Outcome of a probe.
public struct SignerHealth: Equatable, Sendable {
  /// Its settings hold together: the key is there, and is one that signs.
  public let isConfigured: Bool
  /// It answers, if only to refuse us.
  public let isReachable: Bool
  /// It would sign now.
  public let isUsable: Bool
  /// How long the answer took; nil where none came.
  public let latency: Duration?
  public let detail: String

  /// Of one that answered.
  public init(isUsable: Bool, latency: Duration?, detail: String) {
    (isConfigured, isReachable) = (true, true)
    self.isUsable = isUsable
    self.latency = latency
    self.detail = detail
  }

  /// Of one that cannot be used, for this reason.
  public init(_ failure: Failure, latency: Duration? = nil) {
    isConfigured = failure.status != .configuration
    isReachable = failure.status != .unavailable && failure.status != .tryLater
    isUsable = false
    self.latency = isReachable ? latency : nil
    detail = failure.description
  }

  /// What a probe finds; `look` says what it saw.
  static func of(_ look: () throws -> String) -> SignerHealth {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let detail = try look()
      return SignerHealth(isUsable: true, latency: clock.now - start, detail: detail)
    } catch {
      let failure = error as? Failure ?? Failure(.bug, "\(error)", remedy: "report it", cause: error)
      return SignerHealth(failure, latency: clock.now - start)
    }
  }
}
