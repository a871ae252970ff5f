// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Cryptography

extension KeyRegistry {
  /// Has a signer sign a training payload, and checks that the key which the registry lists verifies it.
  ///
  /// - Throws: status `integrity` where it does not.
  public func requireKey(of signer: any Signer, _ kid: String) throws {
    let digest = trainingDigest()
    let signature = try signer.sign(digest)
    guard let key = key(kid), key.algorithm == signer.description.algorithm, try key.isValid(signature, over: digest)
    else {
      throw Failure(
        .integrity, "what it signs does not verify by the public key of \"\(kid)\"", on: kid,
        remedy: "find out whose key that is; do not use it")
    }
  }
}
