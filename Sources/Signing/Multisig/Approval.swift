// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// One operator's signature under a proposal, as a small file.
public struct Approval: Equatable, Sendable {
  public static var format: String { "audit-approval/v1" }

  public let digest: Digest
  /// Of what is approved.
  public let payloadFormat: String
  public let stream: String
  /// The signer's own word; what binds is the proposal's time, which is signed.
  public let signedAt: Timestamp
  public let signature: Proof.Signature

  /// - Parameter kid: the registry's id for the signer's key; nil takes the signer's own.
  public init(_ proposal: Proposal, by signer: any Signer, as kid: String? = nil, at time: Timestamp = .now()) throws {
    let digest = proposal.digest
    let (kid, algorithm) = (kid ?? signer.description.kid, signer.description.algorithm.rawValue)
    self.init(
      digest: digest, payloadFormat: proposal.format, stream: proposal.stream, signedAt: time,
      signature: Proof.Signature(signerID: kid, kid: kid, algorithm: algorithm, signature: try signer.sign(digest)))
  }

  private init(
    digest: Digest, payloadFormat: String, stream: String, signedAt: Timestamp, signature: Proof.Signature
  ) {
    self.digest = digest
    self.payloadFormat = payloadFormat
    self.stream = stream
    self.signedAt = signedAt
    self.signature = signature
  }

  public init(parsing bytes: [UInt8]) throws(DocumentError) {
    let json: JSONValue
    do throws(JSONParseError) { json = try JSONValue(parsing: bytes) } catch {
      throw DocumentError("not a JSON document: \(error)")
    }
    let reader = try DocumentReader(json, "approval")
    guard try reader.string("format") == Self.format else { throw reader.error("format", "is not \(Self.format)") }
    let proof = try Proof(json: try reader.require("proof"))
    guard proof.signatures.count == 1 else { throw reader.error("proof", "does not hold just one signature") }
    self.init(
      digest: proof.digest, payloadFormat: try reader.string("payloadFormat"), stream: try reader.string("stream"),
      signedAt: try reader.time("signedAt"), signature: proof.signatures[0])
  }

  public var bytes: [UInt8] {
    JSONValue.object([
      "format": .string(Self.format), "payloadFormat": .string(payloadFormat), "stream": .string(stream),
      "signedAt": .string(signedAt.isoSeconds),
      "proof": Proof(digest: digest, threshold: 1, signatures: [signature]).json,
    ]).prettyBytes
  }
}
