// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Signing
import TestSupport
import Testing

@Suite("Signed documents in a store")
struct DocumentStoreTests {
  private let key = "proofs/one.json"
  private let retention = Manifest.Retention(
    until: Timestamp.now().advanced(bySeconds: 366 * 86_400), hasLegalHold: false)
  private let payload = MultisigPayload(
    stream: "memory-layer", id: "u1", kind: .upgrade, target: "t", rationale: "r", impact: "i", preconditions: [],
    patch: nil, createdAt: .now(), proposer: "p")

  private func document() throws -> SignedDocument {
    let signer = LocalSigner(privateKey: try PrivateKey.generateEd25519(), kid: "op")
    return try signer.sign(.payload, payload.json)
  }

  @Test("of two that count the first stays; what counts for nothing does not", arguments: StoreKind.usable)
  func first(kind: StoreKind) throws {
    let store = try TestStore(kind)
    let archive = try Archive(store.store, stream: "memory-layer")
    let (first, second) = (try document(), try document())
    func put(_ document: SignedDocument, counting accepted: [SignedDocument]) throws -> SignedDocument {
      try archive.put(document, at: key, retention: retention) { (found) throws(DocumentError) in
        guard accepted.contains(where: { $0.bytes == found.bytes }) else { throw DocumentError("not approved") }
      }
    }
    for document in [first, second] {
      #expect(try put(document, counting: [first, second]).bytes == first.bytes)
      #expect(try store.store.versions("memory-layer/" + key).count == 1)
    }
    #expect(try archive.versionFindings().findings.isEmpty)
    switch kind {
    case .file: #expect(throws: Failure.self) { try put(second, counting: []) }
    case .s3:
      #expect(try put(second, counting: [second]).bytes == second.bytes)
      #expect(try store.store.versions("memory-layer/" + key).count == 2)
    }
  }
}
