// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Pipeline
import Signing

/// A key service, which is away when the world wants it to be.
final class SimulatedSigner: Signer {
  private let signer = LocalSigner(hmacKey: Array("world-key".utf8), kid: "local-hmac")
  private let faults: Faults

  init(_ faults: Faults) { self.faults = faults }

  var description: SignerDescription { signer.description }

  func sign(_ digest: Digest) throws -> [UInt8] {
    Turns.pass()
    if faults.strikes(.signer, "sign") {
      let status = faults.pick([ExitStatus.unavailable, .unavailable, .permission])
      faults.note(status, "the signer")
      throw Failure(status, "the key service does not sign")
    }
    return try signer.sign(digest)
  }

  func isValid(_ signature: [UInt8], over digest: Digest) -> Bool { signer.isValid(signature, over: digest) }

  func probe() -> SignerHealth { signer.probe() }
}
