// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// An object of two members: what is signed, and the proof that it is.
public struct SignedDocument: Equatable, Sendable {
  /// Name of the signed member, which decides what its signature is worth something for.
  public enum Kind: String, Sendable {
    case manifest, report, registry, payload, revocation, countersignature, signoff, check

    fileprivate var order: MemberOrder {
      switch self {
      case .manifest: .manifest
      case .report: .report
      case .registry: .registry
      case .payload: .payload
      case .revocation: .revocation
      case .countersignature: .countersignature
      case .signoff: .signoff
      case .check: .check
      }
    }
  }

  /// A member of a document's content that the format does not name; nil where there is none.
  public static func unknownMember(of content: JSONValue, _ kind: Kind) -> String? { kind.order.unknown(in: content) }

  public let kind: Kind
  public let content: JSONValue
  public let proof: Proof
  /// SHA-256 of the content's canonical form.
  public let digest: Digest

  public init(_ kind: Kind, _ content: JSONValue, proof: Proof) {
    self.kind = kind
    self.content = content
    self.proof = proof
    digest = Self.digest(of: content)
  }

  public static func digest(of content: JSONValue) -> Digest { SHA256.hash(content.canonicalBytes) }

  /// Reads the document strictly; the proof's digest must be the content's.
  public init(parsing bytes: [UInt8], _ kind: Kind) throws(DocumentError) {
    let document: JSONValue
    do throws(JSONParseError) { document = try JSONValue(parsing: bytes) } catch {
      throw DocumentError("not a JSON document: \(error)")
    }
    guard document.isRegularly(written: bytes) else {
      throw DocumentError("its white space or its escapes are irregular")
    }
    try self.init(json: document, kind)
  }

  /// Reads one that is part of another document, whose layout has been looked at.
  public init(json document: JSONValue, _ kind: Kind) throws(DocumentError) {
    guard document.members?.map(\.name) == [kind.rawValue, "proof"], let content = document[kind.rawValue],
      let proof = document["proof"]
    else { throw DocumentError("it is no object of just \"\(kind.rawValue)\" and \"proof\", in this order") }
    if let name = kind.order.misplaced(in: content) {
      throw DocumentError("its member \"\(name)\" does not stand where the format has it")
    }
    try content.requireDigestible(isPlain: kind != .report)
    self.init(kind, content, proof: try Proof(json: proof))
    guard self.proof.digest == digest else {
      throw DocumentError("proof.digestHex is not the digest of the \(kind.rawValue)")
    }
  }

  /// Refuses what other tools could canonicalise in another way.
  public static func requireDigestible(_ content: JSONValue) throws(DocumentError) {
    try content.requireDigestible(isPlain: true)
  }

  public var json: JSONValue {
    .object([JSONValue.Member(kind.rawValue, content), JSONValue.Member("proof", proof.json)])
  }

  public var bytes: [UInt8] { json.prettyBytes }
}

extension JSONValue {
  /// Refuses what has no canonical form, numbers in another spelling than that, which the digest would not show, and in all
  /// but reports what other tools could canonicalise in another way.
  fileprivate func requireDigestible(isPlain: Bool) throws(DocumentError) {
    switch self {
    case .null, .bool, .integer, .string: return
    case .number(let text):
      guard !isPlain, Double(text)?.isFinite == true, canonicalBytes == Array(text.utf8) else {
        throw DocumentError("\(text.prefix(40)) is a number that it must not hold")
      }
    case .array(let elements):
      for element in elements { try element.requireDigestible(isPlain: isPlain) }
    case .object(let members):
      for member in members {
        guard !isPlain || member.name.utf8.allSatisfy({ $0 < 0x80 }) else {
          throw DocumentError("the member name \"\(member.name)\" is not ASCII")
        }
        try member.value.requireDigestible(isPlain: isPlain)
      }
    }
  }
}

/// Signatures over one digest.
public struct Proof: Equatable, Sendable {
  public struct Signature: Equatable, Sendable {
    public let signerID: String
    public let kid: String
    public let algorithm: String
    public let signature: [UInt8]

    public init(signerID: String, kid: String, algorithm: String, signature: [UInt8]) {
      self.signerID = signerID
      self.kid = kid
      self.algorithm = algorithm
      self.signature = signature
    }
  }

  public let digest: Digest
  public let threshold: Int
  public let signatures: [Signature]

  public init(digest: Digest, threshold: Int, signatures: [Signature]) {
    self.digest = digest
    self.threshold = threshold
    self.signatures = signatures
  }

  public var json: JSONValue {
    .object([
      "digestHex": .digest(digest), "threshold": .count(threshold),
      "signatures": .array(
        signatures.map { signature in
          .object([
            "signerId": .string(signature.signerID), "kid": .string(signature.kid), "alg": .string(signature.algorithm),
            "signature": .string(Base64.encode(signature.signature)),
          ])
        }),
    ])
  }

  /// Reads a proof strictly: just the members that the format names, canonical base64.
  public init(json: JSONValue) throws(DocumentError) {
    let reader = try DocumentReader(json, "proof")
    try reader.requireMembers(["digestHex", "threshold", "signatures"])
    var signatures: [Signature] = []
    for value in try reader.array("signatures") {
      let entry = try DocumentReader(value, "proof.signatures")
      try entry.requireMembers(["signerId", "kid", "alg", "signature"])
      guard let bytes = Base64.decode(try entry.string("signature")) else {
        throw entry.error("signature", "is no canonical base64")
      }
      signatures.append(
        Signature(
          signerID: try entry.string("signerId"), kid: try entry.string("kid"), algorithm: try entry.string("alg"),
          signature: bytes))
    }
    let threshold = try reader.count("threshold")
    guard threshold >= 1, threshold <= signatures.count else {
      throw reader.error("threshold", "is not between 1 and the number of signatures")
    }
    self.init(digest: try reader.digest("digestHex"), threshold: threshold, signatures: signatures)
  }
}

extension DocumentReader {
  /// Refuses members that the format does not name, and another order than its own.
  func requireMembers(_ names: [String]) throws(DocumentError) {
    let found = (value.members ?? []).map(\.name)
    if let unknown = found.first(where: { !names.contains($0) }) {
      throw DocumentError("\(path).\(unknown) is unknown")
    }
    guard found == names.filter(found.contains) else {
      throw DocumentError("the members of \(path) do not stand in the format's order")
    }
  }
}
