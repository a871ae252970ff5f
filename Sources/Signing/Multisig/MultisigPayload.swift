// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// What a multisig approves: an upgrade or a rollback.
public struct MultisigPayload: Equatable, Sendable {
  public static var format: String { "audit-multisig/v1" }

  public enum Kind: String, Sendable, CaseIterable {
    case upgrade, rollback
  }

  public let stream: String
  public let id: String
  public let kind: Kind
  public let target: String
  public let rationale: String
  public let impact: String
  public let preconditions: [String]
  /// SHA-256 of what is deployed; nil where there is no file.
  public let patch: Digest?
  public let createdAt: Timestamp
  public let proposer: String

  public init(
    stream: String, id: String, kind: Kind, target: String, rationale: String, impact: String,
    preconditions: [String], patch: Digest?, createdAt: Timestamp, proposer: String
  ) {
    self.stream = stream
    self.id = id
    self.kind = kind
    self.target = target
    self.rationale = rationale
    self.impact = impact
    self.preconditions = preconditions
    self.patch = patch
    self.createdAt = createdAt
    self.proposer = proposer
  }

  public init(json: JSONValue) throws(DocumentError) {
    let reader = try DocumentReader(json, "payload")
    guard try reader.string("format") == Self.format else { throw reader.error("format", "is not \(Self.format)") }
    let type = try reader.string("type")
    guard let kind = Kind(rawValue: type) else { throw reader.error("type", "is neither upgrade nor rollback") }
    self.init(
      stream: try reader.string("stream"), id: try reader.string("id"), kind: kind,
      target: try reader.string("target"), rationale: try reader.string("rationale"),
      impact: try reader.string("impact"), preconditions: try reader.strings("preconditions"),
      patch: try reader.digestOrNull("patchSha256"), createdAt: try reader.time("createdAt"),
      proposer: try reader.string("proposer"))
    // What is approved is what is shown: nothing that this software does not know of is signed along.
    guard self.json.canonicalBytes == json.canonicalBytes else {
      throw DocumentError("payload has members that the format does not name, or a time in another form")
    }
  }

  public var json: JSONValue {
    .object([
      "format": .string(Self.format), "stream": .string(stream), "id": .string(id), "type": .string(kind.rawValue),
      "target": .string(target), "rationale": .string(rationale), "impact": .string(impact),
      "preconditions": .array(preconditions.map { .string($0) }), "patchSha256": .digest(patch),
      "createdAt": .string(createdAt.isoSeconds), "proposer": .string(proposer),
    ])
  }
}
