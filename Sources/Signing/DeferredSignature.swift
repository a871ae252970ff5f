// SPDX-License-Identifier: Apache-2.0
internal import Cryptography
internal import Pipeline
internal import Synchronization

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
  /// - Throws: the first failure of a service.
  static func verdicts(_ all: [DeferredSignature]) throws -> [SignatureVerdict] {
    let next = Atomic(0)
    let verdicts = Mutex([SignatureVerdict](repeating: .invalid, count: all.count))
    let stages = Stages()
    // A failure sends the others to the end.
    stages.onFailure { next.store(all.count, ordering: .relaxed) }
    for _ in 0..<min(calls, all.count) {
      stages.start("ask") {
        while true {
          let index = next.add(1, ordering: .relaxed).oldValue
          guard index < all.count else { break }
          if try all[index].isValid() { verdicts.withLock { $0[index] = .valid } }
        }
      }
    }
    try stages.join()
    return verdicts.withLock { $0 }
  }

  private func isValid() throws -> Bool {
    for keeper in keepers where try keeper.isValid(signature, over: digest) { return true }
    return false
  }
}
