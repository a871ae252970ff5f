// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Signing

@testable import ArchiveStore

private let kinds: [SignedDocument.Kind] = [
  .manifest, .report, .registry, .payload, .revocation, .countersignature, .signoff, .check,
]

/// A document that is taken has the digest that it says and comes back as it was; its content reads back as written.
@Sendable func checkDocument(_ bytes: [UInt8]) throws {
  guard let json = try? JSONValue(parsing: bytes) else { return }
  try checkWriting(json)
  for kind in kinds {
    if let document = try? SignedDocument(parsing: bytes, kind) { try check(document) }
    if let content = json[kind.rawValue] { try checkRepaired(kind, content, json["proof"]) }
  }
  _ = try? StoredManifest(parsing: bytes)
  try checkContent(json)
}

private func checkWriting(_ json: JSONValue) throws {
  for text in [Array(json.compactText.utf8), json.prettyBytes] {
    guard let again = try? JSONValue(parsing: text) else { throw BrokenProperty("what is written is no JSON") }
    try require(
      again.compactText.utf8.elementsEqual(json.compactText.utf8), "written, it reads as \(again.compactText)")
  }
}

private func check(_ document: SignedDocument) throws {
  let form = SlowCanonicalForm.of(document.content)
  try require(form.map { SHA256.hash($0) } == document.digest, "its digest is not its content's")
  try require(document.proof.digest == document.digest, "its proof is over another digest")
  let again = try? SignedDocument(parsing: document.bytes, document.kind)
  try require(again == document && again?.bytes == document.bytes, "written, it is another document")
}

/// The same content under a proof that fits it: so mutations get behind the check of the digest.
private func checkRepaired(_ kind: SignedDocument.Kind, _ content: JSONValue, _ proof: JSONValue?) throws {
  let given = proof.flatMap { try? Proof(json: $0) }
  let signature = Proof.Signature(signerID: "k", kid: "k", algorithm: "ed25519", signature: [1, 2, 3])
  let repaired = Proof(
    digest: SignedDocument.digest(of: content), threshold: given?.threshold ?? 1,
    signatures: given?.signatures ?? [signature])
  let document = SignedDocument(kind, content, proof: repaired)
  if let parsed = try? SignedDocument(parsing: document.bytes, kind) {
    try require(parsed == document, "a document is read as another one")
    try check(parsed)
  }
  try checkContent(content)
}

/// Whatever takes a content writes it so that it is read as the same.
private func checkContent(_ json: JSONValue) throws {
  try checkSame(json, { try Manifest(json: $0) }, \.json)
  try checkSame(json, { try CarriedManifest(json: $0) }, \.json)
  try checkSame(json, { try Proof(json: $0) }, \.json)
  try checkSame(json, { try Countersignature(json: $0) }, \.json)
  try checkSame(json, { try EmergencyRevocation(json: $0) }, \.json)
  try checkSame(json, { try MultisigPayload(json: $0) }, \.json)
  try checkSame(json, { try SignerRegistry(json: $0) }, \.json)
  _ = try? StoredDrill(json, proof: nil, stream: "memory-layer")
}

func checkSame<Value>(
  _ json: JSONValue, _ read: (JSONValue) throws -> Value, _ write: (Value) -> JSONValue
) throws {
  guard let value = try? read(json) else { return }
  let written = write(value)
  guard let again = try? read(written) else {
    throw BrokenProperty("a \(Value.self) is not read from what it writes: \(written.compactText)")
  }
  let second = write(again).compactText
  try require(second.utf8.elementsEqual(written.compactText.utf8), "a \(Value.self) is read as another: \(second)")
}
