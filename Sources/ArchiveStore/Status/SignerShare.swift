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
  /// Of these, signed when its key may have been stolen, and countersigned since by another.
  public private(set) var countersigned = 0
  /// Of these, that no key at hand can verify.
  public private(set) var unverifiable = 0
  /// When the first and the last of them were made.
  public private(set) var times: ClosedRange<Timestamp>

  init(_ signature: Proof.Signature, at time: Timestamp) {
    kid = signature.kid
    algorithm = signature.algorithm
    times = time...time
  }

  mutating func add(_ standing: ManifestStanding, at time: Timestamp) {
    manifests += 1
    switch standing {
    case .valid: valid += 1
    case .countersigned: countersigned += 1
    case .unverifiable: unverifiable += 1
    case .untrusted, .invalid: break
    }
    times = min(times.lowerBound, time)...max(times.upperBound, time)
  }
}
