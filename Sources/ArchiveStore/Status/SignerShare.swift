// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Signing

/// What one signer has signed of an archive's manifests.
public struct SignerShare: Sendable {
  public let kid: String
  public let algorithm: String
  public private(set) var manifests = 0
  /// Of these, with a signature that a key at hand verifies.
  public private(set) var valid = 0
  /// Of these, that no key at hand can verify.
  public private(set) var unverifiable = 0
  /// When the first and the last of them were made.
  public private(set) var times: ClosedRange<Timestamp>

  init(_ signature: Proof.Signature, at time: Timestamp) {
    kid = signature.kid
    algorithm = signature.algorithm
    times = time...time
  }

  mutating func add(_ verdict: ProofVerdict, at time: Timestamp) {
    manifests += 1
    switch verdict {
    case .valid: valid += 1
    case .unverifiable: unverifiable += 1
    case .invalid: break
    }
    times = min(times.lowerBound, time)...max(times.upperBound, time)
  }
}
