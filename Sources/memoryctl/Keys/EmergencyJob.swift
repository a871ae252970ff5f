// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import Signing

/// Revokes a key at once, on one signer's word.
struct EmergencyJob {
  let desk: RegistryDesk
  let table: TableOptions
  let retention: RetentionOptions

  func run(_ kid: String, since: Timestamp, reason: String, signer text: String) throws {
    let registry = try desk.required()
    guard let spec = SignerSpec(text) else {
      throw ValidationError("--signer takes kms:<key>, proxy:<url> or local:<PEM file>")
    }
    let record = PendingRecord(desk.context, table, "\"\(kid)\" is revoked since \(since.isoSeconds), UNRATIFIED")
    try record.requirePlace()
    let signer = try SignerChoice.signer(
      spec, desk.context.environment, registry: registry.keys, over: desk.context.connections, variable: "--signer")
    let now = Timestamp(Timestamp.now().isoSeconds) ?? .now()
    // The same word once more is the same object: a run that was cut off goes on.
    let earlier = desk.context.trusted?.emergencies.first {
      $0.kid == kid && $0.compromisedSince == since && $0.reason == reason
    }
    let revocation =
      earlier
      ?? EmergencyRevocation(
        stream: desk.archive.stream, registry: registry.digest, createdAt: now, kid: kid, compromisedSince: since,
        reason: reason)
    let document = try signer.sign(.revocation, revocation.json, as: registry.keys.kid(of: signer.description))
    if let fault = revocation.fault(document.proof, beside: registry, now: now) {
      throw Failure(.refused, fault, on: kid, remedy: "let a signer of the multisig do it; nothing was done")
    }
    let key = "revocations/\(revocation.digest.hex).json"
    let until = now.advanced(bySeconds: Int64(try retention.days(desk.context.environment)) * 86_400)
    let lock = Manifest.Retention(until: until, hasLegalHold: false)
    if earlier == nil {
      try desk.archive.put(document, at: key, retention: lock)
    } else {
      // The run that wrote it may have ended before it looked at the lock.
      try desk.archive.secure(document, at: key, retention: lock)
    }
    let event = JSONValue.object([
      "signer_kid": .string(kid), "untrustedSince": .string(since.iso), "ratified": false,
      "revocation": .digest(revocation.digest), "reason": .string(reason),
      "registryVersion": .count(registry.version), "by": .string(document.proof.signatures[0].kid),
    ])
    // By what counts from now on: the key that is revoked does not sign that it is.
    try record.run(on: desk.archive.name(key), since: revocation.createdAt, [("signer.revoked", event)]) {
      guard let current = desk.current else { return desk.context }
      return try desk.context.following(current, desk.archive)
    }
    try desk.context.console.finish(
      .object(["revocation": .digest(revocation.digest), "object": .string(desk.archive.name(key)), "ratified": false]),
      """
      "\(kid)" is revoked since \(since.isoSeconds), UNRATIFIED: \(desk.archive.name(key))
      next: memoryctl keys revoke \(kid) --compromised-since \(since.isoSeconds) --propose FILE
      """)
  }
}
