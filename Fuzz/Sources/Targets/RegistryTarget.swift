// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography

@testable import Signing

/// Registries, their files and what operators hand to each other: what is taken is written so that it reads the same.
@Sendable func checkRegistry(_ bytes: [UInt8]) throws {
  if let file = try? SignersFile(parsing: bytes, name: "file") {
    guard let again = try? SignersFile(parsing: file.bytes, name: "file") else {
      throw BrokenProperty("a signers' file is not read from what it writes")
    }
    try require(again.bytes == file.bytes, "a signers' file is read as another one")
  }
  if let keys = try? KeyRegistry(parsing: bytes, name: "file") {
    for (index, key) in keys.keys.enumerated() {
      try require(!keys.keys[..<index].contains { $0.isSameKey(as: key) }, "one key is listed twice")
      try require(!key.isValid([UInt8](repeating: 0, count: 64)[...], over: SHA256.hash([])), "nothing is a signature")
    }
  }
  try checkVersion(bytes)
  try checkProposal(bytes)
  if let json = try? JSONValue(parsing: bytes) { try checkEntries(json) }
}

extension VerificationKey {
  fileprivate func isValid(_ signature: ArraySlice<UInt8>, over digest: Digest) -> Bool {
    signature.withUnsafeBytes { isValid($0, over: digest) }
  }
}

private func checkVersion(_ bytes: [UInt8]) throws {
  guard let version = try? RegistryVersion(parsing: bytes) else { return }
  try require(version.digest == version.proof.digest, "its proof is over another digest")
  let again = try? RegistryVersion(parsing: version.document.bytes)
  try require(again?.document == version.document, "a version is read as another one")
  _ = version.signatureFault(after: version.registry)
  _ = version.fault(after: version)
}

private func checkProposal(_ bytes: [UInt8]) throws {
  if let proposal = try? Proposal(parsing: bytes) {
    try require(proposal.bytes == bytes, "a proposal is taken that is not in its one form")
    try require(proposal.digest == SHA256.hash(Array(bytes.dropLast())), "its digest is not the file's")
  }
  guard let approval = try? Approval(parsing: bytes) else { return }
  let again = try? Approval(parsing: approval.bytes)
  try require(again?.bytes == approval.bytes, "an approval is read as another one")
}

/// Entries by themselves, so that a mutated registry's are looked at though it does not hold together.
private func checkEntries(_ json: JSONValue) throws {
  let registry = json["registry"] ?? json
  try checkSame(registry, { try SignerRegistry(json: $0) }, \.json)
  for entry in (registry["signers"]?.array ?? []) + (json["candidates"]?.array ?? []) + [json] {
    try checkSame(entry, { try SignerEntry(json: $0) }, \.json)
    guard let signer = try? SignerEntry(json: entry) else { continue }
    if let source = signer.source {
      try require(SignerSpec(source.description) == source, "\(source) is another signer")
    }
    _ = signer.key.refusal(at: Timestamp(microseconds: 0), for: .multisig)
    let revoked = try? signer.revoked(at: Timestamp(microseconds: 0), compromisedSince: nil)
    try require(revoked == nil || revoked?.status == .revoked, "revoked, it is not")
  }
}
