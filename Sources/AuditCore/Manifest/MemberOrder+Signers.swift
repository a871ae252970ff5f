// SPDX-License-Identifier: Apache-2.0

extension MemberOrder {
  /// Of a version of the signer registry.
  static let registry = members([
    ("format", nil), ("stream", nil), ("version", nil), ("previousRegistry", nil), ("createdAt", nil), ("tool", nil),
    ("change", names("event", "signers", "reason")), ("multisig", names("threshold", "signers")), ("dismissed", nil),
    ("signers", each(.members(SignedDocument.signerMembers.map { ($0, nil) }))),
  ])

  /// Of what a multisig approves.
  static let payload = names(
    "format", "stream", "id", "type", "target", "rationale", "impact", "preconditions", "patchSha256", "createdAt",
    "proposer")

  /// Of a revocation that nobody has ratified yet.
  static let revocation = names(
    "format", "stream", "registry", "createdAt", "signer_kid", "revokedAt", "compromisedSince", "reason")

  /// Of a further signature under a manifest.
  static let countersignature = names("format", "stream", "sequence", "manifestDigest", "createdAt", "reason")

  /// Of the final approver's sign-off.
  static let signoff = names(
    "format", "stream", "approver", "role", "module", "createdAt", "notes", "checklistSha256", "change", "archive")
}

extension SignedDocument {
  /// Members of a registry's signer, in the format's order.
  public static let signerMembers = [
    "signer_kid", "algorithm", "public_key_pem", "deployedAt", "description", "status", "notBefore", "notAfter",
    "retiredAt", "revokedAt", "compromisedSince", "uses", "source",
  ]
}
