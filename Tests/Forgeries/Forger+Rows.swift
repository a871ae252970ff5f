// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Signing

/// What somebody does to the rows of an archive before all that follows from them is made anew.
public struct RowForgery {
  public let name: String
  public let archive: SampleArchive
  /// The chain itself must tell, whoever signs the manifests.
  public let breaksChain: Bool
}

extension SampleArchive {
  /// Rows deleted, inserted, exchanged, moved and changed, each with and without the hashes behind them made anew.
  public func rowForgeries(_ site: Site) throws -> [RowForgery] {
    let places = parts.indices.flatMap { part in parts[part].rows.indices.map { (part, $0) } }
    var found: [RowForgery] = []
    for (number, (part, row)) in places.enumerated() {
      func add(_ name: String, breaksChain: Bool = true, _ change: (inout [SamplePart]) throws -> Void) throws {
        var forged = self
        try change(&forged.parts)
        found.append(RowForgery(name: "row \(number) \(name)", archive: forged, breaksChain: breaksChain))
        try forged.rehash()
        // A signature over an old hash is left behind; where no signed row follows, who holds the manifests' key can.
        let isSigned = forged.parts.flatMap(\.rows).enumerated().contains { index, row in
          index >= number && row.values["signature"] != "null"
        }
        guard forged.parts.flatMap(\.rows).map(\.hash) != parts.flatMap(\.rows).map(\.hash) else { return }
        found.append(
          RowForgery(name: "row \(number) \(name), rehashed", archive: forged, breaksChain: isSigned && breaksChain))
      }
      let isLast = number == places.count - 1
      try add("deleted", breaksChain: !isLast) { $0[part].rows.remove(at: row) }
      try add("twice") { $0[part].rows.insert($0[part].rows[row], at: row) }
      try add("with another payload") { $0[part].rows[row].values["payload"] = #"{"n": 0}"# }
      try add("with another hash") { $0[part].rows[row].set(hash: SHA256.hash([1])) }
      try add("with another predecessor") { $0[part].rows[row].set(previous: SHA256.hash([1])) }
      try add("stamped anew", breaksChain: false) { parts in
        parts[part].rows[row].set(createdAt: parts[part].rows[row].createdAt.advanced(bySeconds: 1))
      }
      try add("of another type", breaksChain: false) { $0[part].rows[row].values["event_type"] = quoted("unmade") }
      try add("without a signature", breaksChain: false) { $0[part].rows[row].values["signature"] = "null" }
      try add("with a signature of nobody") { parts in
        parts[part].rows[row].values["signature"] = quoted(Base64.encode([UInt8](repeating: 7, count: 64)))
      }
      try add("followed by another", breaksChain: !isLast) { parts in
        let last = parts[part].rows[row]
        let added = try ChainRow(
          id: "018f0000-0000-4000-8000-00000000ffff", payload: "{}", after: last.hash, createdAt: last.createdAt,
          signer: nil, values: ["event_type": quoted("made")])
        parts[part].rows.insert(added, at: row + 1)
      }
      guard !isLast else { continue }
      let next = places[number + 1]
      try add("exchanged with the next") { parts in
        let row0 = parts[part].rows[row]
        parts[part].rows[row] = parts[next.0].rows[next.1]
        parts[next.0].rows[next.1] = row0
      }
    }
    return found
  }

  /// Makes every hash and link anew, in the order in which the rows stand.
  mutating func rehash() throws {
    var head: Digest?
    for part in parts.indices {
      for row in parts[part].rows.indices {
        parts[part].rows[row].previous = head
        try parts[part].rows[row].rehash()
        head = parts[part].rows[row].hash
      }
    }
  }
}

extension ChainRow {
  mutating func set(hash: Digest) {
    self.hash = hash
    values["hash"] = quoted(hash.hex)
  }

  mutating func set(previous: Digest?) {
    self.previous = previous
    values["prev_hash"] = previous.map { quoted($0.hex) } ?? "null"
  }
}

/// Signs without the key: what is forged gets signatures that are to hand.
public enum FalseSigner: CaseIterable, Sendable {
  /// The signature that the original bears.
  case original
  /// A stranger's under the key's id, or under an id of their own.
  case strangerAsKey, stranger
  /// The key of events, which may sign no manifests, and an operator's.
  case events, operators
  case none

  /// Signs what was written by the right signer anew.
  public func sign(_ objects: Objects, _ site: Site, like base: Objects) throws -> Objects {
    var previous: Digest?
    var signed = objects
    for key in objects.keys.filter({ $0.contains("/manifests/") }).sorted() {
      guard let bytes = objects[key]?[0] else { continue }
      var manifest = try StoredManifest(parsing: bytes).manifest
      if manifest.sequence > 0 { manifest.previousManifest = previous }
      let digest = SignedDocument.digest(of: manifest.json)
      let original = try base[key].map { try SignedDocument(parsing: $0[0] ?? [], .manifest).proof.signatures } ?? []
      let proof = Proof(digest: digest, threshold: 1, signatures: try signatures(digest, site, original))
      signed[key] = [SignedDocument(.manifest, manifest.json, proof: proof).bytes]
      previous = digest
    }
    return signed
  }

  private func signatures(_ digest: Digest, _ site: Site, _ original: [Proof.Signature]) throws -> [Proof.Signature] {
    func entry(_ signer: LocalSigner, as kid: String) throws -> Proof.Signature {
      Proof.Signature(signerID: kid, kid: kid, algorithm: "ed25519", signature: try signer.sign(digest))
    }
    switch self {
    case .original: return original
    case .strangerAsKey: return [try entry(site.stranger, as: "archive")]
    case .stranger: return [try entry(site.stranger, as: "stranger")]
    case .events: return [try entry(site.events, as: "events")]
    case .operators: return try site.operators.map { try entry($0, as: $0.description.kid) }
    case .none: return []
    }
  }
}
