// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// What the signers of a multisig are asked to approve.
public enum Proposal: Sendable {
  /// An upgrade or a rollback.
  case payload(MultisigPayload)
  /// The next version of the signer registry.
  case registry(SignerRegistry)

  /// Reads a proposal's file: its canonical form and a newline, so that `sha256sum` of all but that prints its digest.
  public init(parsing bytes: [UInt8]) throws(DocumentError) {
    let json: JSONValue
    do throws(JSONParseError) { json = try JSONValue(parsing: bytes) } catch {
      throw DocumentError("not a JSON document: \(error)")
    }
    guard json.members != nil else { throw DocumentError("it is no object") }
    // Written out as a document it would be, so that nothing of it lies outside of the digest.
    try SignedDocument.requireDigestible(json)
    switch json["format"]?.string {
    case MultisigPayload.format: self = .payload(try MultisigPayload(json: json))
    case SignerRegistry.format:
      // What is approved is what is shown: nothing that this software does not know of is signed along.
      if let name = SignedDocument.unknownMember(of: json, .registry) {
        throw DocumentError("it has a member that the format does not name: \"\(name)\"")
      }
      self = .registry(try SignerRegistry(json: json))
    default: throw DocumentError("its format is neither \(MultisigPayload.format) nor \(SignerRegistry.format)")
    }
    guard bytes == self.bytes else { throw DocumentError("it is not written in its canonical form") }
  }

  public var json: JSONValue {
    switch self {
    case .payload(let payload): payload.json
    case .registry(let registry): registry.json
    }
  }

  public var bytes: [UInt8] { json.canonicalBytes + [0x0a] }
  public var digest: Digest { SignedDocument.digest(of: json) }

  public var format: String {
    switch self {
    case .payload: MultisigPayload.format
    case .registry: SignerRegistry.format
    }
  }

  public var stream: String {
    switch self {
    case .payload(let payload): payload.stream
    case .registry(let registry): registry.stream
    }
  }

  public var createdAt: Timestamp {
    switch self {
    case .payload(let payload): payload.createdAt
    case .registry(let registry): registry.createdAt
    }
  }
}
