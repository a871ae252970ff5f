// SPDX-License-Identifier: Apache-2.0
internal import Cryptography

extension KeyRing {
  /// Tells two sets of keys apart, and two standings of one key; without secrets.
  public var identity: String {
    keys.map { key in
      let print = key.publicKey?.fingerprint.hex ?? ""
      let uses = key.uses.map(\.rawValue).sorted().joined(separator: ",")
      return "\(key.kid) \(key.algorithm.rawValue) \(print) \(key.validity) \(uses) \(key.standing)"
    }.joined(separator: "\n")
  }
}
