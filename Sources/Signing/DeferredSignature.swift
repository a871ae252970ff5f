// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Cryptography
internal import Pipeline

/// A signature that only services can verify.
struct DeferredSignature: Sendable {
  let signature: [UInt8]
  let digest: Digest
  /// The services whose keys may have made it, at least one.
  let keepers: [any ServiceSigner]

  /// Calls under way at once, for each thread that checks rows.
  static let calls = 8

  /// Asks about all of them, several at once.
  ///
  /// - Throws: the first failure of a service; what stops a run is in the services' own hands.
  static func verdicts(_ all: [DeferredSignature]) throws -> [SignatureVerdict] {
    var verdicts: [SignatureVerdict] = []
    try mapInOrder(
      all, name: "ask", workers: min(calls, all.count), cancellation: Cancellation(), stopped: Failure.stopped
    ) {
      try $0.isValid() ? .valid : .invalid
    } _: {
      verdicts.append($0)
    }
    return verdicts
  }

  private func isValid() throws -> Bool {
    for keeper in keepers where try keeper.isValid(signature, over: digest) { return true }
    return false
  }
}
